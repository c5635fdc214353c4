"""A result as one HTML file: opens anywhere, offline, without JavaScript too, and asks nobody for anything.

Everything shown is escaped by the template engine; a content security policy in the page forbids every request, and
every script but the page's own.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from ringback.domain.outcome import Outcome
from ringback.domain.run import Result, Run
from ringback.domain.visible import one_line, visible
from ringback.domain.voice import VoiceRecord
from ringback.results.compare import Comparison, ScenarioComparison, Verdict
from ringback.results.export.html_run import RunView, run_title, run_view
from ringback.results.export.html_voice import Recorded
from ringback.results.summary import EXIT_MISSED, EXIT_OK, LatencySummary, ResultSummary, ScenarioSummary, Tally
from ringback.results.words import (
    WORST_FIRST,
    interval_words,
    other_counts,
    outcome_word,
    percent,
    provenance_facts,
    seconds_words,
    share_words,
    short_commit,
    standing,
    usage_words,
    variant,
)

OPENED = 20
"""Runs that did not pass and stand open when the page is opened."""
PASSED_IN_FULL = 100
"""Passed runs with their transcript; the others are one line each."""
OTHERS_IN_FULL = 500
"""Runs that did not pass with their transcript."""

_VERDICT_LIGHTS = {Verdict.WORSE: "bad", Verdict.BETTER: "good", Verdict.NO_EVIDENCE: ""}

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bar:
    """A rate with its interval, and the threshold, on a line from 0 to 100 %."""

    low: float
    high: float
    rate: float | None
    need: float | None
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _ScenarioRow:
    name: str
    light: str
    standing: str
    passed: str
    rate: str
    interval: str
    bar: _Bar
    needs: str
    remarks: Sequence[str]
    median: str
    late: str
    pass_hat: str
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _ComparisonRow:
    name: str
    light: str
    verdict: str
    before: str
    now: str
    difference: str
    interval: str
    latency: str
    remark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A run of which the page has no more than this."""

    id: int
    outcome: str
    title: str
    variant: str
    reason: str


