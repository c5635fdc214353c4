"""Databases that cannot be used: a sentence that says what to do, and nothing half-written."""

import asyncio
import signal
import sqlite3
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, text

from ringback.domain.run import Result, Run, RunStatus
from ringback.errors import StorageError
from ringback.storage.opening import engine_for
from ringback.storage.store import Store

Add = Callable[[Store, int], Awaitable[Result]]
Finish = Callable[[Run], Run]
Python = Callable[..., Awaitable[asyncio.subprocess.Process]]


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("nonsense", "cannot be read. Examples: sqlite:"),
        ("postgresql://me:secret@127.0.0.1:1/x", "Nobody answers for the database x on 127.0.0.1:1"),
        ("postgresql://me:secret@db:port/x", "cannot be read. Examples"),
        ("postgresql://me:top@secret@127.0.0.1:1/x", "No machine of that name is known: the database x on 127"),
        ("postgresql://me:secret@127.0.0.1:1/x?colour=red", "has a port or parameter that PostgreSQL does not know"),
        ("postgresql://me:secret@127.0.0.1:1/x?sslmode=red", "has a port or parameter that PostgreSQL does not know"),
        ("postgresql://me:secret@127.0.0.1:1/x?connect_timeout=a", "or a value that is none"),
        ("postgresql:///x?host=/nowhere", "there is no such socket"),
        ("mysql+nothing://me:secret@db/x", "not supported; use"),
    ],
)
async def test_a_url_that_cannot_be_used_is_named_without_its_password(url: str, sentence: str) -> None:
    with pytest.raises(StorageError, match=sentence) as caught:
        await Store.open(url)
    assert "secret" not in str(caught.value)


async def test_numbers_that_no_database_holds_are_a_sentence(path: Path) -> None:
    store = await Store.open(f"sqlite:///{path}")
    with pytest.raises(StorageError, match="no number as large"):
        await store.result(10**30)
    with pytest.raises(StorageError, match="no number as large"):
        await store.results(limit=10**30)
    await store.close()


async def test_garbage_instead_of_a_database(tmp_path: Path) -> None:
    path = tmp_path / "ringback.db"
    path.write_bytes(b"this is not a database at all " * 100)
    with pytest.raises(StorageError, match=r"is not a database, or it is damaged\. Move it away"):
        await Store.open(f"sqlite:///{path}")
    assert path.read_bytes() == b"this is not a database at all " * 100


async def test_a_database_that_is_torn_in_the_middle(path: Path, add: Add) -> None:
    store = await Store.open(f"sqlite:///{path}")
    result = await add(store, 1000)
    await store.close()
    _tear(path)
    with pytest.raises(StorageError, match="damaged"):
        await _read(path, result.id)


async def test_tables_that_are_not_those_of_their_number_are_named(database_url: str) -> None:
    """As a Ringback between two releases leaves them, or a hand."""
    store = await Store.open(database_url)
    await store.close()
    engine, _ = engine_for(database_url, busy_timeout=10)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE results RENAME COLUMN takes_calls TO rings"))
    engine.dispose()
    store = await Store.open(database_url)
    with pytest.raises(StorageError, match=r"not the tables that go with .*takes_calls.*Move it away"):
        await store.results()
    await store.close()


def _tear(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))


async def _read(path: Path, result_id: int) -> None:
    store = await Store.open(f"sqlite:///{path}")
    try:
        await store.result(result_id)
    finally:
        await store.close()


async def test_a_record_that_makes_no_sense(store: Store, path: Path, add: Add) -> None:
    result = await add(store, 1)
    _execute(path, "update runs set record = '{\"conversation\": 7}'")
    with pytest.raises(StorageError, match="holds a record that cannot be read"):
        await store.result(result.id)


async def test_a_newer_database_is_left_alone(path: Path) -> None:
    await (await Store.open(f"sqlite:///{path}")).close()
    _execute(path, "update ringback_schema set version = 99")
    with pytest.raises(StorageError, match=r"newer Ringback \(schema 99; this one knows 2\)"):
        await Store.open(f"sqlite:///{path}")


