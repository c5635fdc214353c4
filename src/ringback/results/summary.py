"""What a result says: per scenario and in total, with intervals, thresholds and the exit code that follows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ringback.domain.conversation import Conversation
from ringback.domain.outcome import Outcome
from ringback.domain.run import Result, Run
from ringback.domain.usage import Usage
from ringback.evaluation.percentiles import LAG_BOUND, percentiles
from ringback.evaluation.record import Record
from ringback.results.statistics import Interval, pass_hats, wilson

EXIT_OK = 0
EXIT_MISSED = 1
"""A scenario with sufficient evidence misses its threshold."""
EXIT_INSUFFICIENT = 3
"""No threshold is missed, but a scenario lacks sufficient evidence."""

_ROUNDING = 1e-9
"""Keeps 9 of 10 at a threshold of 0.9."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencySummary:
    """The agent's reply latency over all answered turns, in seconds."""

    turns: int
    mean: float
    percentiles: dict[str, float]
    """`p25` … `p99`, over all turns together."""
    slowest: float
    trusted: bool
    """False where Ringback's own event loop lagged past its bound in some run, or some call was degraded."""
    doubt: str = ""
    """Why they are not trusted, in a few words; empty: they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Runs counted by what they tell."""

    planned: int
    outcomes: dict[Outcome, int]
    """Every outcome, 0 where no run has it."""
    unfinished: int
    """Runs without an outcome: not yet done, or interrupted."""

    @property
    def passed(self) -> int:
        """Runs that passed."""
        return self.outcomes[Outcome.PASSED]

    @property
    def failed(self) -> int:
        """Runs that failed."""
        return self.outcomes[Outcome.FAILED]

    @property
    def valid(self) -> int:
        """Passed and failed: the runs that say something about the agent."""
        return self.passed + self.failed

    @property
    def rate(self) -> float | None:
        """Passed of valid, 0 to 1; None where nothing is valid."""
        return self.passed / self.valid if self.valid else None

    @property
    def interval(self) -> Interval:
        """Wilson's 95 % interval of the rate."""
        return wilson(self.passed, self.valid)

    @property
    def sufficient(self) -> bool:
        """Whether at least half of the planned runs are valid (and at least one)."""
        return self.valid > 0 and 2 * self.valid >= self.planned

    @property
    def success_rate(self) -> float:
        """Passed of *all* runs, 0 to 100: what the reference's API reports."""
        return 100 * self.passed / self.planned if self.planned else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioSummary:
    """One scenario of a result."""

    key: str
    name: str
    tally: Tally
    threshold: float
    """The `pass_rate` that it has to reach, 0 to 1."""
    meets: bool | None
    """Whether the rate reaches the threshold; None on insufficient evidence."""
    pass_hat: dict[int, float]
    """pass^k for k from 1 to the number of valid runs: the chance that k runs in a row all pass."""
    latency: LatencySummary | None
    nothing_asserted: int
    """Runs in which nothing was asserted."""
    usage: dict[str, Usage]
    """By role."""
    talk_seconds: float
    """Durations of the conversations, added up."""
    runs: tuple[Run, ...]
    """In the order of the result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultSummary:
    """A whole result."""

    result_id: int
    scenarios: tuple[ScenarioSummary, ...]
    """In the order in which the result first names them."""
    tally: Tally
    exit_code: int
    """0, 1 or 3 as `ringback run` ends (130 after Ctrl-C is the command's own)."""
    verdict: str
    """The exit code in one sentence."""
    usage: dict[str, Usage]
    """By role."""
    total_usage: Usage
    seconds: float | None
    """From the result's creation to its end, on the wall clock; None while it is not finished."""
    talk_seconds: float
    """Durations of all conversations, added up."""
    latency: LatencySummary | None


def summarise(result: Result, *, min_pass_rate: float | None = None) -> ResultSummary:
    """Summarise a result; `min_pass_rate` (0 to 1) replaces the threshold of every scenario."""
    groups: dict[tuple[str, int], list[Run]] = {}
    for run in result.runs:
        # Two suite files may use one key; each keeps its own line.
        groups.setdefault((run.specification.scenario.key, run.specification.scenario_id), []).append(run)
    scenarios = tuple(_scenario(runs, min_pass_rate) for runs in groups.values())
    exit_code = _exit_code(scenarios)
    usage = _usage(result.runs)
    return ResultSummary(
        result_id=result.id,
        scenarios=scenarios,
        tally=tally(result.runs),
        exit_code=exit_code,
        verdict=_verdict(scenarios, exit_code),
        usage=usage,
        total_usage=sum(usage.values(), Usage()),
        seconds=_seconds(result),
        talk_seconds=_talk_seconds(result.runs),
        latency=latency_of(result.runs),
    )


def _seconds(result: Result) -> float | None:
    """From the request to the end; None where it is not over."""
    if result.finished_at is None:
        return None
    # Scoring again, days later perhaps, ends the result anew; its runs keep the moments when they were done.
    moments = [run.finished_at for run in result.runs if run.finished_at is not None]
    end = min(result.finished_at, max(moments)) if len(moments) == len(result.runs) > 0 else result.finished_at
    # The wall clock may have been set back meanwhile.
    return max(0.0, (end - result.created_at).total_seconds())


def tally(runs: Sequence[Run]) -> Tally:
    """Count runs by outcome."""
    outcomes = dict.fromkeys(Outcome, 0)
    unfinished = 0
    for run in runs:
        if run.outcome is None:
            unfinished += 1
        else:
            outcomes[run.outcome] += 1
    return Tally(planned=len(runs), outcomes=outcomes, unfinished=unfinished)


def latency_of(runs: Iterable[Run]) -> LatencySummary | None:
    """Reply latency over the runs' answered turns; None where no turn was answered."""
    values: list[float] = []
    doubts: set[str] = set()
    for run in runs:
        conversation = run.conversation
        if conversation is None:
            continue
        values += [answer.seconds for answer in Record(conversation).answers]
        if not latency_trusted(conversation):
            on_a_telephone = conversation.voice is not None and conversation.voice.media is not None
            doubts.add("calls were degraded" if on_a_telephone else "this machine was busy")
    if not values:
        return None
    return LatencySummary(
        turns=len(values),
        mean=sum(values) / len(values),
        percentiles=percentiles(values),
        slowest=max(values),
        trusted=not doubts,
        doubt=" and ".join(sorted(doubts)),
    )


def latency_trusted(conversation: Conversation) -> bool:
    """Whether latencies are the agent's own: for a spoken call those of calls that were sent in time."""
    voice = conversation.voice
    return conversation.loop_lag <= LAG_BOUND if voice is None else not voice.degraded


def _scenario(runs: Sequence[Run], min_pass_rate: float | None) -> ScenarioSummary:
    scenario = runs[0].specification.scenario
    counted = tally(runs)
    threshold = scenario.pass_rate if min_pass_rate is None else min_pass_rate
    meets = counted.passed >= threshold * counted.valid - _ROUNDING if counted.sufficient else None
    return ScenarioSummary(
        key=scenario.key,
        name=scenario.name,
        tally=counted,
        threshold=threshold,
        meets=meets,
        pass_hat=pass_hats(counted.passed, counted.valid),
        latency=latency_of(runs),
        nothing_asserted=sum(1 for run in runs if run.evaluation and run.evaluation.nothing_asserted),
        usage=_usage(runs),
        talk_seconds=_talk_seconds(runs),
        runs=tuple(runs),
    )


def _exit_code(scenarios: Sequence[ScenarioSummary]) -> int:
    if any(scenario.meets is False for scenario in scenarios):
        return EXIT_MISSED
    # A result without a single run shows nothing, and nothing must not look like success.
    if not scenarios or any(scenario.meets is None for scenario in scenarios):
        return EXIT_INSUFFICIENT
    return EXIT_OK


def _verdict(scenarios: Sequence[ScenarioSummary], exit_code: int) -> str:
    if not scenarios:
        return "No scenario ran."
    count = len(scenarios)
    missed = sum(1 for scenario in scenarios if scenario.meets is False)
    lacking = sum(1 for scenario in scenarios if scenario.meets is None)
    of_all = f"of {count} scenario{'' if count == 1 else 's'}"
    if exit_code == EXIT_MISSED:
        more = f", {lacking} without sufficient evidence" if lacking else ""
        return f"{missed} {of_all} below the pass rate{more}."
    if exit_code == EXIT_INSUFFICIENT:
        return f"{lacking} {of_all} without sufficient evidence."
    return f"{count} {of_all} at or above the pass rate."


def _usage(runs: Iterable[Run]) -> dict[str, Usage]:
    usage: dict[str, Usage] = {}
    for run in runs:
        for role, used in run.usage.items():
            usage[role] = usage.get(role, Usage()) + used
    return usage


def _talk_seconds(runs: Iterable[Run]) -> float:
    return sum(run.conversation.duration for run in runs if run.conversation)
