"""How the service as a whole is doing, in numbers that cost the database little."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Select, func, select

from ringback.domain.run import RunStatus
from ringback.storage.clock import now_of
from ringback.storage.database import Database
from ringback.storage.letting_in import KIND
from ringback.storage.tables import runs, schema, workers
from ringback.storage.workers import is_silent

NEWEST = 10_000
"""Runs whose outcomes are counted. All of them would take the longer the more there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Liveness:
    """Whether the service can work."""

    schema_version: int | None
    """None: the database holds no tables of ours."""
    workers: int
    """Workers that did not stop in order and were not given up."""
    workers_alive: int
    """Those of them that gave a sign of life lately."""
    begun: bool
    """Whether there has ever been a worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What there is to do and what became of what was done."""

    unfinished: Mapping[str, int]
    """Runs by status; those that are done are left out."""
    outcomes: Mapping[str, int]
    """Outcomes of those of the newest runs that are done."""
    workers_alive: int


class Vitals:
    """Looks at the tables of the service. Both methods raise `StorageError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def liveness(self, *, silence: float) -> Liveness:
        """Whether the service can work; `silence` is the seconds without a sign of life that a worker may have."""

        def look(connection: Connection) -> Liveness:
            version = connection.execute(select(schema.c.version)).scalar_one_or_none()
            known, alive = _workers(connection, silence)
            begun = known > 0 or connection.execute(select(workers.c.owner).limit(1)).first() is not None
            return Liveness(schema_version=version, workers=known, workers_alive=alive, begun=begun)

        return await self._database.read(look)

    async def counts(self, *, silence: float) -> Counts:
        """The numbers that are watched."""

        def look(connection: Connection) -> Counts:
            waiting = select(runs.c.status, func.count()).where(
                runs.c.status.in_([status for status in RunStatus if status is not RunStatus.DONE]),
                runs.c.owner_kind == KIND,
            )
            newest = select(func.max(runs.c.id) - NEWEST).scalar_subquery()
            done = select(runs.c.outcome, func.count()).where(runs.c.id > newest, runs.c.outcome.is_not(None))
            return Counts(
                unfinished=_numbers(connection, waiting.group_by(runs.c.status)),
                outcomes=_numbers(connection, done.group_by(runs.c.outcome)),
                workers_alive=_workers(connection, silence)[1],
            )

        return await self._database.read(look)


def _workers(connection: Connection, silence: float) -> tuple[int, int]:
    """How many there are, and how many of them gave a sign of life lately."""
    now = now_of(connection)
    known = select(workers.c.heartbeat_at, workers.c.heartbeat).where(workers.c.stopped_at.is_(None))
    silent = [is_silent(now, row.heartbeat_at, row.heartbeat, silence) for row in connection.execute(known)]
    return len(silent), silent.count(False)


def _numbers(connection: Connection, query: Select[str, int]) -> dict[str, int]:
    return {str(name): number for name, number in connection.execute(query)}