async def test_somebody_elses_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "bookkeeping.db"
    _execute(path, "create table accounts (id integer)")
    with pytest.raises(StorageError, match="holds something else than Ringback's tables"):
        await Store.open(f"sqlite:///{path}")


async def test_a_database_without_its_version(path: Path) -> None:
    await (await Store.open(f"sqlite:///{path}")).close()
    _execute(path, "delete from ringback_schema")
    with pytest.raises(StorageError, match="does not say which version"):
        await Store.open(f"sqlite:///{path}")


async def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"cannot be made: .*RINGBACK_HOME"):
        await Store.open(f"sqlite:///{tmp_path}/file/below/ringback.db")


async def test_a_directory_where_the_file_should_be(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be opened"):
        await Store.open(f"sqlite:///{tmp_path}")


OPEN = """
import asyncio, sys
from ringback.errors import StorageError
from ringback.storage.store import Store
for url in sys.argv[1:]:
    try:
        asyncio.run(Store.open(url))
    except StorageError as error:
        print(error)
"""


async def test_a_database_that_cannot_be_used_makes_no_noise_on_the_terminal(tmp_path: Path, python: Python) -> None:
    (tmp_path / "garbage.db").write_bytes(b"garbage" * 1000)
    process = await python(OPEN, f"sqlite:///{tmp_path}/garbage.db", f"sqlite:///{tmp_path}")
    out, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert [b"Choose another place" in line for line in out.splitlines()] == [True, True]


async def test_a_home_that_may_not_be_written(tmp_path: Path, python: Python) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o555)
    process = await python(OPEN, f"sqlite:///{home}/ringback.db")
    out, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert b"ringback.db cannot be" in out
    assert b"RINGBACK_HOME" in out
    assert list(home.iterdir()) == []


async def test_a_database_file_that_may_not_be_written(path: Path, python: Python) -> None:
    await (await Store.open(f"sqlite:///{path}")).close()
    _protect(path)
    process = await python(
        OPEN.replace("asyncio.run(Store.open(url))", "asyncio.run(write(url))").replace(
            "for url",
            "async def write(url):\n"
            "    store = await Store.open(url)\n"
            "    try:\n"
            "        await store.scenario_ids('a', ['b'])\n"
            "    finally:\n"
            "        await store.close()\n"
            "for url",
            1,
        ),
        f"sqlite:///{path}",
    )
    out, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert b"cannot be written: it, or its directory, is read-only" in out or b"cannot be opened" in out


def _protect(path: Path) -> None:
    path.chmod(0o444)
    path.parent.chmod(0o555)


async def test_a_full_disk_refuses_a_result_whole(store: Store, path: Path, add: Add, finish: Finish) -> None:
    """What was there before stays readable, nothing of the new result is there, and with space it goes on."""
    kept = await add(store, 1)
    limit = _limit_pages(store)
    limit(20)
    with pytest.raises(StorageError, match=r"The disk is full: .*ringback\.db cannot grow"):
        await add(store, 1000)
    assert [overview.result.id for overview in await store.results()] == [kept.id]
    assert _execute(path, "select count(*) from runs") == [(1,)]
    limit(1_000_000)
    assert await store.finish_run(finish(kept.runs[0]))
    assert len((await add(store, 1000)).runs) == 1000


async def test_a_full_disk_is_told_to_everyone_who_waits(store: Store, path: Path, add: Add, finish: Finish) -> None:
    result = await add(store, 300)
    _limit_pages(store)(1)
    told = await asyncio.gather(*(store.finish_run(finish(run)) for run in result.runs), return_exceptions=True)
    assert {type(failure) for failure in told} == {StorageError}
    assert {run.status for run in (await store.result(result.id)).runs} == {RunStatus.QUEUED}


