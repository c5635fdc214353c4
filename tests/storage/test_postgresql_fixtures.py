"""The databases that tests are given: their own, on a server that does not outlive its users."""

import fcntl
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Protocol

import psycopg
import pytest

PROGRAM = Path(__file__).parents[2] / "tools" / "postgresql_server.py"


class Server(Protocol):
    """`PostgreSQL` of the root's conftest."""

    url: str

    def kill(self) -> None: ...

    def start(self) -> None: ...

    def restart(self) -> None: ...


def test_a_database_is_empty_and_takes_writes(postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url) as connection:
        assert connection.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone() == (0,)
        connection.execute("create table mine (id integer)")


def test_each_test_has_a_database_of_its_own(postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url) as connection:
        connection.execute("create table mine (id integer)")


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
