"""Which of our telephone numbers belongs to which run: never to two runs at once, whichever process gives it.

A lease is a row for each number that was ever given. It holds for as long as its run waits for the agent's call or is
in it, and nothing has to end it: whatever becomes of the run or of its worker, the number is free by that. All that
give numbers do it in `RunQueue.admit`, one process at a time, and the primary key stands behind that.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, delete, insert, or_, select, update

from ringback.domain.run import RunStatus
from ringback.storage.database import Database
from ringback.storage.rows import window_of
from ringback.storage.tables import number_leases, runs

HOLDS = and_(
    runs.c.number == number_leases.c.number,
    or_(
        runs.c.status.in_((RunStatus.ADMITTED, RunStatus.CONVERSING)),
        and_(runs.c.status == RunStatus.QUEUED, runs.c.awaits_call.is_(True)),
    ),
)
"""Of a lease and its run: whether the number is the run's still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberPool:
    """The numbers of this installation that outbound agents call."""

    numbers: tuple[str, ...] = ()
    """In the order of the settings."""
    window: int = 300
    """Seconds in which an agent has to call the number of its run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupant:
    """The run that a number belongs to."""

    run_id: int
    result_id: int
    scenario_id: int
    scenario_name: str
    awaits_call: bool
    """Whether the agent has yet to call."""
    closes_at: datetime | None
    """End of its dial window."""


class NumberLeases:
    """Reads who has which number. Its verbs raise `StorageError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def occupants(self) -> dict[str, Occupant]:
        """The runs that numbers belong to now, by number."""
        columns = (
            number_leases.c.number,
            runs.c.id,
            runs.c.result_id,
            runs.c.scenario_id,
            runs.c.scenario_name,
            runs.c.awaits_call,
            runs.c.dial_opened_at,
            runs.c.dial_seconds,
        )
        query = select(*columns).join(runs, runs.c.id == number_leases.c.run_id).where(HOLDS)

        def load(connection: Connection) -> dict[str, Occupant]:
            return {
                row.number: Occupant(
                    run_id=row.id,
                    result_id=row.result_id,
                    scenario_id=row.scenario_id,
                    scenario_name=row.scenario_name,
                    awaits_call=bool(row.awaits_call),
                    closes_at=window.closes_at if (window := window_of(row)) else None,
                )
                for row in connection.execute(query)
            }

        return await self._database.read(load)


def free_numbers(connection: Connection, pool: Sequence[str]) -> list[str]:
    """Those of the numbers that belong to no run; the one that was given least lately first.

    A call that comes late for one run is then hardly ever taken for the call of the next.
    """
    if not pool:
        return []
    query = (
        select(number_leases.c.number, number_leases.c.given_at, runs.c.id)
        .join(runs, and_(runs.c.id == number_leases.c.run_id, HOLDS), isouter=True)
        .where(number_leases.c.number.in_(pool))
    )
    given = {row.number: row for row in connection.execute(query)}
    free = [number for number in dict.fromkeys(pool) if number not in given or given[number].id is None]
    # Those that were never given come first, in the order of the settings: sorting keeps it.
    return sorted(free, key=lambda number: given[number].given_at.timestamp() if number in given else 0.0)


def give_numbers(connection: Connection, numbers: Mapping[int, str], *, window: int, now: datetime) -> None:
    """Give a free number to each run; its dial window opens now.

    Args:
        connection: of the transaction in which they were found free.
        numbers: the number of each run.
        window: seconds.
        now: the database's time.
    """
    for run_id, number in numbers.items():
        lease = {"run_id": run_id, "given_at": now}
        renewed = update(number_leases).where(number_leases.c.number == number).values(lease)
        if not connection.execute(renewed).rowcount:
            connection.execute(insert(number_leases).values(number=number, **lease))
        given = {"number": number, "dial_opened_at": now, "dial_seconds": window, "awaits_call": True}
        connection.execute(update(runs).where(runs.c.id == run_id).values(given))


def forget_leases(connection: Connection, run_ids: Iterable[int]) -> None:
    """Of runs whose rows are about to go."""
    connection.execute(delete(number_leases).where(number_leases.c.run_id.in_(list(run_ids))))
