"""What the readings return: plain values of rows, with nothing of a database about them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from ringback.domain.outcome import Outcome
from ringback.domain.run import Run
from ringback.domain.telephone import DialWindow
from ringback.storage.reading_status import TERMINAL, Shown, result_status, run_status
from ringback.storage.rows import window_of


class CountedRuns(NamedTuple):
    """Runs of a result that are alike in all that is counted."""

    status: str
    outcome: str | None
    ending: str | None
    expectation_met: bool | None
    awaits_call: bool | None
    number: int


@dataclass(frozen=True, slots=True)
class Counts:
    """The runs of a result, counted."""

    groups: tuple[CountedRuns, ...]

    @property
    def total(self) -> int:
        """All runs."""
        return sum(group.number for group in self.groups)

    @property
    def over(self) -> int:
        """Runs that will change no more."""
        return sum(group.number for group in self.groups if _shown(group) in TERMINAL)

    def of(self, outcome: Outcome) -> int:
        """Runs that are over with this outcome."""
        return sum(group.number for group in self.groups if group.outcome == outcome and _shown(group) in TERMINAL)

    @property
    def expectations(self) -> int:
        """Runs that are over and whose expected outcome was judged."""
        return sum(
            group.number for group in self.groups if group.expectation_met is not None and _shown(group) in TERMINAL
        )

    @property
    def expectations_met(self) -> int:
        """Runs that are over and whose expected outcome is met as a whole."""
        return sum(group.number for group in self.groups if group.expectation_met and _shown(group) in TERMINAL)

    def status(self, run_type: str | None) -> Shown:
        """How the result is shown."""
        return result_status({_shown(group) for group in self.groups}, run_type)


def _shown(group: CountedRuns) -> Shown:
    return run_status(group.status, group.outcome, group.ending, group.awaits_call)


class RunLine(NamedTuple):
    """The columns of a run that lists show."""

    id: int
    result_id: int
    scenario_id: int
    scenario_name: str
    personality_id: int | None
    test_profile_id: int | None
    specification_id: int
    number: str | None
    inbound_number: str | None
    """Where our call comes from."""
    dial_opened_at: datetime | None
    """When one of our numbers was given to the run, for its agent to call."""
    dial_seconds: int | None
    awaits_call: bool | None
    """It has a number, and the agent has not called yet."""
    repeat: int
    attempt: int
    status: str
    outcome: str | None
    ending: str | None
    expectation_met: bool | None
    duration: float | None
    """Seconds."""
    review: str | None
    """What people noted, as JSON text."""
    brief: str | None
    """See `results/brief.py`; None until the run is done, and where no conversation began."""

    @property
    def shown(self) -> Shown:
        """How the run is shown."""
        return run_status(self.status, self.outcome, self.ending, self.awaits_call)

    @property
    def dial_window(self) -> DialWindow | None:
        """In which the agent has to call, once the run has one of our numbers."""
        return window_of(self)

    @property
    def is_over(self) -> bool:
        """Whether it will change no more."""
        return self.shown in TERMINAL


class AskedRun(NamedTuple):
    """The columns of a run that the answer to its request shows: as it was before it began.

    Only the number that its agent may call is as it is now.
    """

    id: int
    scenario_id: int
    scenario_name: str
    test_profile_id: int | None
    specification_id: int
    number: str | None
    inbound_number: str | None
    """Where our call comes from."""
    dial_opened_at: datetime | None
    """When one of our numbers was given to the run, for its agent to call."""
    dial_seconds: int | None

    @property
    def awaits_call(self) -> bool:
        """It has a number, which its agent may call."""
        return self.dial_opened_at is not None

    @property
    def dial_window(self) -> DialWindow | None:
        """In which the agent has to call, once the run has one of our numbers."""
        return window_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultLine:
    """The columns of a result."""

    id: int
    name: str
    agent_id: int | None
    agent_name: str
    run_type: str | None
    kind: str
    """`service`, or `cli` for what `ringback run` did."""
    request: dict[str, Any] | None
    """The request as it was asked."""
    concurrency_limit: int | None
    takes_calls: bool | None
    """Its agent calls us."""
    created_at: datetime
    updated_at: datetime | None
    finished_at: datetime | None
    cancelled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedResult:
    """A result as lists show it."""

    line: ResultLine
    counts: Counts
    scenarios: tuple[tuple[int, str], ...]
    """Number and name of each."""
    runs: tuple[RunLine, ...]
    """The first ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailedResult:
    """A result with all of its runs."""

    line: ResultLine
    provenance: str
    """As JSON text."""
    runs: tuple[RunLine, ...]
    """In the order of the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRun:
    """One run with everything that is known of it."""

    line: RunLine
    run: Run
    result: ResultLine
    created_at: datetime | None
    updated_at: datetime | None
