"""Two results side by side: what got better, what got worse, and where there is no evidence of either."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ringback.domain.run import Provenance, Result, Run
from ringback.results.statistics import Interval, difference, fisher_exact
from ringback.results.summary import LatencySummary, Tally, latency_of, tally

SIGNIFICANCE = 0.05
"""The p-value under which a difference counts as one."""

_MANY = 10
"""Comparisons from which a reader is told that some may differ by chance."""

_UNTOUCHED = "not named"


class Verdict(StrEnum):
    """What the comparison of one scenario says."""

    BETTER = "better"
    WORSE = "worse"
    NO_EVIDENCE = "no evidence"
    """The data do not show a difference; they do not show that there is none either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioComparison:
    """One scenario that both results have."""

    key: str
    name: str
    baseline: Tally
    current: Tally
    verdict: Verdict
    difference: float | None
    """Rate now minus the baseline's, -1 to 1; None where a side has nothing valid."""
    interval: Interval
    """Newcombe's 95 % interval of the difference."""
    p_value: float
    """Of Fisher's exact test, two-sided."""
    baseline_latency: LatencySummary | None
    current_latency: LatencySummary | None
    remark: str = ""
    """Why there is no verdict, where the evidence of a side is insufficient."""

    def sentence(self) -> str:
        """The comparison on one line."""
        rates = f"{_counts(self.current)} passed against {_counts(self.baseline)}"
        if self.difference is not None:
            rates += (
                f", {100 * self.difference:+.0f} points "
                f"(95 % interval {100 * self.interval.low:+.0f} to {100 * self.interval.high:+.0f}, "
                f"p {_p(self.p_value)})"
            )
        remark = f"; {self.remark}" if self.remark else ""
        return f"{self.name}: {self.verdict.value}; {rates}{remark}{_latency(self)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A result against a baseline."""

    baseline_id: int
    result_id: int
    scenarios: tuple[ScenarioComparison, ...]
    """In the order of the new result."""
    only_in_baseline: tuple[str, ...]
    """Keys."""
    only_in_result: tuple[str, ...]
    """Keys."""
    notes: tuple[str, ...]
    """What else is different, in sentences: suite files, models, prompts, agent."""

    @property
    def got_worse(self) -> bool:
        """Whether some scenario is worse."""
        return any(scenario.verdict is Verdict.WORSE for scenario in self.scenarios)

    def sentences(self) -> Iterator[str]:
        """The whole comparison, worse ones first."""
        order = (Verdict.WORSE, Verdict.BETTER, Verdict.NO_EVIDENCE)
        for scenario in sorted(self.scenarios, key=lambda one: order.index(one.verdict)):
            yield scenario.sentence()
        if self.only_in_result:
            yield f"Only in result {self.result_id}: {', '.join(self.only_in_result)}."
        if self.only_in_baseline:
            yield f"Only in result {self.baseline_id}: {', '.join(self.only_in_baseline)}."
        yield from self.notes


def compare(baseline: Result, result: Result) -> Comparison:
    """Compare a result with a baseline, scenario by scenario, matched by key.

    One run against one is never better or worse: no exact test can tell them apart.
    """
    before, now = _by_key(baseline.runs), _by_key(result.runs)
    scenarios = tuple(_scenario(key, before[key], runs) for key, runs in now.items() if key in before)
    return Comparison(
        baseline_id=baseline.id,
        result_id=result.id,
        scenarios=scenarios,
        only_in_baseline=tuple(key for key in before if key not in now),
        only_in_result=tuple(key for key in now if key not in before),
        notes=(*_changes(baseline, result), *_chance(scenarios)),
    )


def _by_key(runs: Sequence[Run]) -> dict[str, list[Run]]:
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(run.specification.scenario.key, []).append(run)
    return groups


def _scenario(key: str, before: Sequence[Run], now: Sequence[Run]) -> ScenarioComparison:
    old, new = tally(before), tally(now)
    counts = (old.passed, old.valid, new.passed, new.valid)
    moved = new.rate - old.rate if new.rate is not None and old.rate is not None else None
    p_value = fisher_exact(*counts)
    remark = _insufficient(old, new)
    verdict = Verdict.NO_EVIDENCE
    # Where most repeats fell out, those that are left are no fair sample: no verdict from them.
    if moved and not remark and p_value < SIGNIFICANCE:
        verdict = Verdict.BETTER if moved > 0 else Verdict.WORSE
    return ScenarioComparison(
        key=key,
        name=now[0].specification.scenario.name,
        baseline=old,
        current=new,
        verdict=verdict,
        difference=moved,
        interval=difference(*counts),
        p_value=p_value,
        baseline_latency=latency_of(before),
        current_latency=latency_of(now),
        remark=remark,
    )


def _insufficient(old: Tally, new: Tally) -> str:
    lacking = [where for where, side in (("baseline", old), ("new result", new)) if not side.sufficient]
    return f"insufficient evidence in the {' and the '.join(lacking)}" if lacking else ""


def _changes(baseline: Result, result: Result) -> Iterator[str]:
    """What makes the two results less comparable, or explains a difference."""
    before, now = baseline.provenance, result.provenance
    if baseline.agent_name != result.agent_name:
        yield f"The agent is another: {result.agent_name}, before {baseline.agent_name}."
    elif baseline.agent_url != result.agent_url:
        yield f"The agent was reached at {result.agent_url}, before at {baseline.agent_url}."
    for name in _changed(before.suite_hashes, now.suite_hashes):
        yield f"The suite file {name} is not the same."
    yield from _renamed("The {} model", before.models, now.models)
    yield from _renamed("The version of the {} prompt", before.prompt_versions, now.prompt_versions)
    yield from _versions(before, now)


def _changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return [name for name in {**before, **now} if before.get(name) != now.get(name)]


def _renamed(what: str, before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name in _changed(before, now):
        yield (
            f"{what.format(name)} is not the same: {now.get(name, _UNTOUCHED)}, before {before.get(name, _UNTOUCHED)}."
        )


def _versions(before: Provenance, now: Provenance) -> Iterator[str]:
    if before.ringback_version != now.ringback_version:
        yield f"Ringback's version is not the same: {now.ringback_version}, before {before.ringback_version}."


def _chance(scenarios: Sequence[ScenarioComparison]) -> Iterator[str]:
    told = sum(1 for scenario in scenarios if scenario.verdict is not Verdict.NO_EVIDENCE)
    if told and len(scenarios) >= _MANY:
        expected = SIGNIFICANCE * len(scenarios)
        yield (
            f"{len(scenarios)} scenarios were compared; up to {expected:.1f} of them may look better or worse "
            "by chance alone."
        )


def _counts(side: Tally) -> str:
    share = f" ({100 * side.rate:.0f} %)" if side.rate is not None else ""
    return f"{side.passed} of {side.valid}{share}"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"  # noqa: PLR2004 - three digits are shown


def _latency(scenario: ScenarioComparison) -> str:
    old, new = scenario.baseline_latency, scenario.current_latency
    if old is None or new is None:
        return ""
    doubt = "" if old.trusted and new.trusted else " (not trusted: Ringback itself lagged)"
    return (
        f"; latency p50 {new.percentiles['p50']:.3f} s against {old.percentiles['p50']:.3f} s, "
        f"p95 {new.percentiles['p95']:.3f} s against {old.percentiles['p95']:.3f} s{doubt}"
    )
