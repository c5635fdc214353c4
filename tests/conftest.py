"""What holds for all tests: property tests are repeatable and not judged by the clock of a busy machine; databases."""

import contextlib
import fcntl
import gc
import itertools
import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from hypothesis import settings

settings.register_profile("ringback", deadline=None, derandomize=True)
settings.load_profile("ringback")

# All that the tests import stays until they are over: there is no need to look through it for garbage so often.
gc.set_threshold(50_000, 20, 100)

SERVER_PROGRAM = Path(__file__).parents[1] / "tools" / "postgresql_server.py"

sys.path.insert(0, str(Path(__file__).parent / "measuring"))

if coverage := os.environ.get("COVERAGE_FOLDER"):
    from execnet import XSpec
    from measured import PROJECT, measure
    from worker_server import WorkerServer, loaded_from

    # Before a test module loads what is to be measured. Of the processes that tests start, some ask for it themselves.
    _leave_coverage = measure([str(PROJECT / "src" / "ringback")], Path(coverage), unseen=True)

    def pytest_unconfigure(config: pytest.Config) -> None:
        """Tell what was carried out; who has workers carries nothing out."""
        if (server := config.stash.get(_WORKERS, None)) is not None:
            server.close()
        else:
            _leave_coverage()

    def pytest_sessionstart() -> None:
        """Let a forked worker find what conftests put in reach: it is given the paths of who hands out the tests."""
        sys.path += [path for path in loaded_from if path not in sys.path]

    def pytest_xdist_setupnodes(config: pytest.Config, specs: list[XSpec]) -> None:
        """Let workers that measure be forked: each would load, and have instrumented, everything again."""
        server = config.stash[_WORKERS] = WorkerServer(config.invocation_params.args)
        for spec in specs:
            spec.python = server.python

    _WORKERS = pytest.StashKey[WorkerServer]()


