"""Many changes are saved at once, and mean what they mean one by one."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import text

from ringback.domain.outcome import Outcome
from ringback.domain.run import Result, RunStatus
from ringback.storage.database import Database
from ringback.storage.owner import Owner
from ringback.storage.rows import SAVE, bound
from ringback.storage.saving import save_all
from ringback.storage.store import Store
from ringback.storage.writer import RunChange

Add = Callable[[Store, int], Awaitable[Result]]

OWNER = Owner.this_process("cli")
CHANGE = RunChange(
    id=0,
    status=RunStatus.DONE,
    attempt=2,
    outcome=Outcome.PASSED,
    started_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    finished_at=datetime(2026, 1, 2, 3, 4, 5, 60, tzinfo=timezone(timedelta(hours=2))),
    record='{"“": "ü"}',
    ending="caller_ended",
    duration=1.5,
    expectation_met=True,
    brief="[]",
)


@pytest.fixture
async def opened(database_url: str, add: Add) -> AsyncIterator[tuple[Database, list[int]]]:
    """A database of either kind with six queued runs of this process."""
    store = await Store.open(database_url, owner=OWNER)
    ids = [run.id for run in (await add(store, 6)).runs]
    await store.close()
    database = await Database.open(database_url)
    yield database, ids
    await database.close()


async def _rows(database: Database, ids: list[int]) -> list[dict[str, Any]]:
    """All that stands in the rows of these runs as the driver reads it, but for what tells them apart."""
    every = text("SELECT * FROM runs ORDER BY id")
    found = await database.read(lambda connection: [dict(row) for row in connection.execute(every).mappings()])
    return [{key: value for key, value in row.items() if key not in _TELLS_APART} for row in found if row["id"] in ids]


_TELLS_APART = frozenset({"id", "position", "repeat", "seed", "updated_at"})


async def test_rows_saved_together_are_as_rows_saved_one_by_one(opened: tuple[Database, list[int]]) -> None:
    database, ids = opened
    plain = replace(CHANGE, outcome=None, finished_at=None, duration=None, expectation_met=None, brief=None)
    shapes = (CHANGE, plain, replace(CHANGE, status=RunStatus.EVALUATING))
    together = [replace(shape, id=number) for shape, number in zip(shapes, ids[:3], strict=True)]
    single = [replace(shape, id=number) for shape, number in zip(shapes, ids[3:], strict=True)]
    assert await database.write(lambda connection: save_all(connection, together, OWNER)) == 3
    for change in single:
        row = bound(change, OWNER)
        await database.write(lambda connection, row=row: connection.execute(SAVE, row).rowcount)
    assert await _rows(database, ids[:3]) == await _rows(database, ids[3:])


async def test_what_is_not_to_be_written_is_left_out_and_not_counted(opened: tuple[Database, list[int]]) -> None:
    database, ids = opened
    done = [replace(CHANGE, id=number) for number in ids[:2]]
    assert await database.write(lambda connection: save_all(connection, done, OWNER)) == 2
    late = [replace(CHANGE, id=number, outcome=Outcome.FAILED) for number in ids]
    assert await database.write(lambda connection: save_all(connection, late, OWNER)) == 4
    assert [row["outcome"] for row in await _rows(database, ids)] == ["passed"] * 2 + ["failed"] * 4
    stranger = Owner.parse(f"{OWNER}1")
    assert await database.write(lambda connection: save_all(connection, late, stranger)) == 0


async def test_an_earlier_attempt_does_not_cover_a_later_one(opened: tuple[Database, list[int]]) -> None:
    database, ids = opened
    later = replace(CHANGE, id=ids[0], status=RunStatus.EVALUATING)
    assert await database.write(lambda connection: save_all(connection, [later], OWNER)) == 1
    earlier = [replace(later, attempt=1), replace(later, id=ids[1], attempt=1)]
    assert await database.write(lambda connection: save_all(connection, earlier, OWNER)) == 1
    assert [row["attempt"] for row in await _rows(database, ids[:2])] == [2, 1]


async def test_of_two_changes_of_one_run_the_last_stands(opened: tuple[Database, list[int]]) -> None:
    database, ids = opened
    first = replace(CHANGE, id=ids[0], status=RunStatus.EVALUATING, outcome=None)
    both = [first, replace(CHANGE, id=ids[0])]
    assert await database.write(lambda connection: save_all(connection, both, OWNER)) == 2
    assert [row["status"] for row in await _rows(database, ids[:1])] == ["done"]