def _limit_pages(store: Store) -> Callable[[int], None]:
    """Every connection of the store may let the file grow to so many pages."""
    most = [1_000_000]

    def prepare(connection: Any, *_: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA max_page_count = {most[0]}")
        cursor.close()

    engine = store._database._engine  # pyright: ignore[reportPrivateUsage] - the full disk is planted inside
    event.listen(engine, "checkout", prepare)

    def limit(pages: int) -> None:
        most[0] = pages

    return limit


FILL = """
import asyncio, resource, sys
from ringback.errors import StorageError
from ringback.storage.store import Store
async def main():
    store = await Store.open(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    try:
        for number in range(1000):
            await store.scenario_ids(f"suite-{number}", [f"key-{n}" for n in range(100)])
    except StorageError as error:
        print(error)
    await store.close()
asyncio.run(main())
"""


async def test_a_disk_that_takes_no_more_leaves_a_sound_database(path: Path, python: Python) -> None:
    """A real refusal of the operating system: files may not grow past a limit."""
    process = await python(FILL, f"sqlite:///{path}")
    out, err = await process.communicate()
    assert err == b""
    assert b"The disk" in out
    assert _execute(path, "pragma integrity_check") == [("ok",)]
    ((count,),) = _execute(path, "select count(*) from scenario_ids")
    assert count % 100 == 0


async def test_a_locked_database_is_waited_for_and_then_named(path: Path, add: Add) -> None:
    store = await Store.open(f"sqlite:///{path}", busy_timeout=0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="held by another process"):
        await add(store, 1)
    other.execute("ROLLBACK")
    other.close()
    assert (await add(store, 1)).id == 1
    await store.close()


WRITE_UNTIL_KILLED = """
import asyncio, sys
from dataclasses import replace
from datetime import datetime, UTC
from ringback.domain.evaluation import Evaluation
from ringback.domain.outcome import Outcome
from ringback.domain.run import Provenance, RunSpecification
from ringback.domain.scenario import Scenario, ScenarioType
from ringback.storage.store import Store

async def main():
    store = await Store.open(sys.argv[1])
    scenario = Scenario(key="x", name="X", type=ScenarioType.SCRIPT, script=("hello",))
    specifications = [RunSpecification(scenario=scenario, scenario_id=1, repeat=n + 1) for n in range(100)]
    verdict = Evaluation(outcome=Outcome.PASSED, reason="x" * 20_000)
    while True:
        result = await store.add_result(
            name="n", agent_name="a", agent_url="ws://x", provenance=Provenance(ringback_version="1"),
            specifications=specifications,
        )
        done = [replace(run, evaluation=verdict, finished_at=datetime.now(UTC)) for run in result.runs[:90]]
        await asyncio.gather(*(store.finish_run(run) for run in done))
        print(result.id, flush=True)

asyncio.run(main())
"""


async def test_a_process_killed_while_it_writes_leaves_whole_groups(database_url: str, python: Python) -> None:
    process = await python(WRITE_UNTIL_KILLED, database_url)
    assert process.stdout is not None
    for _ in range(3):
        assert await process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    rest = await process.stdout.read()
    await process.wait()
    if database_url.startswith("sqlite"):
        assert _execute(Path(database_url.removeprefix("sqlite:///")), "pragma integrity_check") == [("ok",)]
    else:
        await asyncio.to_thread(_wait_until_alone, database_url)
    store = await Store.open(database_url)
    overviews = await store.results()
    assert len(overviews) >= 3 + rest.count(b"\n")
    assert {overview.planned for overview in overviews} == {100}
    assert {overview.done for overview in overviews} <= {0, 90}
    assert await store.mark_abandoned() == sum(100 - overview.done for overview in overviews)
    assert len(await store.interrupted_runs(1)) == 10
    assert (await store.result(1)).interrupted
    assert await store.mark_abandoned() == 0
    await store.close()


def _wait_until_alone(url: str) -> None:
    """PostgreSQL ends what a dead process began; until then it may still commit."""
    others = (
        "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'ringback'"
    )
    with psycopg.connect(url, autocommit=True) as connection:
        deadline = time.monotonic() + 30
        while connection.execute(others).fetchone() != (0,):
            assert time.monotonic() < deadline
            connection.execute("select pg_sleep(0.02)")


async def test_what_a_living_process_works_on_is_not_abandoned(store: Store, add: Add) -> None:
    result = await add(store, 2)
    assert await store.mark_abandoned() == 0
    assert await store.interrupted_runs(result.id) == []


def _execute(path: Path, statement: str) -> list[Any]:
    connection = sqlite3.connect(path)
    try:
        with connection:
            return connection.execute(statement).fetchall()
    finally:
        connection.close()
