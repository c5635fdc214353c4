"""The queue of the service: which runs begin, who carries them out, and which were cancelled.

The run table is the truth; the engine only brings a worker to a run. Each verb is one transaction.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Update, bindparam, func, select, update

from ringback.domain.ending import EndingCode
from ringback.domain.outcome import Outcome
from ringback.domain.run import Run, RunStatus
from ringback.domain.scenario import MetricDefinition
from ringback.storage.clock import now_of
from ringback.storage.database import Database
from ringback.storage.letting_in import KIND, Load, close, let_in, load
from ringback.storage.number_leases import NumberPool
from ringback.storage.reading_status import OPENING
from ringback.storage.rescoring import dump_metrics, load_metrics
from ringback.storage.rows import BEGUN, NOT_BEGUN, RUNS, UNFINISHED
from ringback.storage.tables import results, runs
from ringback.storage.unreadable import readable

_ADMISSION = 0x52494E47
"""PostgreSQL's advisory lock of this number lets one process at a time share places out; SQLite has one writer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A run that this process may carry out now."""

    run: Run
    """With its conversation, where only the evaluation is missing."""
    sealed_agent: str
    agent_id: int | None
    request: str
    """The run request as it was asked, as JSON text."""
    call_timeout: float | None
    rescoring: tuple[MetricDefinition, ...] | None
    """Metrics to be scored on a record that is kept; None: the whole run."""


_ADMITTED = (
    RUNS.add_columns(runs.c.rescoring, runs.c.agent_id, results.c.agent, results.c.request, results.c.call_timeout)
    .join(results, results.c.id == runs.c.result_id)
    .where(runs.c.id.in_(bindparam("wanted", expanding=True)), runs.c.status == RunStatus.ADMITTED)
    .with_for_update(of=runs)
)


def _taken(**values: Any) -> Update:
    """The runs `chosen` in the hands of a `worker`."""
    return (
        update(runs)
        .where(runs.c.id.in_(bindparam("chosen", expanding=True)))
        .values(
            owner=bindparam("worker"),
            updated_at=bindparam("now"),
            started_at=func.coalesce(runs.c.started_at, bindparam("now", type_=runs.c.started_at.type)),
            **values,
        )
    )


_TO_CONVERSE = _taken(status=RunStatus.CONVERSING, ending=None)
_TO_CHAT = _taken(status=RunStatus.CONVERSING, ending=OPENING)
_TO_EVALUATE = _taken(status=RunStatus.EVALUATING)

Shares = Callable[[Load], dict[int, int]]
"""Decides how many runs of each result begin now."""


