"""The databases that tests are given: their own, on a server that does not outlive its users."""

import fcntl
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, LiteralString, Protocol

import psycopg
import pytest

PROGRAM = Path(__file__).parents[2] / "tools" / "postgresql_server.py"


class Server(Protocol):
    """`PostgreSQL` of the root's conftest."""

    url: str

    def kill(self) -> None: ...

    def start(self) -> None: ...

    def restart(self) -> None: ...


class Databases(Protocol):
    """`PostgreSQL` of the root's conftest, too."""

    def take(self) -> str: ...

    def give_back(self, url: str) -> None: ...

    def is_as_made(self, connection: psycopg.Connection[Any]) -> bool: ...


@pytest.fixture
def shared(request: pytest.FixtureRequest) -> Databases:
    """The server that all tests share."""
    return request.getfixturevalue("_shared_postgresql")


def test_a_database_is_empty_and_takes_writes(empty_postgresql_url: str) -> None:
    with psycopg.connect(empty_postgresql_url) as connection:
        assert connection.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone() == (0,)
        connection.execute("create table mine (id integer)")


def test_each_test_has_a_database_of_its_own(postgresql_url: str, shared: Databases) -> None:
    another = shared.take()
    assert another != postgresql_url
    shared.give_back(another)


def test_a_database_is_given_again_without_its_rows_and_counts_from_one(shared: Databases) -> None:
    add = "insert into scenario_ids (suite, key) values ('s', 'k') returning id"
    url = shared.take()
    with psycopg.connect(url) as connection:
        assert connection.execute(add).fetchone() == (1,)
    with psycopg.connect(url) as forgotten:
        forgotten.execute("lock table scenario_ids")
        shared.give_back(url)
        with pytest.raises(psycopg.OperationalError):
            forgotten.execute("select 1")
    assert shared.take() == url
    with psycopg.connect(url) as connection:
        assert connection.execute("select count(*) from ringback_schema").fetchone() == (1,)
        assert connection.execute(add).fetchone() == (1,)
    shared.give_back(url)


CHANGES: tuple[LiteralString, ...] = (
    "create table mine (id integer)",
    "alter table runs alter column scenario_name type varchar(7)",
    "alter table runs drop column scenario_name",
    "update ringback_schema set version = 99",
    "do $$ begin execute format('alter database %I set timezone to utc', current_database()); end $$",
    "create function mine() returns integer language sql return 1",
    "create trigger mine before insert on runs for each row execute function suppress_redundant_updates_trigger()",
    "create schema mine",
    "grant select on runs to public",
)


def test_a_database_that_was_changed_is_given_to_no_other(shared: Databases) -> None:
    url = shared.take()
    with psycopg.connect(url) as connection:
        for change in CHANGES:
            connection.execute(change)
            assert not shared.is_as_made(connection), change
            connection.rollback()
        assert shared.is_as_made(connection)
        connection.execute(CHANGES[0])
    shared.give_back(url)
    another = shared.take()
    assert another != url
    shared.give_back(another)


def test_a_url_for_each_kind_of_database(database_url: str) -> None:
    assert database_url.startswith(("sqlite:///", "postgresql://"))


def test_a_server_that_was_killed_comes_back_with_what_it_held(postgresql_server: Server) -> None:
    with psycopg.connect(postgresql_server.url) as connection:
        connection.execute("create table kept (id integer)")
    postgresql_server.kill()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(postgresql_server.url)
    postgresql_server.start()
    postgresql_server.restart()
    with psycopg.connect(postgresql_server.url) as connection:
        assert connection.execute("select count(*) from kept").fetchone() == (0,)


def test_a_server_ends_when_its_user_is_killed(tmp_path: Path) -> None:
    """What happens when somebody kills pytest."""
    lock = tmp_path / "lock"
    with lock.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        with subprocess.Popen(
            [sys.executable, PROGRAM, "--while-locked", lock],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as program:
            assert program.stdout is not None
            url = json.loads(program.stdout.readline())["url"]
            with psycopg.connect(url) as connection:
                folder = connection.execute("show data_directory").fetchone()
            assert folder is not None
            assert program.poll() is None
            fcntl.flock(held, fcntl.LOCK_UN)  # what the kernel does with the locks of the dead
            assert program.wait(30) == 0
    assert not Path(folder[0]).parent.exists()


def test_a_keeper_that_is_ended_takes_its_server_along(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as keeper:
        assert keeper.stdout is not None
        url = json.loads(keeper.stdout.readline())["url"]
        keeper.send_signal(signal.SIGTERM)
        assert keeper.wait(30) == 0
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)


def test_a_machine_without_postgresql_is_told_what_to_type(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, PROGRAM],
        env={**os.environ, "POSTGRESQL_BIN": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "sh tools/setup.sh test" in json.loads(told.stdout)["problem"]
