"""The line between Ringback and PostgreSQL is cut and mended while runs are saved: none is lost or doubled."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

import pytest

from ringback.domain.run import Result, Run, RunStatus
from ringback.errors import StorageError
from ringback.storage.store import Store


class Line:
    """A line to a server that can be cut."""

    def __init__(self, host: str, port: int) -> None:
        self._server_address = (host, port)
        self._listener: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._carrying: set[asyncio.Task[None]] = set()
        self.port = 0

    async def mend(self) -> None:
        """Let connections through, on the same port as before."""
        self._listener = await asyncio.start_server(self._connect, "127.0.0.1", self.port)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Break every connection, and refuse new ones."""
        assert self._listener is not None
        self._listener.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*self._carrying)
        await self._listener.wait_closed()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(*self._server_address)
        for source, target in ((reader, back), (there, writer)):
            self._writers.add(target)
            task = asyncio.create_task(self._carry(source, target))
            self._carrying.add(task)
            task.add_done_callback(self._carrying.discard)

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                target.write(data)
                await target.drain()
        except OSError:
            pass
        finally:
            self._writers.discard(target)
            target.close()


@pytest.fixture
async def line(postgresql_url: str) -> AsyncGenerator[Line]:
    """A line to the server of the test's database."""
    host, _, port = postgresql_url.rpartition("/")[0].rpartition("@")[2].partition(":")
    made = Line(host, int(port))
    await made.mend()
    yield made
    await made.cut()


@pytest.fixture
def url(postgresql_url: str, line: Line) -> str:
    """The test's database at the other end of the line."""
    start, _, name = postgresql_url.rpartition("/")
    return f"{start.rpartition(':')[0]}:{line.port}/{name}"


async def test_a_line_that_is_cut_again_and_again_costs_no_run(
    line: Line, url: str, add: Callable[[Store, int], Awaitable[Result]], finish: Callable[[Run], Run]
) -> None:
    store = await Store.open(url)
    result = await add(store, 200)
    few = asyncio.Semaphore(5)  # so that the line is cut in the middle of it

    async def save(run: Run) -> bool:
        async with few:
            return await store.finish_run(finish(run))

    saving = [asyncio.create_task(save(run)) for run in result.runs]
    for done in (20, 80, 140):
        await saving[done]
        await line.cut()
        await line.mend()
    assert all(await asyncio.gather(*saving))
    assert [run.status for run in (await store.result(result.id)).runs] == [RunStatus.DONE] * 200
    assert (await store.results())[0].done == 200
    await store.close()


async def test_a_line_that_stays_cut_is_named_and_works_again_when_mended(
    line: Line, url: str, add: Callable[[Store, int], Awaitable[Result]]
) -> None:
    store = await Store.open(url, patience=0.2)
    await line.cut()
    with pytest.raises(StorageError, match="Nobody answers for the database"):
        await add(store, 1)
    with pytest.raises(StorageError, match="Nobody answers for the database"):
        await store.results()
    await line.mend()
    assert (await add(store, 1)).id == 1
    await store.close()
