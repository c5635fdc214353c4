"""What the first Ringback wrote is brought up to date, on SQLite and on PostgreSQL, and reads as it did."""

import asyncio
import logging
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from ringback.domain.outcome import Outcome
from ringback.domain.run import RunStatus
from ringback.errors import StorageError
from ringback.storage import tables, upgrading
from ringback.storage.database import Database
from ringback.storage.opening import engine_for
from ringback.storage.sqlite import WRITES
from ringback.storage.store import Store

MAIN_JOB = Path(__file__).parent / "data" / "main_job.sql"
"""A database as the command line left it before there was a service: one result that was finished, one whose agent
could not be reached, one whose process was killed."""


@pytest.fixture
def old_url(empty_database_url: str) -> str:
    """A database of either kind with the tables and rows of the first Ringback."""
    if empty_database_url.startswith("sqlite"):
        load(Path(empty_database_url.removeprefix("sqlite:///")))
        return empty_database_url
    engine, _ = engine_for(empty_database_url, busy_timeout=1)
    with closing(sqlite3.connect(":memory:")) as memory, engine.begin() as target:
        memory.executescript(MAIN_JOB.read_text())
        upgrading.take_steps(target, 0, to=1)
        source = sa.create_engine("sqlite://", creator=lambda: memory, poolclass=sa.StaticPool).connect()
        old = sa.MetaData()
        old.reflect(source)
        for table in old.sorted_tables:
            if table.name != "ringback_schema":
                target.execute(table.insert(), [dict(row) for row in source.execute(table.select()).mappings()])
                target.execute(sa.select(sa.func.setval(f"{table.name}_id_seq", sa.func.max(table.c.id))))
        target.execute(sa.text("drop table alembic_version"))  # there was no Alembic
        source.close()
    engine.dispose()
    return empty_database_url


