"""A result as Markdown, to be posted on a pull request: the verdict, a table, and the exchanges that failed.

Everything that an agent, a model or a suite file wrote is escaped: no markup of theirs takes effect, nobody is
mentioned and nothing is linked. Transcripts stand in code blocks whose fence no text can close.
"""

import html
import re
from collections.abc import Iterator

from ringback.domain.outcome import Outcome
from ringback.domain.run import Result, Run
from ringback.domain.visible import one_line
from ringback.results.compare import Comparison
from ringback.results.faults import exchange, faults
from ringback.results.summary import EXIT_MISSED, EXIT_OK, ResultSummary, ScenarioSummary
from ringback.results.telephone_words import telephone_lines
from ringback.results.words import (
    SPEAKERS,
    WORST_FIRST,
    entry_words,
    interval_words,
    other_counts,
    outcome_word,
    percent,
    provenance_facts,
    seconds_words,
    share_words,
    short_commit,
    usage_words,
    variant,
)

_LONGEST_COMMENT = 50_000
"""Characters after which no further run is shown: a comment on GitHub holds 65,536."""
_LONGEST_ENTRY = 1000
_LIGHTS = {True: "🟢", False: "🔴", None: "🟡"}

_MARKUP = re.compile(r"[\\`*_\[\]|~$#!]|^[-+=](?=[-+=\s]|$)|(?<=^\d)[.)]|(?<=^\d\d)[.)]")
"""What begins markup: anywhere, or at the start of a line (lists, rules, headings)."""
_LINKS = re.compile(r"(?<=[@#])|(?<=:/)|(?<=\bwww)|(?<=\bGH-)", re.IGNORECASE)
_NO_WIDTH = "\u200b"


def render(result: Result, summary: ResultSummary, comparison: Comparison | None = None) -> str:
    """The report as GitHub-flavoured Markdown."""
    blocks = [*_head(result, summary), "\n".join(_table(summary))]
    if comparison is not None:
        sentences = "\n".join(f"- {escape(sentence)}" for sentence in comparison.sentences())
        blocks.append(f"### Against result {comparison.baseline_id}\n\n{sentences}")
    blocks.extend(_failures(result, taken=sum(map(len, blocks))))
    blocks.append("\n".join(_provenance(result, summary)))
    return "\n\n".join(blocks) + "\n"


def escape(text: str) -> str:
    """Text of others as inline Markdown that shows as what it is."""
    quiet = _LINKS.sub(_NO_WIDTH, one_line(text))
    return html.escape(_MARKUP.sub(r"\\\g<0>", quiet), quote=False)


def _head(result: Result, summary: ResultSummary) -> Iterator[str]:
    light = "🟢" if summary.exit_code == EXIT_OK else "🔴" if summary.exit_code == EXIT_MISSED else "🟡"
    yield f"## {light} {escape(summary.verdict)}"
    facts = [share_words(summary.tally), interval_words(summary.tally), *other_counts(summary.tally)]
    line = f"**{', '.join(fact for fact in facts if fact)}**"
    if agent := result.agent_name or result.agent_url:
        line += f", agent {escape(agent)}"
    if commit := short_commit(result.provenance):
        line += f", commit `{escape(commit)}`"
    yield line


def _table(summary: ResultSummary) -> Iterator[str]:
    yield "| | Scenario | Passed | Rate | 95 % interval | Needs | Did not count | Latency p95 |"
    yield "|---|---|---|---|---|---|---|---|"
    for scenario in summary.scenarios:
        yield "| " + " | ".join(_cells(scenario)) + " |"


def _cells(scenario: ScenarioSummary) -> Iterator[str]:
    tally = scenario.tally
    yield _LIGHTS[scenario.meets]
    yield escape(scenario.name)
    yield f"{tally.passed} of {tally.valid}"
    if tally.rate is None:
        yield "insufficient evidence"
        yield ""
    else:
        yield percent(tally.rate) + ("" if tally.sufficient else ", insufficient evidence")
        yield f"{round(tally.interval.low * 100)} to {round(tally.interval.high * 100)} %"
    yield percent(scenario.threshold)
    remarks = [*other_counts(tally)]
    if scenario.nothing_asserted:
        remarks.append(f"nothing was asserted in {scenario.nothing_asserted}")
    yield ", ".join(remarks)
    latency = scenario.latency
    doubt = "" if latency is None or latency.trusted else ", not trusted"
    yield seconds_words(latency.percentiles["p95"]) + doubt if latency else ""


def _failures(result: Result, *, taken: int) -> Iterator[str]:
    """The runs that did not pass, the agent's failures first, as many as fit into a comment."""
    order = {outcome: place for place, outcome in enumerate(WORST_FIRST)}
    shown = sorted(
        (run for run in result.runs if run.outcome is not Outcome.PASSED), key=lambda run: order[run.outcome]
    )
    for place, run in enumerate(shown):
        block = "\n".join(_failure(run))
        taken += len(block)
        if taken > _LONGEST_COMMENT:
            yield f"… and {len(shown) - place} more runs that did not pass: see the HTML report."
            return
        yield block


def _failure(run: Run) -> Iterator[str]:
    scenario = run.specification.scenario
    yield f"### {outcome_word(run.outcome)}: {escape(scenario.name)} ({escape(variant(run))})"
    yield ""
    yield escape(run.evaluation.reason if run.evaluation else "The run was not finished.")
    found = list(faults(run.evaluation))
    if found:
        yield ""
    for fault in found:
        yield f"- {'?' if fault.undecided else '✗'} **{escape(fault.name)}**: {escape(fault.explanation)}"
    lines = list(_exchange_lines(run))
    if lines:
        fence = "`" * max(3, 1 + max((len(ticks) for line in lines for ticks in re.findall("`+", line)), default=0))
        yield ""
        yield f"{fence}text"
        yield from lines
        yield fence
    if run.conversation is not None:
        yield ""
        yield f"Ending: {escape(run.conversation.ending.sentence)}"
        if lines := list(telephone_lines(run.conversation)):
            yield ""
            yield from (f"- {escape(line)}" for line in lines)


def _exchange_lines(run: Run) -> Iterator[str]:
    found = list(faults(run.evaluation))
    named = {place.entry for fault in found for place in fault.evidence}
    for entry in exchange(run, found):
        if entry is None:
            yield "      …"
            continue
        words = one_line(entry_words(entry))
        words = words if len(words) <= _LONGEST_ENTRY else f"{words[:_LONGEST_ENTRY]}…"
        yield f"{'▶' if entry.number in named else ' '} {entry.number:>3} {SPEAKERS[entry.role]}: {words}"


def _provenance(result: Result, summary: ResultSummary) -> Iterator[str]:
    yield "<details><summary>Where this comes from</summary>"
    yield ""
    for name, value in provenance_facts(result):
        yield f"- {escape(name)}: {escape(value)}"
    time = f"{seconds_words(summary.seconds)}, " if summary.seconds is not None else ""
    yield f"- effort: {escape(time + usage_words(summary.total_usage))}"
    yield ""
    yield "</details>"
