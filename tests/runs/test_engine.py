"""The engine on real databases: what it begins, how often, and what it leaves alone."""

import asyncio
import logging
import threading
import uuid
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from ringback.errors import StorageError
from ringback.runs.engine import Engine
from ringback.runs.enqueueing import RunKey

PATIENCE = 30.0
"""Seconds that a busy machine may take for what needs a tenth of one."""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgresql_url")
    return f"sqlite:///{tmp_path}/engine.db"


class Bodies:
    """Bodies that tell when they begin and wait, where a test wants it, to be let go."""

    def __init__(self, *held: int) -> None:
        self.begun: list[RunKey] = []
        self.ended: list[RunKey] = []
        self.at_once = self.most_at_once = 0
        self.gates = {run: asyncio.Event() for run in held}
        self._news = asyncio.Condition()

    async def __call__(self, run_id: int, attempt: int) -> None:
        self.begun.append((run_id, attempt))
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        await self._tell()
        if run_id in self.gates:
            await self.gates[run_id].wait()
        self.at_once -= 1
        self.ended.append((run_id, attempt))
        await self._tell()

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def until(self, said: Callable[[], bool]) -> None:
        """Wait until something holds of what has begun and ended."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(said)

    async def until_ended(self, number: int) -> None:
        await self.until(lambda: len(self.ended) >= number)


@asynccontextmanager
async def opened(
    url: str, body: Callable[[int, int], Awaitable[None]] | None, *, concurrency: int = 5, worker_id: str | None = None
) -> AsyncGenerator[Engine]:
    engine = await Engine.open(url, worker_id=worker_id or str(uuid.uuid4()), body=body, concurrency=concurrency)
    try:
        yield engine
    finally:
        await engine.close()


async def until_known(engine: Engine, runs: Sequence[RunKey], status: str) -> None:
    """Ask until the engine says this of all of them."""
    async with asyncio.timeout(PATIENCE):
        while set((await engine.known(runs)).values()) != {status}:  # noqa: ASYNC110 - a database is asked
            await asyncio.sleep(0.1)


async def test_enqueued_twice_runs_once(url: str) -> None:
    bodies = Bodies()
    async with opened(url, bodies) as engine:
        await engine.enqueue([(1, 1), (2, 1), (1, 1)])
        await engine.enqueue([(2, 1), (1, 1)])
        await bodies.until_ended(2)
        await until_known(engine, [(1, 1), (2, 1)], "over")
        await engine.enqueue([(1, 1), (2, 2), (3, 1)])
        await bodies.until_ended(4)
    assert Counter(bodies.begun) == Counter([(1, 1), (2, 1), (2, 2), (3, 1)])


async def test_a_body_runs_on_the_loop_that_opened_the_engine(url: str) -> None:
    loops: list[asyncio.AbstractEventLoop] = []
    done = asyncio.Event()

    async def body(_run_id: int, _attempt: int) -> None:
        loops.append(asyncio.get_running_loop())
        done.set()

    async with opened(url, body) as engine, asyncio.timeout(PATIENCE):
        await engine.enqueue([(1, 1)])
        await done.wait()
    assert loops == [asyncio.get_running_loop()]


async def test_a_body_that_raises_is_logged_and_over_and_the_next_goes_on(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    bodies = Bodies()

    async def body(run_id: int, attempt: int) -> None:
        if run_id == 1:
            raise ValueError("something of the body's own")
        await bodies(run_id, attempt)

    async with opened(url, body, concurrency=1) as engine:
        await engine.enqueue([(1, 1)])
        await until_known(engine, [(1, 1)], "over")
        await engine.enqueue([(2, 1)])
        await bodies.until_ended(1)
    assert "Run 1, attempt 1" in caplog.text
    assert "something of the body's own" in caplog.text


async def test_what_is_cancelled_before_it_began_never_begins(url: str) -> None:
    bodies = Bodies(1)
    async with opened(url, bodies, concurrency=1) as engine:
        await engine.enqueue([(1, 1)])
        await bodies.until(lambda: bodies.begun == [(1, 1)])
        await engine.enqueue([(2, 1), (3, 1)])
        await engine.cancel([(2, 1), (4, 1)])
        assert await engine.known([(1, 1), (2, 1), (3, 1), (4, 1)]) == {
            (1, 1): "running",
            (2, 1): "over",
            (3, 1): "enqueued",
        }
        bodies.gates[1].set()
        await bodies.until_ended(2)
        await engine.enqueue([(2, 1)])  # nor when it is asked for again under its old attempt
        await engine.enqueue([(5, 1)])
        await bodies.until_ended(3)
    assert bodies.ended == [(1, 1), (3, 1), (5, 1)]


async def test_cancelling_does_not_disturb_a_body_that_has_begun(url: str, caplog: pytest.LogCaptureFixture) -> None:
    bodies = Bodies(1)
    async with opened(url, bodies) as engine:
        await engine.enqueue([(1, 1)])
        await bodies.until(lambda: bodies.begun == [(1, 1)])
        await engine.cancel([(1, 1)])
        bodies.gates[1].set()
        await bodies.until_ended(1)
        await until_known(engine, [(1, 1)], "over")
    assert not caplog.records


async def test_a_body_whose_work_was_given_to_another_ends_in_peace_and_frees_its_place(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """As when this process was paused for longer than its heartbeat allows."""
    bodies = Bodies(1)
    async with opened(url, bodies, concurrency=1, worker_id="paused") as engine:
        await engine.enqueue([(1, 1)])
        await bodies.until(lambda: bodies.begun == [(1, 1)])
        await engine.recover(["paused"])
        assert await engine.known([(1, 1)]) == {(1, 1): "over"}
        await engine.enqueue([(1, 2)])
        bodies.gates[1].set()
        await bodies.until_ended(2)
    assert bodies.ended == [(1, 1), (1, 2)]
    assert not caplog.records


async def test_not_more_than_its_places_run_at_once(url: str) -> None:
    bodies = Bodies(*range(12))
    async with opened(url, bodies, concurrency=3) as engine:
        await engine.enqueue([(run, 1) for run in range(12)])
        for number in range(12):
            await bodies.until(lambda number=number: len(bodies.begun) > number)
            bodies.gates[bodies.begun[number][0]].set()
        await bodies.until_ended(12)
    assert bodies.most_at_once <= 3


async def test_after_stop_taking_what_runs_goes_on_and_what_waits_is_left_for_others(url: str) -> None:
    bodies = Bodies(1)
    async with opened(url, bodies, concurrency=1) as engine:
        await engine.enqueue([(1, 1)])
        await bodies.until(lambda: bodies.begun == [(1, 1)])
        await engine.stop_taking()
        await engine.enqueue([(2, 1)])
        bodies.gates[1].set()
        await bodies.until_ended(1)
        await until_known(engine, [(1, 1)], "over")
        assert await engine.known([(2, 1)]) == {(2, 1): "enqueued"}
    async with opened(url, bodies):
        await bodies.until_ended(2)
    assert bodies.ended == [(1, 1), (2, 1)]


async def test_a_process_without_a_body_enqueues_and_never_takes(url: str) -> None:
    async with opened(url, None) as engine:
        await engine.enqueue([(run, 1) for run in range(600)])
        await engine.cancel([(run, 1) for run in range(550)])
        assert Counter((await engine.known([(run, 1) for run in range(600)])).values()) == {"over": 550, "enqueued": 50}
    bodies = Bodies()
    async with opened(url, bodies, concurrency=50):
        await bodies.until_ended(50)
    assert sorted(bodies.ended) == [(run, 1) for run in range(550, 600)]


async def test_a_second_engine_in_one_process_is_refused(tmp_path: Path) -> None:
    async with opened(f"sqlite:///{tmp_path}/one.db", None):
        with pytest.raises(RuntimeError, match="open already"):
            await Engine.open(f"sqlite:///{tmp_path}/two.db", worker_id="other", body=None, concurrency=1)


def threads() -> list[threading.Thread]:
    """Those that would keep a process alive; the event loop ends its own ones when it is closed."""
    return [thread for thread in threading.enumerate() if not thread.daemon and not thread.name.startswith("asyncio_")]


async def test_closing_cancels_what_still_runs_and_leaves_no_thread(url: str) -> None:
    before = set(threads())
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def body(_run_id: int, _attempt: int) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    async with asyncio.timeout(PATIENCE):
        async with opened(url, body) as engine:
            await engine.enqueue([(1, 1)])
            await begun.wait()
        await cancelled.wait()
    for thread in set(threads()) - before:
        thread.join(PATIENCE)
        assert not thread.is_alive()
    async with opened(url, None) as engine:
        assert await engine.known([(1, 1)]) == {(1, 1): "over"}


async def test_what_is_long_over_is_forgotten_and_what_waits_is_not(url: str) -> None:
    bodies = Bodies()
    async with opened(url, bodies) as engine:
        await engine.enqueue([(run, 1) for run in range(20)])
        await bodies.until_ended(20)
        await until_known(engine, [(run, 1) for run in range(20)], "over")
        await engine.stop_taking()
        await engine.enqueue([(100, 1)])
        await engine.forget(3600.0)
        assert len(await engine.known([(run, 1) for run in range(101)])) == 21
        await engine.forget(-1.0)
        assert await engine.known([(run, 1) for run in range(101)]) == {(100, 1): "enqueued"}


async def test_what_was_taken_and_never_begun_is_let_go(url: str, caplog: pytest.LogCaptureFixture) -> None:
    """As when the database dies between its commit and its answer."""
    async with opened(url, None, worker_id="me") as engine:
        await engine.enqueue([(1, 1), (2, 1)])
        schema = "" if url.startswith("sqlite") else "ringback_engine."
        database = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
        with database.begin() as connection:
            connection.execute(
                text(
                    f"UPDATE {schema}workflow_status SET status = 'PENDING', executor_id = 'me'"  # noqa: S608 - a constant
                    " WHERE workflow_uuid = 'run-1-1'"
                )
            )
        database.dispose()
        await engine.drop_strays()
        assert await engine.known([(1, 1), (2, 1)]) == {(1, 1): "running", (2, 1): "enqueued"}
        await engine.drop_strays()
        assert await engine.known([(1, 1), (2, 1)]) == {(1, 1): "over", (2, 1): "enqueued"}
    assert "run-1-1" in caplog.text


async def test_a_day_without_trouble_is_not_worth_a_line_in_the_log(
    url: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    bodies = Bodies()
    with caplog.at_level(logging.INFO):
        async with opened(url, bodies) as engine:
            await engine.enqueue([(1, 1)])
            await bodies.until_ended(1)
            await until_known(engine, [(1, 1)], "over")
    assert [record for record in caplog.records if record.name == "dbos"] == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("bad", ["postgresql://me:secret@127.0.0.1:1/nothing", "sqlite://", "mysql://me:secret@h/d"])
async def test_a_database_that_cannot_be_used_is_told_without_its_password(bad: str, tmp_path: Path) -> None:
    with pytest.raises(StorageError) as told:
        await Engine.open(bad, worker_id="w", body=None, concurrency=1)
    assert "secret" not in str(told.value)
    async with opened(f"sqlite:///{tmp_path}/better.db", None):  # and the process can try another
        pass
