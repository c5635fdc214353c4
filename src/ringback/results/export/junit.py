"""A result as JUnit XML: what continuous integration systems show beside the code's own tests.

A run that failed is a `failure`. One that says nothing about the agent (`invalid`, `inconclusive`, `error`, not
finished) is an `error` of that type. The form is the strict one (the schema of Ant's JUnit task), which newer readers
take too.
"""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC
from xml.etree import ElementTree as ET

from ringback.domain.outcome import Outcome
from ringback.domain.run import Result, Run
from ringback.domain.visible import one_line, visible
from ringback.results.compare import Comparison
from ringback.results.faults import exchange, faults
from ringback.results.summary import ResultSummary, ScenarioSummary
from ringback.results.telephone_words import telephone_lines
from ringback.results.words import (
    SPEAKERS,
    entry_words,
    interval_words,
    other_counts,
    outcome_word,
    provenance_facts,
    seconds_words,
    share_words,
    standing,
    usage_words,
    variant,
)

_LONGEST = 2000
"""Characters shown of one transcript entry."""

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(result: Result, summary: ResultSummary, comparison: Comparison | None = None) -> str:
    """The report as a text with its XML declaration."""
    root = ET.Element("testsuites")
    outcomes = Counter(run.outcome for run in result.runs)
    good, bad = outcomes[Outcome.PASSED], outcomes[Outcome.FAILED]
    name = _attribute(result.name) or "ringback"
    suite = ET.SubElement(
        root,
        "testsuite",
        id="0",
        name=name,
        package=name,
        hostname="localhost",
        timestamp=result.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        tests=str(len(result.runs)),
        failures=str(bad),
        errors=str(len(result.runs) - good - bad),
        skipped="0",
        time=f"{summary.talk_seconds:.3f}",
    )
    properties = ET.SubElement(suite, "properties")
    for key, value in provenance_facts(result):
        ET.SubElement(properties, "property", name=_attribute(key), value=_attribute(value))
    for run in result.runs:
        _add_case(suite, run)
    ET.SubElement(suite, "system-out").text = _text("\n".join(_overview(summary, comparison)))
    ET.SubElement(suite, "system-err")
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _add_case(suite: ET.Element, run: Run) -> None:
    scenario = run.specification.scenario
    duration = run.conversation.duration if run.conversation else 0.0
    case = ET.SubElement(
        suite,
        "testcase",
        classname=_attribute(scenario.key),
        name=_attribute(f"{scenario.name} ({variant(run)})"),
        time=f"{duration:.3f}",
    )
    if run.outcome is Outcome.PASSED:
        return
    trouble = ET.SubElement(
        case,
        "failure" if run.outcome is Outcome.FAILED else "error",
        type=outcome_word(run.outcome),
        message=_attribute(run.evaluation.reason if run.evaluation else "The run was not finished."),
    )
    trouble.text = _text("\n".join(_story(run)))


def _story(run: Run) -> Iterator[str]:
    """The faults, the exchange, the ending: what to read in the log of a build."""
    found = list(faults(run.evaluation))
    for fault in found:
        yield f"{'?' if fault.undecided else '✗'} {one_line(fault.name)}: {one_line(fault.explanation)}"
    shown = exchange(run, found)
    if shown:
        yield ""
    for entry in shown:
        if entry is None:
            yield "   …"
            continue
        words = one_line(entry_words(entry))
        words = words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…"
        yield f"{entry.number:>4} {seconds_words(entry.start):>9}  {SPEAKERS[entry.role]}: {words}"
    yield ""
    if run.conversation is not None:
        ending = run.conversation.ending
        yield f"ending: {one_line(ending.sentence)} ({ending.code.value})"
        yield from telephone_lines(run.conversation)
    yield f"run {run.id}, attempt {run.attempt}"


def _overview(summary: ResultSummary, comparison: Comparison | None) -> Iterator[str]:
    yield summary.verdict
    for scenario in summary.scenarios:
        facts = [share_words(scenario.tally), interval_words(scenario.tally), *other_counts(scenario.tally)]
        yield f"{standing(scenario)}: {one_line(scenario.name)}: {', '.join(fact for fact in facts if fact)}"
    yield usage_words(summary.total_usage)
    for scenario in summary.scenarios:
        yield from _degraded(scenario)
    if comparison is not None:
        yield f"against result {comparison.baseline_id}:"
        yield from (one_line(sentence) for sentence in comparison.sentences())


def _degraded(scenario: ScenarioSummary) -> Iterator[str]:
    """The calls whose times are not trusted, those that passed too."""
    for run in scenario.runs:
        voice = run.conversation.voice if run.conversation else None
        if voice is not None and voice.degraded:
            yield f"degraded: run {run.id}, {one_line(scenario.name)}: {one_line(' '.join(voice.degraded))}"


def _attribute(text: str) -> str:
    return _NOT_XML.sub("\ufffd", one_line(text))


def _text(text: str) -> str:
    return _NOT_XML.sub("\ufffd", visible(text))
