"""How a test's server lives: it listens while a `with` block lasts, and tells at its end what failed."""

import asyncio
import contextlib
import ssl
from abc import ABC, abstractmethod
from typing import Generic, Protocol, Self, TypeVar

from aiohttp import web


class LastingServer(ABC):
    """What a `with` block lasts for: a server in the running event loop."""

    @abstractmethod
    async def start(self) -> None:
        """Begin to listen."""

    @abstractmethod
    async def close(self) -> None:
        """Stop listening. Raises the first exception of a function that the test gave."""

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # What went wrong in the test itself is the better story; do not cover it.
        with contextlib.suppress(Exception) if kind is not None else contextlib.nullcontext():
            await self.close()


class ListeningServer(LastingServer):
    """A server of HTTP or WebSockets."""

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0, ssl_context: ssl.SSLContext | None = None) -> None:
        self.port = port
        self._host = host
        self._ssl_context = ssl_context
        self._runner: web.AppRunner | None = None
        self._errors: list[Exception] = []
        self._closing = asyncio.Event()

    @abstractmethod
    def _application(self) -> web.Application:
        """What is served."""

    async def start(self) -> None:
        """Begin to listen."""
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=0.1, handle_signals=False)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self.port, ssl_context=self._ssl_context, backlog=4096)
        await site.start()
        self.port = int(self._runner.addresses[0][1])

    async def close(self) -> None:
        """Stop listening. Raises the first exception of a function that the test gave."""
        self._closing.set()
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
        if self._errors:
            raise self._errors.pop(0)


AnyCallT = TypeVar("AnyCallT")


class KeptCalls(Generic[AnyCallT]):
    """The calls that a server has taken."""

    def __init__(self) -> None:
        self.calls: list[AnyCallT] = []
        """Every accepted call, in the order in which they came."""
        self._arrived = asyncio.Condition()

    async def call(self, number: int = 1) -> AnyCallT:
        """Wait until so many calls have been accepted; the last of them."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: len(self.calls) >= number)
        return self.calls[number - 1]

    async def _accepted(self, call: AnyCallT) -> None:
        async with self._arrived:
            self.calls.append(call)
            self._arrived.notify_all()


class Droppable(Protocol):
    """A call."""

    closed: asyncio.Event

    def drop(self) -> None:
        """Cut the connection."""
        ...


CallT = TypeVar("CallT", bound=Droppable)


class CalledServer(KeptCalls[CallT], ListeningServer):
    """A server that takes calls, and keeps them."""

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0, ssl_context: ssl.SSLContext | None = None) -> None:
        ListeningServer.__init__(self, host=host, port=port, ssl_context=ssl_context)
        KeptCalls.__init__(self)  # pyright: ignore[reportUnknownMemberType] - the parameter is the class's

    async def close(self) -> None:
        """Drop all lines and stop listening. Raises the first exception that a `talk` ended with."""
        for call in self.calls:
            if not call.closed.is_set():
                call.drop()
        await super().close()
