"""A network cable to a database, that a test may pull out or hold."""

import asyncio
import contextlib
from typing import Self

from sqlalchemy.engine import make_url


class Cable:
    """Forwards connections to the server of a database; `url` goes through it."""

    def __init__(self, database_url: str) -> None:
        self._there = make_url(database_url)
        self._streams: set[asyncio.StreamWriter] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._is_cut = False
        self._server: asyncio.Server | None = None
        self._both: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The database's URL, by this way."""
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        return self._there.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cut()
        assert self._server is not None
        self._server.close()
        for task in self._both:
            task.cancel()
        await asyncio.gather(*self._both, return_exceptions=True)

    def cut(self) -> None:
        """Break every connection, and let no new one come about."""
        self._is_cut = True
        for stream in self._streams:
            stream.transport.abort()

    def hold(self) -> None:
        """Carry nothing; nobody is told."""
        self._flows.clear()

    def mend(self) -> None:
        """As before."""
        self._is_cut = False
        self._flows.set()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        there_reader, there_writer = await asyncio.open_connection(self._there.host, self._there.port)
        for pair in ((reader, there_writer), (there_reader, writer)):
            task = asyncio.create_task(self._carry(*pair))
            self._both.add(task)
            task.add_done_callback(self._both.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._streams.add(writer)
        try:
            with contextlib.suppress(ConnectionError):
                while data := await reader.read(65536):
                    await self._flows.wait()
                    writer.write(data)
                    await writer.drain()
        finally:
            self._streams.discard(writer)
            writer.close()
