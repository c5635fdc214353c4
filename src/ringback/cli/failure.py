"""What a person needs to see of a run that did not pass: why, and the exchange where it happened."""

from collections.abc import Iterator, Sequence
from typing import Any, cast

from rich.text import Text

from ringback.domain.conversation import Entry, Finding, FindingCode
from ringback.domain.evaluation import Evaluation
from ringback.domain.outcome import Outcome
from ringback.domain.run import Run
from ringback.domain.visible import visible
from ringback.evaluation.arguments import as_json
from ringback.evaluation.quotes import shown_text
from ringback.evaluation.unheard import NOT_RECOGNISED, is_unheard
from ringback.results.faults import Fault, exchange, faults
from ringback.results.telephone_words import telephone_lines
from ringback.results.words import SPEAKERS

MARKS = {
    Outcome.PASSED: ("✓", "green"),
    Outcome.FAILED: ("✗", "red"),
    Outcome.INVALID: ("!", "yellow"),
    Outcome.INCONCLUSIVE: ("?", "yellow"),
    Outcome.ERROR: ("E", "red"),
}
SHOWN_TROUBLES = 3
"""Different troubles of one scenario that are shown in full."""
_SHOWN_NUMBERS = 5
"""Runs with the same trouble that are named; the others are counted."""
_TOLD_APART = frozenset({"early_hang_up", "loop", "restart"})
"""Kinds of a discarded reply that have a finding of their own beside that of the discarding."""
LONGEST = 300
"""Characters shown of one entry."""


def outcome_mark(outcome: Outcome) -> Text:
    """The sign of an outcome, coloured."""
    sign, style = MARKS[outcome]
    return Text().append(sign, style=f"bold {style}")


def failures_lines(runs: Sequence[Run]) -> Iterator[Text]:
    """What is wrong with the runs of one scenario; runs with the same trouble are shown once."""
    groups: dict[str, list[Run]] = {}
    for run in sorted(runs, key=lambda run: run.id):
        if run.evaluation is not None and run.outcome is not Outcome.PASSED:
            groups.setdefault(_trouble(run.evaluation), []).append(run)
    for alike in list(groups.values())[:SHOWN_TROUBLES]:
        yield from failure_lines(alike[0])
        if len(alike) > 1:
            yield Text(f"    the same in {len(alike) - 1} more: run {_numbers(alike[1:])}", "dim")
    more = sum(len(alike) for alike in list(groups.values())[SHOWN_TROUBLES:])
    if more:
        yield Text(f"    and {more} more runs with other troubles: `ringback results show` has them all", "dim")


def _numbers(runs: Sequence[Run]) -> str:
    shown = ", ".join(str(run.id) for run in runs[:_SHOWN_NUMBERS])
    more = len(runs) - _SHOWN_NUMBERS
    return f"{shown} and {more} others" if more > 1 else ", ".join(str(run.id) for run in runs)


def _trouble(evaluation: Evaluation) -> str:
    """What the run is grouped by: what counted against it, whatever was seen."""
    return "\n".join((evaluation.outcome, *([fault.name for fault in faults(evaluation)] or [evaluation.reason])))


def failure_lines(run: Run) -> Iterator[Text]:
    """The reason, then each thing that was found wrong, then the exchange that shows it."""
    evaluation = run.evaluation
    if evaluation is None:
        return
    found = list(faults(evaluation)) if run.outcome in (Outcome.FAILED, Outcome.INCONCLUSIVE) else []
    reason = "" if found else f": {visible(evaluation.reason)}"
    yield Text(f"    run {run.id}{reason}", style="default" if reason else "dim")
    yield from map(_fault_line, found)
    named = {place.entry for fault in found for place in fault.evidence}
    for entry in exchange(run, found):
        yield _entry_line(entry, named=entry.number in named) if entry else Text("        …", style="dim")


def transcript_lines(run: Run) -> Iterator[Text]:
    """The whole record: reason, findings, every entry with its time, and how it ended."""
    if run.evaluation is not None:
        found, reason = list(faults(run.evaluation)), run.evaluation.reason
        told = any(fault.explanation and fault.explanation in reason for fault in found)
        yield Text(f"    run {run.id}{'' if told else f': {visible(reason)}'}")
        yield from map(_fault_line, found)
    conversation = run.conversation
    if conversation is None:
        return
    for entry in conversation.by_start():
        line = Text(f"      {entry.number:>3} {entry.start:7.2f} s  {SPEAKERS[entry.role]:<12}", style="dim")
        line.append(visible(_words(entry)), style="default not dim")
        if entry.latency is not None:
            line.append(f"  ({entry.latency:.2f} s)", style="dim")
        yield line
    for finding in conversation.findings:
        if is_told_already(finding):
            continue
        yield Text(f"      finding at {finding.at:.2f} s: {visible(finding.sentence)}", style="yellow")
    if conversation.metadata:
        yield Text(f"      metadata {visible(as_json(conversation.metadata))}", style="dim")
    for line in telephone_lines(conversation):
        yield Text(f"      {visible(line)}", style="yellow" if line.startswith("degraded: ") else "dim")
    yield Text(f"      {visible(conversation.ending.sentence)}", style="dim")


def is_told_already(finding: Finding) -> bool:
    """Whether a finding says of a discarded reply only what findings of their own have said."""
    detail: Any = finding.detail
    if finding.code is not FindingCode.DISCARDED_REPLY or not isinstance(detail, dict):
        return False
    kinds = cast("dict[str, Any]", detail).get("kinds")
    return isinstance(kinds, list) and _TOLD_APART.issuperset(cast("list[Any]", kinds))


def _fault_line(fault: Fault) -> Text:
    verdict = fault.verdict or ("cannot tell" if fault.undecided else "")
    words = visible(": ".join(part for part in (fault.name.rstrip("."), verdict, fault.explanation) if part))
    return Text(f"    · {words}", style="yellow" if fault.undecided else "red")


def _entry_line(entry: Entry, *, named: bool) -> Text:
    line = Text(f"      {entry.number:>3} {SPEAKERS[entry.role]:<12}", style="bold" if named else "dim")
    return line.append(visible(_words(entry)), style="bold" if named else "not dim")


def _words(entry: Entry) -> str:
    if entry.tool is not None:
        text = shown_text(entry)
    elif is_unheard(entry):
        text = NOT_RECOGNISED
    else:
        text = entry.content or ("(hangs up)" if entry.ends_call else "(nothing)")
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
