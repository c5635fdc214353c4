"""What people change of results and runs afterwards: names, reviews, and what is to be gone."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, select, update

from ringback.domain.run import RunStatus
from ringback.errors import Conflict, NotFound
from ringback.storage.clock import now_of
from ringback.storage.database import Database
from ringback.storage.number_leases import forget_leases
from ringback.storage.records import batches
from ringback.storage.tables import chat_frames, chat_turns, results, runs

_LARGEST = 2**31 - 1

_OVER = (RunStatus.DONE, RunStatus.INTERRUPTED)


class Revisions:
    """Changes results and runs that are there already. Its verbs raise `StorageError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def rename(self, result_id: int, name: str) -> None:
        """Give a result another name. Raises `NotFound`."""

        def rename(connection: Connection) -> None:
            changed = connection.execute(
                update(results).where(_there(result_id)).values(name=name, updated_at=now_of(connection))
            )
            if not changed.rowcount:
                raise NotFound("No result matches the given query.")

        await self._database.write(rename)

    async def review(self, run_id: int, noted: Mapping[str, Any]) -> None:
        """Note something about a run; what was noted before stays where it is not named. Raises `NotFound`."""

        def review(connection: Connection) -> None:
            query = (
                select(runs.c.review)
                .join(results, results.c.id == runs.c.result_id)
                .where(runs.c.id == _possible(run_id), results.c.deleted_at.is_(None))
                .with_for_update(of=runs)
            )
            found = connection.execute(query).one_or_none()
            if found is None:
                raise NotFound("No run matches the given query.")
            before: dict[str, Any] = json.loads(found.review) if found.review else {}
            connection.execute(
                update(runs)
                .where(runs.c.id == run_id)
                .values(review=json.dumps({**before, **noted}), updated_at=now_of(connection))
            )

        await self._database.write(review)

    async def remove_results(self, result_ids: Sequence[int]) -> list[int]:
        """Remove results from every list; those that there were. Their rows stay, and their numbers stay taken."""

        def remove(connection: Connection) -> list[int]:
            now, removed = now_of(connection), list[int]()
            for some in batches(sorted(_possible_ones(result_ids))):
                gone = update(results).where(results.c.id.in_(some), results.c.deleted_at.is_(None))
                rows = connection.execute(gone.values(deleted_at=now, updated_at=now).returning(results.c.id))
                removed += rows.scalars()
            return removed

        return await self._database.write(remove)

    async def remove_runs(self, result_id: int | None, run_ids: Sequence[int]) -> list[int]:
        """Remove runs for good, with what they said; those that there were. The result's counts follow.

        Args:
            result_id: whose runs they must be; None: anybody's.
            run_ids: their numbers; unknown ones are passed over.

        Raises:
            Conflict: one of them is not over.
        """

        def remove(connection: Connection) -> list[int]:
            chosen: list[ColumnElement[bool]] = [runs.c.id.in_(_possible_ones(run_ids)), results.c.deleted_at.is_(None)]
            if result_id is not None:
                chosen.append(runs.c.result_id == result_id)
            rows = connection.execute(
                select(runs.c.id, runs.c.result_id, runs.c.status)
                .join(results, results.c.id == runs.c.result_id)
                .where(*chosen)
                .order_by(runs.c.id)
            ).all()
            if under_way := [row.id for row in rows if row.status not in _OVER]:
                raise Conflict(f"Run {under_way[0]} is not over; end it first (POST runs/{under_way[0]}/end_call/).")
            gone = [row.id for row in rows]
            for some in batches(gone):
                for table in (chat_turns, chat_frames):
                    connection.execute(delete(table).where(table.c.run_id.in_(some)))
                forget_leases(connection, some)
                connection.execute(delete(runs).where(runs.c.id.in_(some)))
            touched = {row.result_id for row in rows}
            connection.execute(update(results).where(results.c.id.in_(touched)).values(updated_at=now_of(connection)))
            return gone

        return await self._database.write(remove)


def _there(result_id: int) -> ColumnElement[bool]:
    return (results.c.id == _possible(result_id)) & results.c.deleted_at.is_(None)


def _possible(number: int) -> int:
    """The number, or one that nothing has: PostgreSQL refuses to look for larger ones."""
    return number if 0 < number <= _LARGEST else 0


def _possible_ones(numbers: Iterable[int]) -> set[int]:
    return {number for number in numbers if 0 < number <= _LARGEST}
