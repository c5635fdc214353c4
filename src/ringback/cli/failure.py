"""What a person needs to see of a run that did not pass: why, and the exchange where it happened."""

from collections.abc import Iterator, Sequence

from rich.text import Text

from ringback.domain.conversation import Entry, Role
from ringback.domain.evaluation import Answer, Evaluation, Evidence
from ringback.domain.outcome import Outcome
from ringback.domain.run import Run
from ringback.domain.visible import visible

MARKS = {
    Outcome.PASSED: ("✓", "green"),
    Outcome.FAILED: ("✗", "red"),
    Outcome.INVALID: ("!", "yellow"),
    Outcome.INCONCLUSIVE: ("?", "yellow"),
    Outcome.ERROR: ("E", "red"),
}
CONTEXT = 2
"""Transcript entries shown before the one that the evidence names."""
SHOWN_TROUBLES = 3
"""Different troubles of one scenario that are shown in full."""
LONGEST = 300
"""Characters shown of one entry."""

_SPEAKERS = {
    Role.CALLER: "caller",
    Role.AGENT: "agent",
    Role.TOOL_CALL: "tool call",
    Role.TOOL_RESULT: "tool result",
}


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
            yield Text(
                f"    the same in {len(alike) - 1} more: run {', '.join(str(run.id) for run in alike[1:])}", "dim"
            )
    more = sum(len(alike) for alike in list(groups.values())[SHOWN_TROUBLES:])
    if more:
        yield Text(f"    and {more} more runs with other troubles: `ringback results show` has them all", "dim")


def _trouble(evaluation: Evaluation) -> str:
    """What the run is grouped by: which checks and parts went wrong, whatever they saw."""
    failed = [check.name for check in evaluation.checks if not check.passed]
    parts = evaluation.expected_outcome.parts if evaluation.expected_outcome else ()
    failed += [part.part for part in parts if part.answer is not Answer.MET]
    return "\n".join((evaluation.outcome, *(failed or [evaluation.reason])))


def failure_lines(run: Run) -> Iterator[Text]:
    """The reason, then each thing that was found wrong, then the exchange that shows it."""
    evaluation = run.evaluation
    if evaluation is None:
        return
    wrong = list(_wrong(evaluation)) if run.outcome in (Outcome.FAILED, Outcome.INCONCLUSIVE) else []
    reason = "" if wrong else f": {visible(evaluation.reason)}"
    yield Text(f"    run {run.id}{reason}", style="default" if reason else "dim")
    for sentence, _ in wrong:
        yield Text(f"    · {visible(sentence)}", style="red" if run.outcome is Outcome.FAILED else "yellow")
    evidence = [place for _, places in wrong for place in places]
    if run.conversation is not None:
        yield from _exchange(run.conversation.entries, {place.entry for place in evidence})


def transcript_lines(run: Run) -> Iterator[Text]:
    """The whole record: reason, findings, every entry with its time, and how it ended."""
    if run.evaluation is not None:
        yield Text(f"    run {run.id}: {visible(run.evaluation.reason)}")
        for sentence, _ in _wrong(run.evaluation):
            yield Text(f"    · {visible(sentence)}", style="red" if run.outcome is Outcome.FAILED else "yellow")
    conversation = run.conversation
    if conversation is None:
        return
    for entry in conversation.entries:
        line = Text(f"      {entry.number:>3} {entry.start:7.2f} s  {_SPEAKERS[entry.role]:<12}", style="dim")
        line.append(visible(_words(entry)), style="default not dim")
        if entry.latency is not None:
            line.append(f"  ({entry.latency:.2f} s)", style="dim")
        yield line
    for finding in conversation.findings:
        yield Text(f"      finding at {finding.at:.2f} s: {visible(finding.sentence)}", style="yellow")
    if conversation.metadata:
        yield Text(f"      metadata {visible(str(conversation.metadata))}", style="dim")
    yield Text(f"      {visible(conversation.ending.sentence)}", style="dim")


def _wrong(evaluation: Evaluation) -> Iterator[tuple[str, tuple[Evidence, ...]]]:
    for check in evaluation.checks:
        if not check.passed:
            yield f"{check.name}: {check.explanation}", check.evidence
    if evaluation.expected_outcome is not None:
        for part in evaluation.expected_outcome.parts:
            if part.answer is not Answer.MET:
                answer = str(part.answer).replace("_", " ")
                yield f"{answer}: {part.part}: {part.explanation}", part.evidence
    for metric in evaluation.metrics:
        if metric.attached and (metric.value is False or metric.crashed):
            yield f"{metric.name}: {metric.explanation}", metric.evidence


def _exchange(entries: tuple[Entry, ...], named: set[int]) -> Iterator[Text]:
    """The entries that evidence names with what led to them; without evidence, how the conversation ended."""
    if named:
        shown = {number for name in named for number in range(name - CONTEXT, name + 1)}
    else:
        shown = {entry.number for entry in entries[-CONTEXT - 1 :]}
    last = 0
    for entry in entries:
        if entry.number not in shown:
            continue
        if last and entry.number > last + 1:
            yield Text("        …", style="dim")
        last = entry.number
        line = Text(
            f"      {entry.number:>3} {_SPEAKERS[entry.role]:<12}", style="bold" if entry.number in named else "dim"
        )
        line.append(visible(_words(entry)), style="bold" if entry.number in named else "")
        yield line


def _words(entry: Entry) -> str:
    if entry.tool is not None:
        detail = entry.tool.arguments if entry.role is Role.TOOL_CALL else entry.tool.result
        text = f"{entry.tool.name} {detail}"
    else:
        text = entry.content or ("(hangs up)" if entry.ends_call else "(nothing)")
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
