"""Who carries out runs, whether they are alive, and what becomes of the runs of those that are not."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from ringback.domain.conversation import Conversation
from ringback.domain.ending import Ending, EndingCode
from ringback.domain.evaluation import Evaluation
from ringback.domain.outcome import Outcome
from ringback.domain.run import Attempt, Run, RunStatus
from ringback.domain.telephone import DialWindow
from ringback.storage.clock import now_of
from ringback.storage.database import Database
from ringback.storage.documents import dump_record
from ringback.storage.letting_in import KIND
from ringback.storage.owner import Owner
from ringback.storage.rows import BEGUN, NOT_BEGUN, RUNS, window_of
from ringback.storage.tables import runs, workers
from ringback.storage.unreadable import readable

_REMEMBERED = timedelta(days=1)
"""How long workers that are gone stay in the table, for whoever looks for what happened."""

_MISSED = 3.0
"""So many signs of life that a worker promised may be missing before it counts as silent, whatever others wait for."""

_TAKEN_UP = timedelta(seconds=5)
"""How long a run whose window has closed is left to a worker, which then ends it in its own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What became of the runs of dead workers."""

    workers: tuple[str, ...] = ()
    """Those that were given up now."""
    queued: tuple[int, ...] = ()
    """Runs that are to be begun again."""
    given_up: tuple[int, ...] = ()
    """Runs that ended as `error`: too many workers died with them, or nobody took them up in time."""
    late: tuple[int, ...] = ()
    """Runs whose dial window closed before anybody took them up: they ended as if their agent had not called."""


class Workers:
    """The table of workers. Its verbs raise `StorageError`."""

    def __init__(self, database: Database, *, brief_of: Callable[[Run], str] | None = None) -> None:
        """`brief_of` renders the entry of a run that is given up."""
        self._database = database
        self._brief_of = brief_of

    async def register(self, owner: Owner, *, places: int, heartbeat: float | None = None) -> None:
        """Say that this process carries out runs.

        Args:
            owner: the process.
            places: runs at once.
            heartbeat: seconds between two of its signs of life, by which the others judge it even where their own
                settings are shorter; None: it promises nothing.
        """

        def register(connection: Connection) -> None:
            now = now_of(connection)
            row = {"owner": str(owner), "places": places, "started_at": now, "heartbeat_at": now}
            connection.execute(insert(workers), {**row, "heartbeat": heartbeat})

        await self._database.write(register)

    async def alive(self) -> list[Owner]:
        """Those that were not given up and did not stop."""
        query = select(workers.c.owner).where(workers.c.stopped_at.is_(None))
        names = await self._database.read(lambda connection: list(connection.execute(query).scalars()))
        return [Owner.parse(name) for name in names]

    async def beat(self, owner: Owner) -> bool:
        """A sign of life. False: the others have given this worker up; its runs are not its own any more."""

        def beat(connection: Connection) -> bool:
            changed = connection.execute(
                update(workers)
                .where(workers.c.owner == str(owner), workers.c.stopped_at.is_(None))
                .values(heartbeat_at=now_of(connection))
            )
            return changed.rowcount == 1

        return await self._database.write(beat, repeat=True)

    async def offer(self, owner: Owner, *, places: int) -> None:
        """Carry out so many runs at once from now on; with 0 the worker ends what it has."""
        change = update(workers).where(workers.c.owner == str(owner), workers.c.stopped_at.is_(None))
        await self._database.write(
            lambda connection: connection.execute(change.values(places=places)).rowcount, repeat=True
        )

    async def hand_back(
        self, owner: Owner, *, all_but: Collection[int] = (), older_than: float = 0.0, most_losses: int | None = None
    ) -> list[int]:
        """Queue again what the worker has not finished, for others or itself; the numbers of those runs.

        Args:
            owner: the worker.
            all_but: runs that it still works on; asked when they are looked up, in another thread.
            older_than: seconds for which nothing was written to a run.
            most_losses: the worker dropped them without wanting to, which is a loss as its death would be; so many may
                happen to a run before it is given up. None: it hands them back as it stops.
        """

        def hand_back(connection: Connection) -> list[int]:
            now = now_of(connection)
            quiet = runs.c.updated_at <= now - timedelta(seconds=older_than)
            left = _runs_of(connection, runs.c.status.in_(BEGUN), runs.c.owner == str(owner), quiet)
            again: list[int] = []
            for one in left:
                if one.run.id in all_but:
                    continue
                if one.cancelled:
                    self._end(connection, one, now, _CANCELLED)
                elif most_losses is not None and one.times_lost >= most_losses:
                    self._end(connection, one, now, _given_up(f"it was dropped {one.times_lost + 1} times"))
                else:
                    again.append(_queue_again(connection, one, now, lost=most_losses is not None))
            return again

        return await self._database.write(hand_back, repeat=True)

    async def stop(self, owner: Owner) -> None:
        """Take no more part: the worker's places are gone."""

        def stop(connection: Connection) -> None:
            gone = {"stopped_at": now_of(connection), "places": 0}
            connection.execute(update(workers).where(workers.c.owner == str(owner)).values(gone))

        await self._database.write(stop, repeat=True)

    async def recover(self, *, silence: float, most_losses: int, patience: float) -> Recovery:
        """Give up workers without a sign of life, and queue their runs again.

        Args:
            silence: seconds without a sign of life after which a worker counts as dead; three of those that it
                promised, where that is longer.
            most_losses: how many workers may die with a run before it is given up.
            patience: seconds within which a run whose worker died has to be taken up again.
        """

        def recover(connection: Connection) -> Recovery:
            now = now_of(connection)
            dead = _give_up_workers(connection, now, silence)
            _forget_workers(connection, now)
            alive = select(workers.c.owner).where(workers.c.stopped_at.is_(None)).scalar_subquery()
            queued: list[int] = []
            given_up: list[int] = []
            for lost in _unfinished_of(connection, runs.c.owner.not_in(alive)):
                if lost.cancelled:
                    self._end(connection, lost, now, _CANCELLED)
                elif lost.times_lost < most_losses:
                    queued.append(_queue_again(connection, lost, now, lost=True))
                else:
                    given_up.append(
                        self._end(connection, lost, now, _given_up(f"{lost.times_lost + 1} workers were lost with it"))
                    )
            late = now - timedelta(seconds=patience)
            not_begun = runs.c.status.in_(NOT_BEGUN)
            waiting = (not_begun, runs.c.times_lost > 0, runs.c.updated_at < late)
            given_up.extend(
                self._end(connection, lost, now, _given_up(f"nobody took it up again within {patience:g} seconds"))
                for lost in _runs_of(connection, *waiting)
            )
            closed = _with_closed_windows(connection, now)
            late_ones = [
                self._end(connection, one, now, _did_not_call(one.run.dial_window))
                for one in (_runs_of(connection, not_begun, runs.c.id.in_(closed)) if closed else ())
            ]
            return Recovery(workers=tuple(dead), queued=tuple(queued), given_up=tuple(given_up), late=tuple(late_ones))

        return await self._database.write(recover, repeat=True)

    def _end(self, connection: Connection, lost: "_Lost", now: datetime, ending: Ending) -> int:
        run = lost.run
        conversation = run.conversation or Conversation(
            started_at=run.started_at or now, duration=0.0, entries=(), ending=ending
        )
        done = replace(run, status=RunStatus.DONE, finished_at=run.finished_at or now)
        if run.evaluation is None:  # else it was to be scored again, and keeps what it has
            done = replace(
                done,
                conversation=replace(conversation, ending=ending),
                evaluation=Evaluation(outcome=Outcome.ERROR, reason=ending.sentence),
            )
        connection.execute(
            update(runs)
            .where(runs.c.id == run.id)
            .values(
                status=RunStatus.DONE,
                outcome=done.outcome,
                ending=done.conversation.ending.code if done.conversation else None,
                duration=done.conversation.duration if done.conversation else None,
                record=dump_record(done),
                brief=self._brief_of(done) if self._brief_of else None,
                rescoring=None,
                times_lost=lost.times_lost + 1,
                finished_at=done.finished_at,
                updated_at=now,
            )
        )
        return run.id


