"""The engine's connections, where lines are cut."""

import pytest
from sqlalchemy import Engine, text

from ringback.runs import engine_connection
from ringback.runs.engine_connection import connect
from ringback.storage.letting_go import let_go

OTHERS = text(
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def cut_others(connections: Engine) -> int:
    """Cut all connections to the database but one; how many those were."""
    with connections.connect() as connection:
        return connection.execute(OTHERS).scalar_one()


def test_connections_that_were_cut_while_nobody_used_them_are_made_anew(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_connection, "_IDLE", 0.0)
    connections, _ = connect(postgresql_url, threads=2)
    others, _ = connect(postgresql_url, threads=1)
    try:
        with connections.connect(), connections.connect():
            pass  # the pool has two now
        assert cut_others(others) >= 2
        with connections.connect() as one, connections.connect() as another:
            assert [each.execute(text("SELECT 1")).scalar_one() for each in (one, another)] == [1, 1]
    finally:
        let_go(connections)
        let_go(others)
