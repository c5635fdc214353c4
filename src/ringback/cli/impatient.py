"""HTTP connections that may not be held open for nothing: uvicorn waits for the first request's headers forever."""

import asyncio
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class ImpatientProtocol(HttpToolsProtocol):
    """Closes a connection on which no whole head of a request came in time."""

    patience: ClassVar[float] = 30.0
    """Seconds for the first head; between requests uvicorn waits for 5 seconds."""

    def connection_made(self, transport: Any) -> None:
        """Begin to wait."""
        super().connection_made(transport)
        self._end_of_patience: asyncio.TimerHandle = self.loop.call_later(self.patience, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._end_of_patience.cancel()
        super().connection_lost(exc)

    def _give_up(self) -> None:
        if self.cycle is None:  # pyright: ignore[reportUnnecessaryComparison] - so until a request's head is whole
            self.transport.close()