_LONG = frozenset(
    {
        "test_chat_survives",
        "test_compose_file",
        "test_demo",
        "test_demo_command",
        "test_engine_processes",
        "test_examples",
        "test_pipecat_agent",
        "test_planted_secret",
        "test_reference_client",
        "test_run_voice",
        "test_schemathesis",
        "test_service_bad_input",
        "test_service_losses",
        "test_service_outage",
        "test_service_stops",
        "test_service_survives",
        "test_service_telephone",
        "test_service_voice",
        "test_telephone_calls",
        "test_telephone_demo",
        "test_telephone_outbound",
        "test_voice_bad_input",
        "test_voice_survives",
        "test_workers_beside",
    }
)
"""Modules whose tests take long, mostly for waiting: a run that comes to them last has nothing to do beside them."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let every other worker begin with the long tests: while they wait, the others' tests keep the processors busy."""
    long = [item for item in items if item.path.stem in _LONG]
    others = iter([item for item in items if item.path.stem not in _LONG])
    told: dict[str, int] = getattr(config, "workerinput", {})
    workers = told.get("workercount", 1)
    begin_so = (workers + 1) // 2
    left = len(items)
    items.clear()
    for worker in range(workers):
        # pytest-xdist hands out as many tests in a row to each.
        share = left // (workers - worker)
        left -= share
        first = [] if worker % 2 else long[worker // 2 :: begin_so]
        items += first
        items += itertools.islice(others, max(share - len(first), 0))
    items += others


_FORM = """
SELECT json_build_array(
    (SELECT array_agg(version) FROM ringback_schema),
    (SELECT array_agg(setconfig) FROM pg_db_role_setting WHERE setdatabase = mine.oid),
    (SELECT array_agg((relname, relkind, relacl, attname, atttypid, atttypmod, attnotnull)::text
                      ORDER BY relname, attnum)
     FROM pg_class LEFT JOIN pg_attribute ON attrelid = pg_class.oid WHERE relnamespace = 'public'::regnamespace),
    (SELECT array_agg(tgname ORDER BY tgname) FROM pg_trigger WHERE NOT tgisinternal),
    (SELECT array_agg(proname ORDER BY proname) FROM pg_proc WHERE pronamespace = 'public'::regnamespace),
    (SELECT array_agg(nspname ORDER BY nspname) FROM pg_namespace WHERE nspname NOT IN ('ringback_engine'))
)::text
FROM pg_database AS mine WHERE mine.datname = current_database()
"""
"""A database but for its rows, as text: where a test changed that, no other gets the database."""

_EMPTY = """
SET session_replication_role = replica;
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
DO $$
DECLARE one record;
BEGIN
    FOR one IN SELECT schemaname, tablename FROM pg_tables
        WHERE schemaname IN ('public', 'ringback_engine') AND tablename NOT IN ('ringback_schema', 'dbos_migrations')
    LOOP EXECUTE format('DELETE FROM %I.%I', one.schemaname, one.tablename); END LOOP;
    PERFORM setval(seqrelid, seqstart, false) FROM pg_sequence;
END $$
"""
"""Leaves the rows that say which tables there are."""


class PostgreSQL:
    """A running server: the one that all tests share, or one that a test may kill."""

    def __init__(self, url: str, program: "subprocess.Popen[str] | None" = None) -> None:
        self.url = url
        """Of a database of this server; tests make their own, see `database`."""
        self._program = program
        self._ready: list[str] = []
        self._looking_after: dict[str, psycopg.Connection[Any]] = {}
        self._form = ""

    def database(self) -> str:
        """The URL of a new and empty database."""
        name = f"test_{uuid.uuid4().hex}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")  # pyright: ignore[reportArgumentType, reportCallIssue] - hexadecimal digits
        return self.url.rpartition("/")[0] + f"/{name}"

    def with_database(self) -> "PostgreSQL":
        """The same server, with a new and empty database of its own."""
        return PostgreSQL(self.database(), self._program)

    def take(self) -> str:
        """The URL of a database that has Ringback's tables and not a row; nobody else has it until `give_back`.

        To make a database, its tables, and remove it again takes half a second of CPU; to empty one, a hundredth.
        """
        if self._ready:
            return self._ready.pop()
        url = self.database()
        _make_tables(url)
        if not self._form:
            self._form = _value(self._connection(url), _FORM)
        return url

    def give_back(self, url: str) -> None:
        """Let another test have the database, unless more than its rows was changed; others are cut off."""
        connection = self._connection(url)
        if self.is_as_made(connection):
            connection.execute(_EMPTY)
            self._ready.append(url)
        else:
            self._looking_after.pop(url).close()

    def _connection(self, url: str) -> "psycopg.Connection[Any]":
        """One that stays: a new one, which knows nothing of the tables, takes four times what it is wanted for."""
        connection = self._looking_after.get(url)
        if connection is None or not _goes_on(connection):
            connection = self._looking_after[url] = psycopg.connect(url, autocommit=True, application_name="fixture")
        return connection

    def close(self) -> None:
        """Let go of the databases that were taken."""
        for connection in self._looking_after.values():
            connection.close()

    def is_as_made(self, connection: "psycopg.Connection[Any]") -> bool:
        """Whether such a database is as it was made but for its rows."""
        return _value(connection, _FORM) == self._form

    def drop(self, url: str) -> None:
        """Remove such a database, whoever is connected to it."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]} WITH (FORCE)")  # pyright: ignore[reportArgumentType, reportCallIssue] - as above

    def kill(self) -> None:
        """End the server as the kernel does when memory is short; nothing comes back before `start`."""
        self._ask("kill")

    def stop(self) -> None:
        """End the server at once, and every connection to it."""
        self._ask("stop")

    def start(self) -> None:
        """Start it again after `kill` or `stop`, on the same port."""
        self._ask("start")

    def restart(self) -> None:
        """Break every connection, and come back."""
        self._ask("restart")

    def _ask(self, command: str) -> None:
        assert self._program is not None, "the server that all tests share is not to be disturbed"
        assert self._program.stdin is not None
        self._program.stdin.write(f"{command}\n")
        self._program.stdin.flush()
        _answer(self._program)


def _answer(program: "subprocess.Popen[str]") -> dict[str, str]:
    assert program.stdout is not None
    line = program.stdout.readline()
    told = json.loads(line) if line else {"problem": "PostgreSQL's keeper died without a word."}
    if "problem" in told:
        raise RuntimeError(told["problem"])
    return told


def _value(connection: "psycopg.Connection[Any]", query: LiteralString) -> str:
    row = connection.execute(query).fetchone()
    assert row is not None
    return str(row[0])


def _goes_on(connection: "psycopg.Connection[Any]") -> bool:
    """Whether no test has cut it."""
    try:
        connection.execute("SELECT")
    except psycopg.OperationalError:
        connection.close()
        return False
    return True


def _make_tables(url: str) -> None:
    from ringback.storage.opening import create_or_check, engine_for  # most rooms need no database

    engine, place = engine_for(url, busy_timeout=30)
    create_or_check(engine, place)
    engine.dispose()


def _answers(url: str) -> bool:
    """Whether there is a server: the one that an earlier worker started may have ended with it."""
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.fixture(scope="session")
def _shared_postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgreSQL]:  # pyright: ignore[reportUnusedFunction] - asked for by name
    """One server for all workers of this session; it ends when the last of them does, however that ends."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # shared by the workers
    known = folder / "postgresql.json"
    with (folder / "postgresql.users").open("a") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        with (folder / "postgresql.turn").open("a") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            # The lock is held by now: a server that answers will stay.
            if not (known.exists() and _answers(json.loads(known.read_text())["url"])):
                program = subprocess.Popen(
                    [sys.executable, SERVER_PROGRAM, "--while-locked", folder / "postgresql.users"],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    text=True,
                    start_new_session=True,
                )
                known.write_text(json.dumps(_answer(program)))
                # It goes on without us, and ends when the last of us has let go of the lock.
                program.stdout.close()  # pyright: ignore[reportOptionalMemberAccess] - a pipe was asked for
                program.returncode = 0
        with contextlib.closing(PostgreSQL(json.loads(known.read_text())["url"])) as server:
            yield server


