"""The engine across processes that are killed, share a queue, or lose their database."""

import asyncio
import signal
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

import pytest

from ringback.errors import StorageError
from ringback.runs.engine import Engine
from ringback.runs.enqueueing import RunKey

PATIENCE = 60.0

WORKER = """
import asyncio, sys
from ringback.runs.engine import Engine

url, worker_id, places, until = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
at_once = 0
told_to_end = asyncio.Event()

async def body(run_id, attempt):
    global at_once
    at_once += 1
    print("begun", run_id, attempt, at_once, flush=True)
    if until == "killed":
        await asyncio.Event().wait()
    elif until == "told":
        await told_to_end.wait()
    else:
        await asyncio.sleep(0.05)
    at_once -= 1
    if until == "told":
        print("ended", run_id, attempt, flush=True)

async def main():
    engine = await Engine.open(url, worker_id=worker_id, body=body, concurrency=places)
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    told_to_end.set()
    await engine.stop_taking()
    await engine.close()
    print("closed", flush=True)

asyncio.run(main())
"""


class Server(Protocol):
    """As the fixture `postgresql_server` has it."""

    url: str

    def database(self) -> str: ...
    def kill(self) -> None: ...
    def start(self) -> None: ...


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgresql_url")
    return f"sqlite:///{tmp_path}/engine.db"


class Worker:
    """A process that takes work until its standard input closes, or it is killed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._said_early: list[str] = []

    async def ready(self) -> None:
        """Its engine is open; work that was waiting may have begun before."""
        while (line := await self._read()) != "ready":
            assert line
            self._said_early.append(line)

    async def line(self) -> str:
        """The next thing that it says; empty when it has ended."""
        return self._said_early.pop(0) if self._said_early else await self._read()

    async def _read(self) -> str:
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            return (await self._process.stdout.readline()).decode().strip()

    async def kill(self) -> None:
        self._process.kill()
        await self._process.wait()

    async def end(self) -> list[str]:
        """Let it end by itself; returns what it still said, and fails where it does not end well."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        said: list[str] = []
        while line := await self.line():
            said.append(line)
        async with asyncio.timeout(PATIENCE):
            assert await self._process.wait() == 0
        return said


@asynccontextmanager
async def worker(url: str, *, worker_id: str, places: int, until: str = "done") -> AsyncGenerator[Worker]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        WORKER,
        url,
        worker_id,
        str(places),
        until,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    one = Worker(process)
    try:
        await one.ready()
        yield one
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
            await process.wait()


async def enqueued(url: str, runs: list[RunKey]) -> None:
    engine = await Engine.open(url, worker_id=str(uuid.uuid4()), body=None, concurrency=1)
    await engine.enqueue(runs)
    await engine.close()


async def until_over(engine: Engine, run: RunKey) -> None:
    async with asyncio.timeout(PATIENCE):
        while await engine.known([run]) != {run: "over"}:  # noqa: ASYNC110 - a database is asked
            await asyncio.sleep(0.1)


async def test_what_a_killed_process_left_is_taken_on_under_a_new_attempt_only(url: str) -> None:
    await enqueued(url, [(1, 1), (2, 1)])
    async with worker(url, worker_id="dead", places=1, until="killed") as dying:
        first = await dying.line()
        await dying.kill()
    held, waiting = ((1, 1), (2, 1)) if first.startswith("begun 1 1") else ((2, 1), (1, 1))
    begun: list[RunKey] = []
    all_begun = asyncio.Event()

    async def body(run_id: int, attempt: int) -> None:
        begun.append((run_id, attempt))
        if len(begun) == 2:
            all_begun.set()

    engine = await Engine.open(url, worker_id="heir", body=body, concurrency=2)
    try:
        assert await engine.known([held]) == {held: "running"}
        await engine.recover(["dead", "never was"])
        assert await engine.known([held]) == {held: "over"}
        await engine.enqueue([held, (held[0], 2)])
        async with asyncio.timeout(PATIENCE):
            await all_begun.wait()
        await until_over(engine, waiting)
        await until_over(engine, (held[0], 2))
    finally:
        await engine.close()
    assert sorted(begun) == sorted([waiting, (held[0], 2)])