@dataclass(frozen=True, slots=True)
class _Lost:
    run: Run
    times_lost: int
    cancelled: bool
    """Somebody wanted it to end: it is not begun again."""
    awaits_call: bool
    """Its agent may still call the number that it has."""


_CANCELLED = Ending(
    code=EndingCode.CANCELLED, sentence="The run was cancelled; its worker was gone before it could end the call."
)


def _given_up(why: str) -> Ending:
    sentence = f"Worker lost: the process that carried the run out died or failed, and {why}."
    return Ending(code=EndingCode.INTERRUPTED, sentence=sentence)


def _did_not_call(window: DialWindow | None) -> Ending:
    within = f" within {window.seconds} seconds" if window else ""
    number = f" {window.number}" if window else ""
    return Ending(code=EndingCode.DID_NOT_CALL, sentence=f"The agent did not call{number}{within}.")


def _with_closed_windows(connection: Connection, now: datetime) -> list[int]:
    """Runs that nobody has taken up though their dial window is over: their number is others' to have."""
    rows = connection.execute(
        select(runs.c.id, runs.c.number, runs.c.dial_opened_at, runs.c.dial_seconds).where(
            runs.c.owner_kind == KIND, runs.c.status.in_(NOT_BEGUN), runs.c.awaits_call.is_(True)
        )
    )
    return [row.id for row in rows if (window := window_of(row)) and window.closes_at + _TAKEN_UP < now]


