"""The store: results, runs and the numbers of scenarios, in one database."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, insert, select, update

from ringback.domain.ending import EndingCode
from ringback.domain.outcome import Outcome
from ringback.domain.run import Asked, Provenance, Result, Run, RunSpecification, RunStatus
from ringback.errors import NotFound
from ringback.storage import tables
from ringback.storage.database import Database
from ringback.storage.documents import dump_provenance
from ringback.storage.owner import Owner
from ringback.storage.rows import (
    EVALUATE_AGAIN,
    QUEUE_AGAIN,
    RUNS,
    UNFINISHED,
    RunLoader,
    asked_columns,
    counts_of,
    insert_runs,
    load_result,
    run_numbers,
)
from ringback.storage.run_changes import change_of, numbered
from ringback.storage.saving import save_all
from ringback.storage.writer import GroupedWriter, RunChange

_NONE: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultOverview:
    """One result without its runs' documents."""

    result: Result
    """Its `runs` are empty."""
    planned: int
    """How many runs it has."""
    outcomes: dict[Outcome, int] = field(default_factory=dict[Outcome, int])
    """How many runs have each outcome; those without one are not done."""

    @property
    def done(self) -> int:
        """How many runs have an outcome."""
        return sum(self.outcomes.values())


class Store:
    """One open database. Its verbs raise `StorageError` with a sentence where the database cannot be used.

    A run belongs to the process that holds its conversation: what another one writes to it is refused.
    """

    def __init__(
        self,
        database: Database,
        owner: Owner,
        *,
        window: float = 0.01,
        brief_of: Callable[[Run], str] | None = None,
        metric_numbers: Mapping[str, int] = _NONE,
        lasting: bool = True,
    ) -> None:
        """An open database and its writer.

        Args:
            database: stays the caller's to open; `close` closes it.
            owner: whose runs this store writes.
            window: seconds for which changes are collected to be written together.
            brief_of: renders a finished run's entry of its result's detail; without it none is kept.
            metric_numbers: of the computed metrics that are kept, by slug, for the scores of runs.
            lasting: whether what is kept outlives this process.
        """
        self.lasting = lasting
        """Whether what is kept outlives this process."""
        self._database = database
        self._owner = owner
        self._brief_of = brief_of
        self._writer = GroupedWriter(self._write_changes, window=window)
        self._metric_numbers = metric_numbers
        self._given_up = False

    @classmethod
    async def open(
        cls, url: str, *, owner: Owner | None = None, busy_timeout: float = 10.0, patience: float = 60.0
    ) -> "Store":
        """Open a database; make it, and its directory, where there is none.

        Args:
            url: `sqlite:///relative/path.db`, `sqlite:////absolute/path.db` or `postgresql://user:password@host/name`.
            owner: whose runs this store writes; this process as `cli` when left out.
            busy_timeout: how long to wait for another process's write, in seconds.
            patience: how long to try again after a connection to PostgreSQL was lost, in seconds.

        Raises:
            StorageError: read-only, full, damaged, no database of ours, or written by a newer Ringback.
        """
        database = await Database.open(url, busy_timeout=busy_timeout, patience=patience)
        return cls(database, owner or Owner.this_process("cli"))

    @classmethod
    async def temporary(cls, *, owner: Owner | None = None) -> "Store":
        """A store in memory, gone when it is closed."""
        database = await Database.open("sqlite://", busy_timeout=0)
        return cls(database, owner or Owner.this_process("cli"), lasting=False)

    async def close(self) -> None:
        """Write what is waiting, then let go of the database."""
        await self._writer.close()
        await self._database.close()

    def give_up(self) -> None:
        """Save nothing more of any run: those that this store wrote are others' now, whether or not rows say so yet."""
        self._given_up = True

    async def scenario_ids(self, suite: str, keys: Sequence[str]) -> dict[str, int]:
        """The number of each scenario of a suite; one that was seen before keeps it.

        Args:
            suite: what names the suite file from one day to the next.
            keys: scenario keys.
        """
        table = tables.scenario_ids
        known_of_suite = select(table.c.key, table.c.id).where(table.c.suite == suite)

        def known(connection: Connection) -> dict[str, int]:
            return {row.key: row.id for row in connection.execute(known_of_suite)}

        def add_missing(connection: Connection) -> dict[str, int]:
            there = known(connection)  # again: another process may have been faster
            missing = [{"suite": suite, "key": key} for key in dict.fromkeys(keys) if key not in there]
            if missing:
                connection.execute(insert(table), missing)
            return known(connection)

        numbers = await self._database.read(known)
        if not numbers.keys() >= set(keys):
            numbers = await self._database.write(add_missing, repeat=True)
        return {key: numbers[key] for key in keys}

    async def add_result(
        self,
        *,
        name: str,
        agent_name: str,
        agent_url: str,
        provenance: Provenance,
        specifications: Sequence[RunSpecification],
        asked: Asked | None = None,
        together_with: Callable[[Connection, int], None] = lambda _connection, _result_id: None,
        with_runs: bool = True,
    ) -> Result:
        """Store a request: one result, and a queued run for each specification, in their order.

        Args:
            name: what reports call the result.
            agent_name: the agent's name in `ringback.toml`.
            agent_url: its URL as shown, without credentials.
            provenance: where the result comes from.
            specifications: what each run needs.
            asked: what the service keeps beside; None for the command line.
            together_with: further work of the same transaction, given the result's number; where it raises, nothing
                is stored.
            with_runs: whether the runs are wanted: what is returned has none of them otherwise.
        """
        created_at = datetime.now(UTC)
        row: dict[str, Any] = {
            "name": name,
            "agent_name": agent_name,
            "agent_url": agent_url,
            "created_at": created_at,
            "updated_at": created_at,
            "kind": self._owner.kind,
            "provenance": dump_provenance(provenance),
        }
        if asked is not None:
            row |= asked_columns(asked)

        def add(connection: Connection) -> tuple[int, list[int]]:
            number = connection.execute(insert(tables.results).returning(tables.results.c.id), row).scalar_one()
            together_with(connection, number)
            insert_runs(connection, number, specifications, self._owner, asked.origins if asked else ())
            return number, run_numbers(connection, number) if with_runs else []

        result_id, ids = await self._database.write(add)
        runs = tuple(
            Run(id=number, result_id=result_id, specification=specification, status=RunStatus.QUEUED)
            for number, specification in zip(ids, specifications if with_runs else (), strict=True)
        )
        return Result(
            id=result_id,
            name=name,
            agent_name=agent_name,
            agent_url=agent_url,
            created_at=created_at,
            provenance=provenance,
            runs=runs,
        )

    async def save_conversation(self, run: Run) -> bool:
        """Keep the conversation of a run that waits for its judge. False: the run belongs to another process now."""
        return await self._save(replace(run, status=RunStatus.EVALUATING))

    async def save_progress(self, run: Run) -> bool:
        """Keep what is known of a conversation that goes on. False: the run belongs to another process now."""
        return await self._save(replace(run, status=RunStatus.CONVERSING))

    async def finish_run(self, run: Run) -> bool:
        """Store a finished run; returns when it is safe. False: it belongs to another process now, or was finished."""
        return await self._save(run if run.status is RunStatus.DONE else replace(run, status=RunStatus.DONE))

    async def finish_result(self, result_id: int, *, interrupted: bool = False) -> None:
        """Mark a result as over; when interrupted, its unfinished runs are `resume`'s to take up."""
        runs, results = tables.runs, tables.results

        def finish(connection: Connection) -> None:
            connection.execute(
                update(results)
                .where(results.c.id == result_id)
                .values(finished_at=datetime.now(UTC), interrupted=interrupted)
            )
            if interrupted:
                connection.execute(
                    update(runs)
                    .where(runs.c.result_id == result_id, runs.c.status.in_(UNFINISHED))
                    .values(status=RunStatus.INTERRUPTED)
                )

        await self._database.write(finish, repeat=True)

    async def result(self, result_id: int, *, with_runs: bool = True) -> Result:
        """A result, by default with all of its runs. Raises `NotFound` where there is none of that number."""
        runs, results = tables.runs, tables.results

        def load(connection: Connection) -> Result:
            there = select(results).where(results.c.id == result_id, results.c.deleted_at.is_(None))
            row = connection.execute(there).one_or_none()
            if row is None:
                raise NotFound(f"There is no result {result_id}. `ringback results list` shows those there are.")
            found = load_result(row)
            if not with_runs:
                return found
            rows = connection.execute(RUNS.where(runs.c.result_id == result_id).order_by(runs.c.position))
            loader = RunLoader()
            return replace(found, runs=tuple(loader.load(row) for row in rows))

        return await self._database.read(load)

    async def results(self, limit: int = 20, offset: int = 0) -> list[ResultOverview]:
        """The newest results first, without their runs' documents."""
        table = tables.results

        def load(connection: Connection) -> tuple[list[Result], dict[int, dict[str | None, int]]]:
            there = select(table).where(table.c.deleted_at.is_(None)).order_by(table.c.id.desc())
            rows = connection.execute(there.limit(limit).offset(offset))
            found = [load_result(row) for row in rows]
            return found, counts_of(connection, [result.id for result in found])

        found, counts = await self._database.read(load)
        return [
            ResultOverview(
                result=result,
                planned=sum(counts.get(result.id, {}).values()),
                outcomes={
                    Outcome(outcome): count
                    for outcome, count in counts.get(result.id, {}).items()
                    if outcome is not None
                },
            )
            for result in found
        ]

    async def run(self, run_id: int) -> Run:
        """One run. Raises `NotFound` where there is none of that number."""

        def load(connection: Connection) -> Run:
            row = connection.execute(RUNS.where(tables.runs.c.id == run_id)).one_or_none()
            if row is None:
                raise NotFound(f"There is no run {run_id}.")
            return RunLoader().load(row)

        return await self._database.read(load)

    async def interrupted_runs(self, result_id: int) -> list[Run]:
        """The runs of a result that their process left undone."""
        runs = tables.runs
        interrupted = RUNS.where(runs.c.result_id == result_id, runs.c.status == RunStatus.INTERRUPTED).order_by(
            runs.c.position
        )
        loader = RunLoader()
        return await self._database.read(
            lambda connection: [loader.load(row) for row in connection.execute(interrupted)]
        )

    async def mark_abandoned(self) -> int:
        """Mark what dead processes of this store's kind left undone as interrupted; how many runs that were."""
        runs = tables.runs
        left = (runs.c.owner_kind == self._owner.kind, runs.c.status.in_(UNFINISHED))
        owned = select(runs.c.owner).where(*left).distinct()
        owners = await self._database.read(lambda connection: connection.execute(owned).scalars().all())
        dead = [owner for owner in owners if not Owner.parse(owner).is_alive()]
        if not dead:
            return 0
        abandoned = (*left, runs.c.owner.in_(dead))

        def mark(connection: Connection) -> int:
            connection.execute(
                update(tables.results)
                .where(tables.results.c.id.in_(select(runs.c.result_id).where(*abandoned)))
                .values(interrupted=True)
            )
            return connection.execute(update(runs).where(*abandoned).values(status=RunStatus.INTERRUPTED)).rowcount

        return await self._database.write(mark, repeat=True)

    async def reset_runs(self, ids: Sequence[int]) -> list[Run]:
        """Queue runs again, for this process; they keep their numbers.

        Of what was done only a conversation is kept that had ended and was not evaluated: it is not held again.

        Args:
            ids: runs of one result.
        """
        if not ids:
            return []
        runs, results = tables.runs, tables.results
        mine = {"owner": str(self._owner), "owner_kind": self._owner.kind}

        def reset(connection: Connection) -> list[Run]:
            rows = connection.execute(RUNS.where(runs.c.id.in_(ids)))
            loader = RunLoader()
            unjudged = {run.id for run in map(loader.load, rows) if _waits_for_judge(run)}
            for statement, chosen in ((EVALUATE_AGAIN, unjudged), (QUEUE_AGAIN, set(ids) - unjudged)):
                if chosen:
                    connection.execute(statement, [{"run": number, **mine} for number in sorted(chosen)])
            result_id = connection.execute(select(runs.c.result_id).where(runs.c.id == ids[0])).scalar_one()
            connection.execute(
                update(results).where(results.c.id == result_id).values(interrupted=False, finished_at=None)
            )
            rows = connection.execute(RUNS.where(runs.c.result_id == result_id).order_by(runs.c.position))
            wanted = set(ids)
            return [loader.load(row) for row in rows if row.id in wanted]

        return await self._database.write(reset, repeat=True)

    async def _save(self, run: Run) -> bool:
        if self._given_up:
            return False
        return await self._writer.write(change_of(numbered(run, self._metric_numbers), self._brief_of))

    async def _write_changes(self, changes: Sequence[RunChange]) -> Collection[int]:
        """Save changes together; the ids of those whose run is not this process's (any more), or is done."""

        def save(connection: Connection) -> Collection[int]:
            written = save_all(connection, changes, self._owner)
            return () if written == len(changes) else self._refused(connection, changes)

        return await self._database.write(save, repeat=True)

    def _refused(self, connection: Connection, changes: Sequence[RunChange]) -> set[int]:
        """Which changes the fence kept out, in the transaction that wrote the others."""
        runs = tables.runs
        rows = connection.execute(
            select(runs.c.id, runs.c.owner, runs.c.status, runs.c.attempt, runs.c.finished_at).where(
                runs.c.id.in_([change.id for change in changes])
            )
        )
        stored = {number: (owner, status, attempt, finished_at) for number, owner, status, attempt, finished_at in rows}
        return {
            change.id
            for change in changes
            if stored.get(change.id) != (str(self._owner), change.status, change.attempt, change.finished_at)
        }


def _waits_for_judge(run: Run) -> bool:
    """Whether a conversation was held to its end, whatever that was, and not evaluated."""
    if run.conversation is None or run.evaluation is not None:
        return False
    return run.conversation.ending.code is not EndingCode.CANCELLED