@pytest.fixture
def postgresql_url(_shared_postgresql: PostgreSQL) -> Iterator[str]:
    """A PostgreSQL database of the test's own, with Ringback's tables and nothing in them."""
    url = _shared_postgresql.take()
    yield url
    _shared_postgresql.give_back(url)


@pytest.fixture
def empty_postgresql_url(_shared_postgresql: PostgreSQL) -> Iterator[str]:
    """An empty PostgreSQL database of the test's own; takes half a second of CPU."""
    url = _shared_postgresql.database()
    yield url
    _shared_postgresql.drop(url)


@pytest.fixture(scope="session")
def _own_postgresql() -> Iterator[PostgreSQL]:  # pyright: ignore[reportUnusedFunction] - asked for by name
    with subprocess.Popen(
        [sys.executable, SERVER_PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as program:
        yield PostgreSQL(_answer(program)["url"], program)


@pytest.fixture
def postgresql_server(_own_postgresql: PostgreSQL) -> PostgreSQL:
    """A PostgreSQL server that nobody else uses, to be killed and restarted, and an empty database on it."""
    if not _answers(_own_postgresql.url):
        _own_postgresql.start()  # the test before left it dead
    return _own_postgresql.with_database()


@pytest.fixture(scope="session")
def _sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:  # pyright: ignore[reportUnusedFunction] - as above
    path = tmp_path_factory.mktemp("tables") / "ringback.db"
    _make_tables(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database with Ringback's tables and nothing in them, once on SQLite and once on PostgreSQL."""
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgresql_url")
        return url
    path = tmp_path / "home" / "ringback.db"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    shutil.copy(request.getfixturevalue("_sqlite_file"), path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, once on SQLite and once on PostgreSQL."""
    if request.param == "postgresql":
        url: str = request.getfixturevalue("empty_postgresql_url")
        return url
    return f"sqlite:///{tmp_path / 'home' / 'ringback.db'}"
