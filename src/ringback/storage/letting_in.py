"""What the service is doing, read for a decision about the next runs, and that decision carried out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Row,
    Update,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    update,
)

from ringback.domain.run import RunStatus
from ringback.storage.number_leases import NumberPool, free_numbers, give_numbers
from ringback.storage.rows import UNFINISHED
from ringback.storage.tables import results, runs, workers

KIND = "service"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenResult:
    """A result of the service that is not over."""

    id: int
    agent_id: int | None
    limit: int | None
    waiting: int
    active: int
    numbers: tuple[str, ...] | None = None
    """Its agent calls us: our free numbers that its runs may have, the first ones first; None: they need none."""
    provided: int = 0
    """With `numbers`: how many of its waiting runs need no further one. They go before the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What the service is doing: what a decision about the next runs needs."""

    results: tuple[OpenResult, ...]
    """Those with runs that wait, oldest first."""
    agent_active: dict[int, int]
    """Active runs by agent; 0 for those without."""
    places: int
    """Of all live workers together."""
    started_lately: int
    """Runs that were let in during the window that was asked for."""


_UNFINISHED_RUNS = (
    select(runs.c.result_id, runs.c.agent_id, runs.c.status, func.count())
    .where(runs.c.status.in_(UNFINISHED), runs.c.owner_kind == KIND)
    .group_by(runs.c.result_id, runs.c.agent_id, runs.c.status)
)

_PLACES_AND_STARTS = select(
    select(func.coalesce(func.sum(workers.c.places), 0)).where(workers.c.stopped_at.is_(None)).scalar_subquery(),
    select(func.count()).select_from(runs).where(runs.c.admitted_at > bindparam("since")).scalar_subquery(),
)

_OPEN_RESULTS = (
    select(
        *(results.c[name] for name in ("id", "agent_id", "concurrency_limit", "finished_at", "takes_calls", "taken_on"))
    )
    .where(
        results.c.kind == KIND,
        or_(results.c.finished_at.is_(None), results.c.id.in_(bindparam("waiting", expanding=True))),
    )
    .order_by(results.c.id)
)

_NEEDS_NUMBER = and_(runs.c.duration.is_(None), runs.c.awaits_call.is_not(True))
"""Of a waiting run whose agent calls us: it has none, and there is no conversation that is only to be scored."""


def load(connection: Connection, now: datetime, window: float, pool: NumberPool) -> tuple[Load, list[int]]:
    """What the service is doing, and which open results have no run left to do.

    Args:
        connection: of the transaction.
        now: the database's time.
        window: seconds over which `Load.started_lately` counts.
        pool: our numbers.
    """
    counted = connection.execute(_UNFINISHED_RUNS).all()
    waiting: Counter[int] = Counter()
    active: Counter[int] = Counter()
    agent_active: Counter[int] = Counter()
    for result_id, agent_id, status, count in counted:
        if status == RunStatus.QUEUED:
            waiting[result_id] += count
        else:
            active[result_id] += count
            agent_active[agent_id or 0] += count
    opened = _open_results(connection, waiting, now)
    places, lately = connection.execute(_PLACES_AND_STARTS, {"since": now - timedelta(seconds=window)}).one()
    with_waiting = [row for row in opened if waiting[row.id]]
    numbers = _numbers(connection, with_waiting, pool)
    provided = _provided(connection, numbers)
    found = Load(
        results=tuple(
            OpenResult(
                id=row.id,
                agent_id=row.agent_id,
                limit=row.concurrency_limit,
                waiting=waiting[row.id],
                active=active[row.id],
                numbers=numbers.get(row.id),
                provided=provided[row.id],
            )
            for row in with_waiting
        ),
        agent_active=dict(agent_active),
        places=places,
        started_lately=lately,
    )
    return found, [row.id for row in opened if not waiting[row.id] and not active[row.id]]


def _open_results(connection: Connection, waiting: Mapping[int, int], now: datetime) -> Sequence[Row[Any]]:
    opened = connection.execute(_OPEN_RESULTS, {"waiting": list(waiting)}).all()
    # One that was closed by somebody who could not see yet that there is more to do, however that came about.
    if shut := [row.id for row in opened if row.finished_at is not None]:
        connection.execute(update(results).where(results.c.id.in_(shut)).values(finished_at=None, updated_at=now))
    return opened


def _numbers(connection: Connection, opened: Sequence[Row[Any]], pool: NumberPool) -> dict[int, tuple[str, ...]]:
    """Our free numbers that the runs of each result may have; those that others insist on come last."""
    calling = [row for row in opened if row.takes_calls]
    if not calling:
        return {}
    insisted = {row.taken_on for row in calling if row.taken_on is not None}
    free = sorted(free_numbers(connection, pool.numbers), key=lambda number: number in insisted)
    return {
        row.id: tuple(number for number in free if row.taken_on is None or number == row.taken_on) for row in calling
    }


def _provided(connection: Connection, numbers: Mapping[int, object]) -> Counter[int]:
    """How many waiting runs of each of these results need no further number."""
    if not numbers:
        return Counter()
    rows = connection.execute(
        select(runs.c.result_id, func.count())
        .where(runs.c.result_id.in_(numbers), runs.c.status == RunStatus.QUEUED, ~_NEEDS_NUMBER)
        .group_by(runs.c.result_id)
    )
    return Counter({row[0]: row[1] for row in rows})


def close(connection: Connection, over: Sequence[int], now: datetime) -> None:
    """Unless runs came to them since they were counted: what PostgreSQL shows changes from statement to statement."""
    if over:
        left = exists().where(runs.c.result_id == results.c.id, runs.c.status.in_(UNFINISHED))
        connection.execute(update(results).where(results.c.id.in_(over), ~left).values(finished_at=now, updated_at=now))


def let_in(
    connection: Connection, found: Load, shares: Mapping[int, int], pool: NumberPool, now: datetime
) -> list[tuple[int, int]]:
    """Let in so many runs of each result; (run, attempt) of each."""
    admitted: list[tuple[int, int]] = []
    taken: set[str] = set()
    by_id = {result.id: result for result in found.results}
    # Whoever insists on a number has it before somebody takes it who could take another.
    for result_id, count in sorted(shares.items(), key=lambda share: len(by_id[share[0]].numbers or ())):
        numbers = by_id[result_id].numbers
        if numbers is None:
            admitted += _begin(connection, _ANY, result_id, count, now)
            continue
        free = [number for number in numbers if number not in taken]
        ready = _begin(connection, _PROVIDED, result_id, count, now)
        admitted += ready
        left = min(count - len(ready), len(free))
        new = _begin(connection, _WITHOUT_NUMBER, result_id, left, now) if left else []
        given = dict(zip((run_id for run_id, _ in new), free, strict=False))
        give_numbers(connection, given, window=pool.window, now=now)
        taken |= set(given.values())
        admitted += new
    return admitted


def _first(*which: ColumnElement[bool]) -> Update:
    """Lets in the first `count` waiting runs of a `result`; those whose worker died go before the others."""
    first = (
        select(runs.c.id)
        .where(runs.c.result_id == bindparam("result"), runs.c.status == RunStatus.QUEUED, *which)
        .order_by(runs.c.times_lost.desc(), runs.c.position)
        .limit(bindparam("count", type_=Integer))
    )
    return (
        update(runs)
        .where(runs.c.id.in_(first.scalar_subquery()), runs.c.status == RunStatus.QUEUED)
        .values(status=RunStatus.ADMITTED, admitted_at=bindparam("now"), updated_at=bindparam("now"))
        .returning(runs.c.id, runs.c.attempt)
    )


_ANY = _first()
_PROVIDED = _first(~_NEEDS_NUMBER)
_WITHOUT_NUMBER = _first(_NEEDS_NUMBER)


def _begin(connection: Connection, first: Update, result_id: int, count: int, now: datetime) -> list[tuple[int, int]]:
    rows = connection.execute(first, {"result": result_id, "count": count, "now": now})
    return sorted((row.id, row.attempt) for row in rows)
