"""uvicorn within the command line's own event loop, which takes the signals."""

import asyncio
import contextlib
import socket
from collections.abc import Generator
from types import TracebackType
from typing import Self

import uvicorn

from ringback.api.app import create_app
from ringback.cli.impatient import ImpatientProtocol
from ringback.errors import UsageError
from ringback.wiring.service import Services


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave signals to the command: workers drain after the server has stopped."""
        yield


class WebServer:
    """Serves the API while its context lasts."""

    def __init__(self, services: Services, host: str, port: int, *, patience: int) -> None:
        """Listen. Raises `UsageError` where the address cannot be used.

        Args:
            services: what the routes use.
            host: address to listen on.
            port: 0 takes a free one.
            patience: seconds that requests under way have when the server stops.
        """
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._services = services
        # With its protocol named, asyncio turns off the wait for fuller packets, which takes 40 ms an answer.
        self._socket = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((host, port))
            self._socket.listen(2048)  # who connects before the server's loop runs waits, instead of being refused
        except OSError as error:
            self._socket.close()
            raise UsageError(
                f"Cannot listen on {host} port {port}: {error.strerror}. Choose another with --port."
            ) from None
        bound: tuple[str, int] = self._socket.getsockname()[:2]
        shown = f"[{bound[0]}]" if family is socket.AF_INET6 else bound[0]
        self.url = f"http://{shown}:{bound[1]}"
        self._server = _Server(
            uvicorn.Config(
                create_app(services),
                http=ImpatientProtocol,
                log_config=None,
                access_log=False,
                lifespan="off",
                timeout_graceful_shutdown=patience,
                server_header=False,
            )
        )
        self.task: asyncio.Task[None] = asyncio.create_task(self._server.serve([self._socket]), name="web server")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._services.progress.close()  # streams would keep the server for as long as it has patience
        self._server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await self.task
        self._socket.close()
