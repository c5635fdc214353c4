"""The one table from rows to the reference product's status words, for answers (Python) and filters (SQL)."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from sqlalchemy import ColumnElement, String, and_, case, literal

from ringback.domain.ending import EndingCode
from ringback.domain.outcome import Outcome
from ringback.domain.run import RunStatus
from ringback.storage.tables import runs


class Shown(StrEnum):
    """Status of a run or result as clients of the reference product know it."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    EVALUATING = "evaluating"
    IN_QUEUE = "in_queue"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"
    SCALING_UP = "scaling_up"
    """Known, never used: nothing has to be scaled up."""


TERMINAL = frozenset({Shown.COMPLETED, Shown.FAILED, Shown.TIMEOUT, Shown.CANCELLED})

OF_RESULTS = (
    Shown.RUNNING,
    Shown.COMPLETED,
    Shown.FAILED,
    Shown.PENDING,
    Shown.IN_PROGRESS,
    Shown.EVALUATING,
    Shown.CANCELLED,
)
"""What `result_status` can say; the rest are words of runs."""

TIMEOUTS = frozenset(
    {EndingCode.AGENT_SILENT, EndingCode.AGENT_UNRESPONSIVE, EndingCode.MAX_DURATION, EndingCode.DID_NOT_CALL}
)
"""Endings by which a run without a word of the agent ran out of time."""


OPENING = "opening"
"""In place of an ending: turn 0 of a pull-mode chat is not there yet, and clients are to wait for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One line of the table; what is None may be anything."""

    status: RunStatus
    outcome: Outcome | None = None
    endings: frozenset[str] | None = None
    scored_before: bool = False
    """The run has an outcome: it only waits to be scored again."""
    awaits_call: bool = False
    """The run has one of our numbers, and its agent has not called yet."""
    shown: Shown


_TABLE = (
    _Line(
        status=RunStatus.DONE,
        outcome=Outcome.ERROR,
        endings=frozenset({EndingCode.CANCELLED}),
        shown=Shown.CANCELLED,
    ),
    _Line(status=RunStatus.DONE, outcome=Outcome.ERROR, endings=TIMEOUTS, shown=Shown.TIMEOUT),
    _Line(status=RunStatus.DONE, outcome=Outcome.ERROR, shown=Shown.FAILED),
    _Line(status=RunStatus.DONE, shown=Shown.COMPLETED),
    _Line(status=RunStatus.QUEUED, scored_before=True, shown=Shown.EVALUATING),
    _Line(status=RunStatus.ADMITTED, scored_before=True, shown=Shown.EVALUATING),
    _Line(status=RunStatus.EVALUATING, shown=Shown.EVALUATING),
    _Line(status=RunStatus.QUEUED, awaits_call=True, shown=Shown.PENDING),
    _Line(status=RunStatus.ADMITTED, awaits_call=True, shown=Shown.PENDING),
    _Line(status=RunStatus.CONVERSING, awaits_call=True, shown=Shown.PENDING),
    _Line(status=RunStatus.CONVERSING, endings=frozenset({OPENING}), shown=Shown.RUNNING),
    _Line(status=RunStatus.CONVERSING, shown=Shown.IN_PROGRESS),
    _Line(status=RunStatus.ADMITTED, shown=Shown.RUNNING),
    _Line(status=RunStatus.QUEUED, shown=Shown.IN_QUEUE),
    _Line(status=RunStatus.INTERRUPTED, shown=Shown.FAILED),
)
"""The first line that fits says it."""


@cache  # there are a hundred combinations, and ten thousand runs in a result
def run_status(status: str, outcome: str | None, ending: str | None, awaits_call: bool | None = None) -> Shown:
    """How a run is shown; the values are those of its row."""
    for line in _TABLE:
        if (
            line.status == status
            and (line.outcome is None or line.outcome == outcome)
            and (line.endings is None or ending in line.endings)
            and (not line.scored_before or outcome is not None)
            and (not line.awaits_call or awaits_call)
        ):
            return line.shown
    raise ValueError(f"a run with the status {status!r} cannot be")


def shown_status() -> ColumnElement[str]:
    """`run_status` in SQL."""
    return case(*((_fits(line), literal(line.shown.value, String)) for line in _TABLE))


def _fits(line: _Line) -> ColumnElement[bool]:
    conditions = [runs.c.status == line.status]
    if line.outcome is not None:
        conditions.append(runs.c.outcome == line.outcome)
    if line.endings is not None:
        conditions.append(runs.c.ending.in_(sorted(line.endings)))
    if line.scored_before:
        conditions.append(runs.c.outcome.is_not(None))
    if line.awaits_call:
        conditions.append(runs.c.awaits_call.is_(True))
    return and_(*conditions)


def result_status(shown: Collection[Shown], run_type: str | None) -> Shown:
    """How a result is shown: over when all of its runs are, and completed as soon as one could be carried out.

    Where none could, it is failed, also when all of its runs ran out of time: the reference product's own clients take
    `timeout` for a run's word, and would wait on for the result. One whose runs were all deleted has failed at nothing.

    Args:
        shown: how its runs are shown, each word once.
        run_type: `Text`, `WebSocket` or `Voice`; None is text.
    """
    if open_ones := set(shown) - TERMINAL:
        if open_ones == {Shown.EVALUATING}:
            return Shown.EVALUATING
        if Shown.PENDING in shown and set(shown) <= {Shown.PENDING, Shown.IN_QUEUE}:
            return Shown.PENDING
        return Shown.IN_PROGRESS if run_type == "Voice" else Shown.RUNNING
    if not shown or Shown.COMPLETED in shown:
        return Shown.COMPLETED
    return Shown.CANCELLED if set(shown) == {Shown.CANCELLED} else Shown.FAILED