def is_silent(now: datetime, last: datetime, promised: float | None, silence: float) -> bool:
    """Whether a worker gave no sign of life for too long.

    Args:
        now: the database's time.
        last: when it gave the last one.
        promised: seconds between two of its signs of life.
        silence: seconds that whoever asks waits for one.
    """
    return last < now - timedelta(seconds=max(silence, _MISSED * (promised or 0.0)))


def _forget_workers(connection: Connection, now: datetime) -> None:
    """Those that were gone long ago, but for the last: that there were workers tells a service which has lost them."""
    last = select(func.max(workers.c.stopped_at)).scalar_subquery()
    connection.execute(delete(workers).where(workers.c.stopped_at < now - _REMEMBERED, workers.c.stopped_at < last))


def _give_up_workers(connection: Connection, now: datetime, silence: float) -> list[str]:
    """Workers that were silent for too long, or whose process on this machine is gone."""
    rows = connection.execute(
        select(workers.c.owner, workers.c.heartbeat_at, workers.c.heartbeat).where(workers.c.stopped_at.is_(None))
    ).all()
    dead = [
        row.owner
        for row in rows
        if is_silent(now, row.heartbeat_at, row.heartbeat, silence) or not Owner.parse(row.owner).is_alive()
    ]
    if not dead:
        return []
    # Whoever gives a sign of life in this moment keeps its runs.
    return list(
        connection.execute(
            update(workers)
            .where(workers.c.owner.in_(dead), workers.c.stopped_at.is_(None))
            .values(stopped_at=now, places=0)
            .returning(workers.c.owner)
        ).scalars()
    )


def _unfinished_of(connection: Connection, whose: object) -> list[_Lost]:
    return _runs_of(connection, runs.c.status.in_(BEGUN), whose)


def _runs_of(connection: Connection, *which: object) -> list[_Lost]:
    query = (
        RUNS.add_columns(runs.c.times_lost, runs.c.cancel_requested_at)
        .where(runs.c.owner_kind == KIND, *which)  # pyright: ignore[reportArgumentType] - SQL expressions
        .order_by(runs.c.id)
        .with_for_update(of=runs)
    )
    rows = connection.execute(query).all()
    return [
        _Lost(
            run,
            row.times_lost,
            row.cancel_requested_at is not None,
            bool(row.awaits_call) and run.status is not RunStatus.EVALUATING,
        )
        for row, run in readable(connection, rows, now_of(connection))
    ]


def _queue_again(connection: Connection, left: _Lost, now: datetime, *, lost: bool) -> int:
    """The run's next attempt; what was saved of this one is kept as an earlier attempt.

    A conversation that had ended is not repeated: only its evaluation is still missing.
    """
    run = left.run
    if run.status is RunStatus.CONVERSING:
        reason = "Worker lost: its process died." if lost else "Handed back by a worker that stopped."
        earlier = Attempt(number=run.attempt, conversation=run.conversation, reason=reason)
        run = replace(run, conversation=None, earlier_attempts=(*run.earlier_attempts, earlier))
    nothing_held: dict[str, Any] = {}
    if run.conversation is None:
        nothing_held = {"ending": None, "duration": None}
        if not left.awaits_call:  # its agent has to call again, on whichever number is free then
            nothing_held |= {"number": None, "dial_opened_at": None, "dial_seconds": None} if run.dial_window else {}
    connection.execute(
        update(runs)
        .where(runs.c.id == run.id)
        .values(
            **nothing_held,
            status=RunStatus.QUEUED,
            attempt=run.attempt + 1,
            times_lost=left.times_lost + lost,
            owner="",
            record=dump_record(run),
            awaits_call=left.awaits_call,
            admitted_at=None,
            updated_at=now,
        )
    )
    return run.id