def load(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(MAIN_JOB.read_text())
        connection.execute("pragma journal_mode = wal")


def differences(connection: sa.Connection) -> list[Any]:
    """What Alembic would change to come from the database to today's tables, and which indexes are of other rows."""
    other: list[Any] = list(compare_metadata(MigrationContext.configure(connection), tables.metadata))
    option, inspector = f"{connection.dialect.name}_where", sa.inspect(connection)
    for table in tables.metadata.sorted_tables:
        today = {str(one.name): one.kwargs.get(option) for one in table.indexes}
        for one in inspector.get_indexes(table.name):
            wanted, condition = today.get(str(one["name"])), one.get("dialect_options", {}).get(option)
            if (wanted is not None and str(wanted)) != (condition is not None and str(condition).strip("()")):
                other.append((one["name"], condition))
    return other


async def test_results_of_the_first_ringback_read_as_they_did(old_url: str) -> None:
    await (await Database.open(old_url, upgrade=True)).close()
    store = await Store.open(old_url)
    third, second, first = await store.results()
    assert first.outcomes == {Outcome.PASSED: 3, Outcome.FAILED: 1}
    assert second.outcomes == {Outcome.ERROR: 4}
    assert (third.planned, third.done, third.result.finished_at) == (8, 3, None)
    assert first.result.provenance.labels == {"branch": "main"}
    runs = (await store.result(1)).runs
    assert [(run.id, run.specification.repeat, run.specification.scenario.name) for run in runs] == [
        (1, 1, "Ask for the opening hours"),
        (2, 2, "Ask for the opening hours"),
        (3, 3, "Ask for the opening hours"),
        (4, 1, 'Book "step by step" \N{EN DASH} Grüße 👋'),
    ]
    assert runs[0].specification.seed == 3415054634
    assert runs[3].conversation is not None
    assert runs[3].conversation.entries[-2].content.startswith("Your appointment is booked")
    assert runs[3].specification.profile is not None
    assert {run.status for run in (await store.result(3)).runs} == {RunStatus.DONE, RunStatus.QUEUED}
    await store.close()


async def test_a_database_that_was_brought_up_to_date_takes_new_results(old_url: str, add: Any, finish: Any) -> None:
    await (await Database.open(old_url, upgrade=True)).close()
    store = await Store.open(old_url)
    added = await add(store, 2)
    assert (added.id, [run.id for run in added.runs]) == (4, [17, 18])
    assert await store.finish_run(finish(added.runs[0]))
    assert await store.scenario_ids("a.yaml", ["x"]) == {"x": 3}
    await store.close()


async def test_what_runs_are_filtered_by_is_filled_in(old_url: str) -> None:
    database = await Database.open(old_url, upgrade=True)
    runs = tables.runs

    def look(connection: sa.Connection) -> tuple[Any, Any]:
        columns = (runs.c.scenario_name, runs.c.ending, runs.c.times_lost, runs.c.created_at, runs.c.updated_at)
        first = connection.execute(sa.select(*columns, runs.c.finished_at).where(runs.c.id == 1)).one()
        shared = connection.execute(
            sa.select(runs.c.result_id, sa.func.count(sa.distinct(runs.c.specification_id)))
            .group_by(runs.c.result_id)
            .order_by(runs.c.result_id)
        )
        return first, [tuple(row) for row in shared]

    first, shared = await database.read(look)
    await database.close()
    assert first.ending
    assert (first.times_lost, first.scenario_name) == (0, "Ask for the opening hours")
    assert first.created_at < first.updated_at == first.finished_at
    assert shared == [(1, 2), (2, 2), (3, 2)], "each scenario of a result is kept once, however often it was repeated"


async def test_the_steps_lead_to_the_tables_of_today(old_url: str) -> None:
    database = await Database.open(old_url, upgrade=True)
    assert await database.write(differences) == []
    await database.close()


async def test_the_steps_from_nothing_lead_to_the_tables_of_today(empty_database_url: str) -> None:
    engine, _ = engine_for(empty_database_url, busy_timeout=1)
    with engine.connect() as plain:
        connection = plain.execution_options(**{WRITES: True})
        with connection.begin():
            upgrading.take_steps(connection, 0)
        assert differences(connection) == []
        assert connection.execute(sa.select(tables.schema.c.version)).scalars().all() == [tables.SCHEMA_VERSION]
    engine.dispose()


def test_a_run_on_a_file_loads_neither_alembic_nor_the_driver_of_postgresql(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys\n"
        "from ringback.storage.store import Store\n"
        f"asyncio.run(Store.open('sqlite:///{tmp_path}/ringback.db'))\n"
        "print({'alembic', 'psycopg'} & sys.modules.keys())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("set()\n", "")


async def test_a_new_database_has_the_tables_of_today(empty_database_url: str) -> None:
    database = await Database.open(empty_database_url)
    assert await database.write(differences) == []
    await database.close()


def test_a_step_for_each_version_of_the_tables() -> None:
    assert [step.partition(":")[0] for step in upgrading.steps_after(0)] == [
        str(number + 1) for number in range(tables.SCHEMA_VERSION)
    ]


async def test_a_result_s_numbers_are_not_given_out_again_after_the_upgrade(tmp_path: Path) -> None:
    path = tmp_path / "ringback.db"
    load(path)
    await (await Store.open(f"sqlite:///{path}")).close()
    with closing(sqlite3.connect(path)) as connection:
        ((definition,),) = connection.execute("select sql from sqlite_master where name = 'runs'").fetchall()
        assert "AUTOINCREMENT" in definition
        assert definition.index("brief TEXT") < definition.index("record TEXT"), "else reading briefs is slow"
        assert connection.execute("pragma foreign_key_check").fetchall() == []
        assert connection.execute("select seq from sqlite_sequence where name = 'runs'").fetchall() == [(16,)]
        with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
            connection.execute("update runs set position = 0")


async def test_a_file_is_copied_before_it_is_changed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "ringback.db"
    load(path)
    path.chmod(0o600)
    with caplog.at_level(logging.WARNING):
        await (await Store.open(f"sqlite:///{path}")).close()
    copy = tmp_path / "ringback.db.schema-1"
    assert caplog.messages == [
        f"The database {path} was brought from schema 1 to {tables.SCHEMA_VERSION}. The file as it was: {copy}"
    ]
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("select version from ringback_schema").fetchall() == [(1,)]
        assert connection.execute("select count(specification) from runs").fetchall() == [(16,)]


async def test_a_copy_never_covers_an_earlier_one(tmp_path: Path) -> None:
    (tmp_path / "ringback.db.schema-1").write_text("mine")
    load(tmp_path / "ringback.db")
    await (await Store.open(f"sqlite:///{tmp_path}/ringback.db")).close()
    assert (tmp_path / "ringback.db.schema-1").read_text() == "mine"
    assert (tmp_path / "ringback.db.schema-1-2").exists()


OPEN_WITHOUT_SPACE = """
import asyncio, resource, sys
from ringback.errors import StorageError
from ringback.storage.store import Store
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
try:
    asyncio.run(Store.open(sys.argv[1]))
except StorageError as error:
    print(error)
"""


def test_a_file_that_cannot_be_copied_is_not_changed(tmp_path: Path) -> None:
    """A real refusal of the operating system: files may not grow as large as the copy would be."""
    path = tmp_path / "ringback.db"
    load(path)
    opened = subprocess.run(
        [sys.executable, "-c", OPEN_WITHOUT_SPACE, f"sqlite:///{path}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (opened.stdout.startswith("The disk "), opened.stderr) == (True, ""), opened.stdout
    assert list(tmp_path.glob("*.schema-*")) == []
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("select version from ringback_schema").fetchall() == [(1,)]


async def test_many_that_open_an_old_file_at_once_bring_it_up_to_date_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "ringback.db"
    load(path)
    for store in await asyncio.gather(*(Store.open(f"sqlite:///{path}") for _ in range(4))):
        assert len(await store.results()) == 3
        await store.close()
    assert len(caplog.messages) == 1


async def test_an_old_server_is_changed_only_when_told(empty_postgresql_url: str) -> None:
    engine, _ = engine_for(empty_postgresql_url, busy_timeout=1)
    with engine.begin() as connection:
        upgrading.take_steps(connection, 0, to=1)
    engine.dispose()
    with pytest.raises(StorageError, match=r"older Ringback \(schema 1; .*`ringback db upgrade`"):
        await Database.open(empty_postgresql_url)
    await (await Database.open(empty_postgresql_url, upgrade=True)).close()
    await (await Database.open(empty_postgresql_url)).close()


async def test_a_document_that_cannot_be_read_leaves_everything_as_it_was(old_url: str) -> None:
    engine, _ = engine_for(old_url, busy_timeout=1)
    with engine.connect() as plain:
        connection = plain.execution_options(**{WRITES: True})
        with connection.begin():
            connection.execute(sa.text("update runs set specification = '[]' where id = 16"))
        with pytest.raises(StorageError, match=r"left as it was: the documents of run 16 cannot be read\."):
            await Database.open(old_url, upgrade=True)
        assert connection.execute(sa.text("select version from ringback_schema")).scalar_one() == 1
        assert connection.execute(sa.text("select count(specification) from runs")).scalar_one() == 16
    engine.dispose()
