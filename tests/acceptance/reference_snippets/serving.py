"""Serves one handler as the snippets of the reference's chat page are served; prints its URL once it listens."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Protocol

import websockets


class Connection(Protocol):
    """What the snippets use of a connection of websockets 13.1."""

    @property
    def request_headers(self) -> Mapping[str, str]: ...

    async def send(self, message: str) -> None: ...

    async def recv(self) -> str: ...

    async def close(self, code: int = 1000, reason: str = "") -> None: ...

    def __aiter__(self) -> AsyncIterator[str]: ...


Handler = Callable[[Connection, str], Awaitable[None]]
"""The form of websockets up to 13: the connection and the path that was asked for."""


async def _serve(handler: Handler) -> None:
    listening = websockets.serve(
        handler,  # pyright: ignore[reportArgumentType] - the type checker sees a newer version than serves here
        "127.0.0.1",
        0,
        ping_interval=None,
    )
    async with listening as server:
        port: int = next(iter(server.sockets)).getsockname()[1]
        print(f"ws://127.0.0.1:{port}/", flush=True)  # noqa: T201 - the test that starts the server reads it
        await asyncio.Event().wait()


def serve(handler: Handler) -> None:
    """Serve until the process is ended."""
    asyncio.run(_serve(handler))