class RunQueue:
    """Lets runs in, hands them to workers, and cancels them. Its verbs raise `StorageError`."""

    def __init__(
        self, database: Database, *, changed: Callable[[], None] = lambda: None, pool: NumberPool | None = None
    ) -> None:
        """How the queue is used.

        Args:
            database: where it is.
            changed: called whenever this process has changed rows of the queue.
            pool: our numbers, for runs whose agent calls us; None: there are none.
        """
        self._database = database
        self.on_wake: Callable[[], None] = lambda: None
        """Called by `wake`; set by whoever lets runs in."""
        self.let_in_now: Callable[[], Awaitable[object]] = _nobody
        """Lets runs in at once, where this process does; set by whoever does. Raises `StorageError`."""
        self._changed = changed
        self._pool = pool or NumberPool()

    def wake(self) -> None:
        """Something was asked for, or ended: there may be runs to let in."""
        self._changed()
        self.on_wake()

    async def admit(self, share_out: Shares, *, window: float = 1.0) -> list[tuple[int, int]]:
        """Let in the runs that the shares give a place, and close results that are over; (run, attempt) of each.

        Args:
            share_out: decides.
            window: seconds over which `Load.started_lately` counts.
        """

        def admit(connection: Connection) -> list[tuple[int, int]]:
            if connection.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(_ADMISSION)))
            now = now_of(connection)
            found, over = load(connection, now, window, self._pool)
            close(connection, over, now)
            shares = share_out(found) if found.results else {}
            return let_in(connection, found, shares, self._pool, now)

        # What a lost answer let in is found by `stuck`.
        return await self._database.write(admit, repeat=True)

    async def claim(self, wanted: Sequence[tuple[int, int]], owner: str) -> list[Claim | None]:
        """Take runs over for carrying out; None for one that somebody else has, or that was cancelled.

        Args:
            wanted: (run, attempt) of each.
            owner: the worker, as its runs' rows will name it.
        """
        attempts = dict(wanted)

        def claim(connection: Connection) -> dict[int, Claim]:
            rows = connection.execute(_ADMITTED, {"wanted": list(attempts)}).all()
            wanted_now = [row for row in rows if row.attempt == attempts[row.id]]
            if not wanted_now:
                return {}
            now = now_of(connection)
            claims = {
                row.id: Claim(
                    run=replace(run, started_at=row.started_at or now),
                    sealed_agent=row.agent,
                    agent_id=row.agent_id,
                    request=row.request,
                    call_timeout=row.call_timeout,
                    rescoring=load_metrics(row.rescoring),
                )
                for row, run in readable(connection, wanted_now, now)
            }
            held = [number for number, claim in claims.items() if claim.run.conversation is None]
            chats = [number for number in held if claims[number].call_timeout is not None]
            for taken, chosen in (
                (_TO_CONVERSE, [number for number in held if number not in set(chats)]),
                (_TO_CHAT, chats),
                (_TO_EVALUATE, [number for number in claims if number not in set(held)]),
            ):
                if chosen:
                    connection.execute(taken, {"chosen": chosen, "worker": owner, "now": now})
            return claims

        # What a lost answer claimed is handed back by its worker, which does not work on it.
        claims = await self._database.write(claim, repeat=True)
        return [claims.get(number) for number, _ in wanted]

    async def cancel_result(self, result_id: int) -> int:
        """Cancel every run of a result that is not over; how many those were."""
        return await self._cancel(runs.c.result_id == result_id)

    async def cancel_runs(self, run_ids: Sequence[int]) -> int:
        """Cancel those of the runs that are not over; how many those were."""
        return await self._cancel(runs.c.id.in_(run_ids))

    async def _cancel(self, which: Any) -> int:
        """What has not begun is over at once; what has begun is ended by its worker, with an end_call to the agent."""

        def cancel(connection: Connection) -> int:
            now = now_of(connection)
            mine = (which, runs.c.owner_kind == KIND)
            # All of them first: from here on nobody moves a run from one of the two groups below to the other.
            asked = connection.execute(
                update(runs)
                .where(*mine, runs.c.status.in_(UNFINISHED), runs.c.cancel_requested_at.is_(None))
                .values(cancel_requested_at=now, updated_at=now)
            ).rowcount
            connection.execute(
                update(runs)
                .where(*mine, runs.c.status.in_(NOT_BEGUN))
                .values(
                    status=RunStatus.DONE,
                    # A run that was to be scored again keeps what it has.
                    outcome=func.coalesce(runs.c.outcome, Outcome.ERROR.value),
                    ending=func.coalesce(runs.c.ending, EndingCode.CANCELLED.value),
                    rescoring=None,
                    finished_at=now,
                    updated_at=now,
                )
            )
            return asked

        count = await self._database.write(cancel, repeat=True)
        self.wake()
        return count

    async def cancelled(self, owner: str) -> list[int]:
        """Runs of a worker that somebody wants to end."""
        asked = select(runs.c.id).where(
            runs.c.status.in_(BEGUN),
            runs.c.owner_kind == KIND,
            runs.c.owner == owner,
            runs.c.cancel_requested_at.is_not(None),
        )
        return await self._database.read(lambda connection: list(connection.execute(asked).scalars()))

    async def call_taken(self, run_id: int, attempt: int, owner: str) -> None:
        """The agent of a run has called: the run waits for that no more."""

        def taken(connection: Connection) -> None:
            mine = (runs.c.id == run_id, runs.c.attempt >= attempt, runs.c.owner == owner)
            connection.execute(
                update(runs)
                .where(*mine, runs.c.status == RunStatus.CONVERSING)
                .values(awaits_call=False, updated_at=now_of(connection))
            )

        await self._database.write(taken, repeat=True)
        self._changed()

    async def stuck(self, *, seconds: float) -> list[tuple[int, int]]:
        """(run, attempt) of what was let in so long ago and that no worker took up."""

        def stuck(connection: Connection) -> list[tuple[int, int]]:
            before = now_of(connection) - timedelta(seconds=seconds)
            rows = connection.execute(
                select(runs.c.id, runs.c.attempt).where(
                    runs.c.status == RunStatus.ADMITTED, runs.c.owner_kind == KIND, runs.c.admitted_at < before
                )
            )
            return [(row.id, row.attempt) for row in rows]

        return await self._database.read(stuck)

    async def queue_again(self, stuck: Sequence[tuple[int, int]]) -> None:
        """Give what no worker took up another attempt."""

        def again(connection: Connection) -> None:
            now = now_of(connection)
            for number, attempt in stuck:
                connection.execute(
                    update(runs)
                    .where(runs.c.id == number, runs.c.attempt == attempt, runs.c.status == RunStatus.ADMITTED)
                    .values(status=RunStatus.QUEUED, attempt=attempt + 1, admitted_at=None, updated_at=now)
                )

        if stuck:
            await self._database.write(again, repeat=True)
            self.wake()

    async def rescore(self, run_ids: Sequence[int], metrics: Sequence[MetricDefinition]) -> int:
        """Score finished runs again on the records that are kept, without new conversations; how many there are.

        Args:
            run_ids: finished runs; those without a conversation are left as they are.
            metrics: what to score; none: all that the scenario has.
        """

        def rescore(connection: Connection) -> int:
            now = now_of(connection)
            chosen = (runs.c.id.in_(run_ids), runs.c.owner_kind == KIND)
            # Whoever has a conversation has its duration; a record may hold nothing but attempts that were lost.
            again = (*chosen, runs.c.status == RunStatus.DONE, runs.c.duration.is_not(None))
            connection.execute(
                update(results)
                .where(results.c.id.in_(select(runs.c.result_id).where(*again)))
                .values(finished_at=None, updated_at=now)
            )
            return connection.execute(
                update(runs)
                .where(*again)
                .values(
                    status=RunStatus.QUEUED,
                    attempt=runs.c.attempt + 1,
                    scorings=runs.c.scorings + 1,
                    rescoring=dump_metrics(metrics),
                    awaits_call=False,
                    cancel_requested_at=None,
                    times_lost=0,
                    updated_at=now,
                )
            ).rowcount

        count = await self._database.write(rescore)
        self.wake()
        return count


async def _nobody() -> None:
    """Another process lets runs in."""