async def test_a_process_that_takes_a_dead_ones_name_does_not_run_its_attempts_again(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    await enqueued(url, [(1, 1)])
    async with worker(url, worker_id="same name", places=1, until="killed") as dying:
        assert await dying.line() == "begun 1 1 1"
        await dying.kill()
    begun: list[RunKey] = []

    async def body(run_id: int, attempt: int) -> None:
        begun.append((run_id, attempt))

    engine = await Engine.open(url, worker_id="same name", body=body, concurrency=1)
    try:
        await until_over(engine, (1, 1))
        await engine.enqueue([(2, 1)])
        await until_over(engine, (2, 1))
    finally:
        await engine.close()
    assert begun == [(2, 1)]


async def test_two_processes_share_one_queue_and_keep_to_their_own_places(postgresql_url: str) -> None:
    async with (
        worker(postgresql_url, worker_id="a", places=1) as small,
        worker(postgresql_url, worker_id="b", places=4) as large,
    ):
        await enqueued(postgresql_url, [(run, 1) for run in range(60)])
        begun: list[list[str]] = [[], []]
        async with asyncio.timeout(PATIENCE):
            while sum(map(len, begun)) < 60:
                for which, one in enumerate((small, large)):
                    try:
                        async with asyncio.timeout(0.05):
                            begun[which].append(await one.line())
                    except TimeoutError:
                        continue
        assert await small.end() == ["closed"]
        assert await large.end() == ["closed"]
    runs = sorted(int(line.split()[1]) for lines in begun for line in lines)
    assert runs == list(range(60))
    assert all(begun)
    assert max(int(line.split()[3]) for line in begun[0]) == 1
    assert max(int(line.split()[3]) for line in begun[1]) <= 4


async def test_queued_work_goes_on_after_the_database_was_killed_and_came_back(
    postgresql_server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    url = postgresql_server.database()
    begun: set[RunKey] = set()
    news = asyncio.Condition()
    gate = asyncio.Event()

    async def body(run_id: int, attempt: int) -> None:
        assert (run_id, attempt) not in begun
        async with news:
            begun.add((run_id, attempt))
            news.notify_all()
        await gate.wait()

    engine = await Engine.open(url, worker_id="w", body=body, concurrency=2)
    try:
        await engine.enqueue([(run, 1) for run in range(1, 7)])
        async with asyncio.timeout(PATIENCE), news:
            await news.wait_for(lambda: len(begun) == 2)
        await asyncio.to_thread(postgresql_server.kill)
        with pytest.raises(StorageError):
            await engine.enqueue([(100, 1)])
        gate.set()  # two bodies end while there is no database to say so to
        await asyncio.to_thread(postgresql_server.start)
        await engine.enqueue([(7, 1)])
        async with asyncio.timeout(PATIENCE), news:
            await news.wait_for(lambda: begun == {(run, 1) for run in range(1, 8)})
        for run in range(1, 8):
            await until_over(engine, (run, 1))
    finally:
        await engine.close()
    told = Counter((record.pathname, record.lineno) for record in caplog.records if record.name == "dbos")
    assert told
    assert max(told.values()) <= 3, "each place that notices an outage tells it every half minute, not at each try"


async def test_a_worker_whose_database_is_gone_ends_all_the_same(postgresql_server: Server) -> None:
    url = postgresql_server.database()
    async with worker(url, worker_id="w", places=1, until="told") as one:
        await enqueued(url, [(1, 1)])
        assert await one.line() == "begun 1 1 1"
        await asyncio.to_thread(postgresql_server.kill)
        assert await one.end() == ["ended 1 1", "closed"]
