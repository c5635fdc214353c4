"""What counted against a run, and the exchange that shows it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ringback.domain.conversation import Entry
from ringback.domain.evaluation import Answer, Evaluation, Evidence
from ringback.domain.run import Run

_CONTEXT = 2
"""Entries shown before the one that evidence names."""
_LAST = 4
"""Entries shown where no evidence names one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that did not hold, or could not be told."""

    name: str
    """The check, the metric, or the part of the expected outcome."""
    explanation: str
    undecided: bool
    """It could not be told; else it did not hold."""
    evidence: tuple[Evidence, ...]
    verdict: str = ""
    """`not met` or `cannot tell` for a part of the expected outcome, whose name says what should have been."""


def faults(evaluation: Evaluation | None) -> Iterator[Fault]:
    """Failed and undecided checks, parts of the expected outcome, and attached metrics, in this order."""
    if evaluation is None:
        return
    for check in evaluation.checks:
        if not check.passed:
            yield Fault(
                name=check.name,
                explanation=check.explanation,
                undecided=check.undecided,
                evidence=check.evidence,
            )
    if evaluation.expected_outcome is not None:
        for part in evaluation.expected_outcome.parts:
            if part.answer is not Answer.MET:
                yield Fault(
                    name=part.part,
                    explanation=part.explanation,
                    undecided=part.answer is Answer.CANNOT_TELL,
                    evidence=part.evidence,
                    verdict=part.answer.replace("_", " "),
                )
    for metric in evaluation.metrics:
        if metric.attached and (metric.value is False or metric.crashed or metric.cannot_tell):
            yield Fault(
                name=metric.name,
                explanation=metric.explanation,
                undecided=metric.value is not False,
                evidence=metric.evidence,
            )


def exchange(run: Run, found: Sequence[Fault]) -> list[Entry | None]:
    """The entries that the evidence names with what led to them, None for a gap; without evidence, the last ones."""
    if run.conversation is None:
        return []
    entries = run.conversation.by_start()
    named = {place.entry for fault in found for place in fault.evidence}
    if not named:
        return list(entries[-_LAST:])
    places = [place for place, entry in enumerate(entries) if entry.number in named]
    shown = sorted({near for place in places for near in range(max(0, place - _CONTEXT), place + 1)})
    chosen: list[Entry | None] = []
    for before, place in zip((None, *shown), shown, strict=False):
        if before is not None and place > before + 1:
            chosen.append(None)
        chosen.append(entries[place])
    return chosen