def render(
    result: Result,
    summary: ResultSummary,
    comparison: Comparison | None = None,
    recordings: Mapping[str, Recorded] | None = None,
) -> str:
    """The report as one HTML page.

    Args:
        result: that it is about.
        summary: of the result.
        comparison: with another result.
        recordings: what the page can play, by the recording's stem.
    """
    shown = _shown(result)
    template, style, script, allowed = _page(spoken=is_spoken(result))
    return template.render(
        policy=allowed,
        style=style,
        script=script,
        title=one_line(result.name),
        light=_light(summary.exit_code),
        verdict=summary.verdict,
        agent_name="" if result.agent_name == result.agent_url else one_line(result.agent_name),
        agent_url=one_line(result.agent_url),
        started=result.created_at.strftime("%d %b %Y, %H:%M UTC"),
        commit=one_line(short_commit(result.provenance)),
        labels=[(one_line(name), one_line(value)) for name, value in result.provenance.labels.items()],
        interrupted=result.interrupted,
        share=share_words(summary.tally),
        interval=interval_words(summary.tally),
        others=list(other_counts(summary.tally)),
        bar_total=_bar(summary.tally, None),
        effort=_effort(summary),
        scenarios=[_row(scenario) for scenario in summary.scenarios],
        baseline=None if comparison is None else comparison.baseline_id,
        compared=[] if comparison is None else _compared(comparison),
        comparison_notes=[] if comparison is None else _notes(comparison),
        counts=_counts(result.runs),
        runs=_views(shown, recordings or {}),
        lines=[_line(run) for run in shown.lines],
        provenance=[(one_line(name), one_line(value)) for name, value in provenance_facts(result)],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """How much of each run the page has."""

    others: Sequence[Run]
    """In full, those that did not pass."""
    passed: Sequence[Run]
    """In full."""
    lines: Sequence[Run]
    """A line each."""


def _shown(result: Result) -> _Shown:
    order = {outcome: place for place, outcome in enumerate(WORST_FIRST)}
    runs = sorted(result.runs, key=lambda run: order[run.outcome])
    others = [run for run in runs if run.outcome is not Outcome.PASSED]
    passed = [run for run in runs if run.outcome is Outcome.PASSED]
    return _Shown(
        others=others[:OTHERS_IN_FULL],
        passed=passed[:PASSED_IN_FULL],
        lines=[*others[OTHERS_IN_FULL:], *passed[PASSED_IN_FULL:]],
    )


def voices_in_full(result: Result) -> Iterator[VoiceRecord]:
    """The spoken calls that the page shows in full, in its order; earlier attempts behind their run's last."""
    shown = _shown(result)
    return (voice for run in (*shown.others, *shown.passed) for voice in _voices(run))


def is_spoken(result: Result) -> bool:
    """Whether the page has something to play or draw; a page of text has neither style nor script for that."""
    return any(True for _ in voices_in_full(result))


def _voices(run: Run) -> Iterator[VoiceRecord]:
    held = (run.conversation, *(attempt.conversation for attempt in run.earlier_attempts))
    return (one.voice for one in held if one is not None and one.voice is not None)


def policy(*, spoken: bool = False) -> str:
    """The content security policy that stands in every page, for servers that send it as a header too."""
    return _page(spoken=spoken)[3]


@cache
def _page(*, spoken: bool) -> tuple[Template, Markup, Markup, str]:
    """The template, the page's style and script, and the policy that lets no other script run."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    parts = ("report", "voice") if spoken else ("report",)
    style, script = (
        "".join((_TEMPLATES / f"{part}.{ending}").read_text(encoding="utf-8") for part in parts)
        for ending in ("css", "js")
    )
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'"
    )
    if spoken:
        policy += "; media-src 'self' file:"  # what stands beside the page; some browsers do not count files as its own
    # Both are files of this package, not text from outside.
    return environment.get_template("report.html.j2"), Markup(style), Markup(script), policy  # noqa: S704 - ditto


def _light(exit_code: int) -> str:
    return "good" if exit_code == EXIT_OK else "bad" if exit_code == EXIT_MISSED else "unsure"


def _bar(tally: Tally, threshold: float | None) -> _Bar:
    return _Bar(
        low=round(tally.interval.low * 100, 1),
        high=round(tally.interval.high * 100, 1),
        rate=None if tally.rate is None else round(tally.rate * 100, 1),
        need=None if threshold is None else round(threshold * 100, 1),
        words=f"{share_words(tally)}, {interval_words(tally) or 'nothing valid'}",
    )


def _row(scenario: ScenarioSummary) -> _ScenarioRow:
    tally = scenario.tally
    remarks = [*other_counts(tally)]
    if scenario.nothing_asserted:
        remarks.append("nothing was asserted")
    latency = scenario.latency
    if latency and not latency.trusted:
        remarks.append(f"latency not trusted: {latency.doubt}")
    worst = min(scenario.runs, key=lambda run: WORST_FIRST.index(run.outcome))
    return _ScenarioRow(
        name=one_line(scenario.name),
        light="unsure" if scenario.meets is None else "good" if scenario.meets else "bad",
        standing=standing(scenario),
        passed=f"{tally.passed} of {tally.valid}",
        rate=percent(tally.rate) if tally.rate is not None else "none",
        interval=interval_words(tally).removeprefix("95 % interval "),
        bar=_bar(tally, scenario.threshold),
        needs=percent(scenario.threshold),
        remarks=remarks,
        median=f"{seconds_words(latency.percentiles['p50'])} median" if latency else "",
        late=f"{seconds_words(latency.percentiles['p95'])} p95" if latency else "",
        pass_hat=_pass_hat(scenario),
        anchor=f"run-{worst.id}",
    )


def _compared(comparison: Comparison) -> list[_ComparisonRow]:
    """Worse ones first."""
    order = list(_VERDICT_LIGHTS)
    return [_compared_row(one) for one in sorted(comparison.scenarios, key=lambda one: order.index(one.verdict))]


def _compared_row(scenario: ScenarioComparison) -> _ComparisonRow:
    old, new = scenario.baseline_latency, scenario.current_latency
    moved = "" if scenario.difference is None else f"{scenario.difference * 100:+.0f} points"
    low, high = scenario.interval.low * 100, scenario.interval.high * 100
    return _ComparisonRow(
        name=one_line(scenario.name),
        light=_VERDICT_LIGHTS[scenario.verdict],
        verdict=scenario.verdict,
        before=f"{scenario.baseline.passed} of {scenario.baseline.valid}",
        now=f"{scenario.current.passed} of {scenario.current.valid}",
        difference=moved,
        interval=f"{low:+.0f} to {high:+.0f}, p {scenario.p_value:.2g}" if moved else "",
        latency=f"{seconds_words(new.percentiles['p50'])}, before {seconds_words(old.percentiles['p50'])}"
        if old and new
        else "",
        remark=scenario.remark,
    )


def _notes(comparison: Comparison) -> list[str]:
    notes = [visible(note) for note in comparison.notes]
    if comparison.only_in_result:
        notes.append(f"Only in this result: {one_line(', '.join(comparison.only_in_result))}.")
    if comparison.only_in_baseline:
        notes.append(f"Only in result {comparison.baseline_id}: {one_line(', '.join(comparison.only_in_baseline))}.")
    return notes


def _latency(latency: LatencySummary | None) -> str:
    if latency is None:
        return ""
    trusted = "" if latency.trusted else f" (not trusted: {latency.doubt})"
    median, late = latency.percentiles["p50"], latency.percentiles["p95"]
    return f"{seconds_words(median)} median, {seconds_words(late)} p95{trusted}"


def _pass_hat(scenario: ScenarioSummary) -> str:
    """The chance that all of the repeats pass in a row."""
    if len(scenario.pass_hat) < 2:  # noqa: PLR2004 - one run in a row is the rate itself
        return ""
    longest = max(scenario.pass_hat)
    return f"pass^{longest} {percent(scenario.pass_hat[longest])}"


def _effort(summary: ResultSummary) -> list[str]:
    facts = [f"{summary.tally.planned} conversation{'' if summary.tally.planned == 1 else 's'}"]
    if summary.seconds is not None:
        facts.append(f"{seconds_words(summary.seconds)} in all")
    if latency := _latency(summary.latency):
        facts.append(f"agent replies in {latency}")
    facts.append(usage_words(summary.total_usage))
    return facts


def _counts(runs: Sequence[Run]) -> list[tuple[str, int]]:
    counted = {outcome_word(outcome): 0 for outcome in WORST_FIRST}
    for run in runs:
        counted[outcome_word(run.outcome)] += 1
    return [(word, count) for word, count in counted.items() if count]


def _views(shown: _Shown, recordings: Mapping[str, Recorded]) -> list[RunView]:
    return [
        *(run_view(run, opened=place < OPENED, recordings=recordings) for place, run in enumerate(shown.others)),
        *(run_view(run, opened=False, recordings=recordings) for run in shown.passed),
    ]


def _line(run: Run) -> _Line:
    return _Line(
        id=run.id,
        outcome=outcome_word(run.outcome),
        title=run_title(run),
        variant=one_line(variant(run)),
        reason=one_line(run.evaluation.reason) if run.evaluation else "",
    )
