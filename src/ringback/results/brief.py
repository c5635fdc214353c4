"""A finished run's entry of its result's detail, rendered once when the run is done.

A brief is two lines. The first has what a result adds up over its runs: a JSON array of values, a tab, and a JSON array
that says of which metrics they are, which many runs have in common. The second has the members of its entry, a JSON
object without its braces, for what only the run's row knows stands around them: its number, where it stands, what
people noted. A result of ten thousand runs is then put together without reading a single record.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson

from ringback.domain.conversation import Conversation
from ringback.domain.evaluation import Evaluation
from ringback.domain.outcome import Outcome
from ringback.domain.run import Run
from ringback.domain.scenario import MetricKind
from ringback.results.json_text import json_bytes, json_text
from ringback.results.reference_scores import (
    CHECKS,
    checks_value,
    expected_outcome,
    is_spoken,
    metric_entries,
    metric_id,
)
from ringback.results.reference_transcript import clock

LARGEST_METADATA = 4096
"""Bytes of metadata that an entry has at most; the run's own detail has all of it."""


Value = bool | float | str | None
"""Of a metric; None: not applicable, or nobody can tell."""


class Measure(NamedTuple):
    """What a metric is called."""

    id: int | str
    name: str
    kind: str
    slug: str


class Figures(NamedTuple):
    """What a result adds up over its runs, of runs that have the same metrics; a value a run in each column."""

    expected_scores: Sequence[float | None]
    """0 to 100."""
    ringing: Sequence[float | None]
    """Seconds that the telephone rang; None where none did."""
    metrics: Sequence[tuple[Measure, Sequence[Value]]]


def brief_of(run: Run) -> str:
    """The brief of a run that is done."""
    values, measures = _figures(run)
    figures = f"{json_text(values, ascii_only=True)}\t{json_text(measures, ascii_only=True)}"
    return f"{figures}\n{json_text(_entry(run), ascii_only=True)[1:-1]}"


def halves(brief: str) -> tuple[str, str]:
    """The figures of a brief, and the members of its entry."""
    figures, _, members = brief.partition("\n")
    return figures, members


def figures_of(texts: Iterable[str]) -> list[Figures]:
    """The figures of many runs, those with the same metrics together: what these are called is read once for all."""
    alike: dict[str, list[str]] = {}
    for text in texts:
        values, _, measures = text.partition("\t")
        alike.setdefault(measures, []).append(values)
    found: list[Figures] = []
    for measures, values in alike.items():
        rows = orjson.loads(f"[{','.join(values)}]")
        found += [_columns(measures, rows)] if measures else map(_older, rows)
    return found


def _columns(measures: str, rows: Sequence[Sequence[Any]]) -> Figures:
    expected_scores, ringing, *columns = zip(*rows, strict=True)
    return Figures(
        expected_scores, ringing, list(zip(map(Measure._make, orjson.loads(measures)), columns, strict=True))
    )


def _older(row: Sequence[Any]) -> Figures:
    """The figures of a brief without a tab: older versions wrote a metric's names with each value, some no slug."""
    score, metrics, *ringing = row
    measured = [
        (Measure(number, name, kind, *(slug or [str(number)])), (value,))
        for number, name, kind, value, *slug in metrics
    ]
    return Figures((score,), tuple(ringing) or (None,), measured)


def run_metadata(conversation: Conversation | None, evaluation: Evaluation | None) -> dict[str, Any]:
    """What the agent sent, and how the run ended; on the names that are ours ours wins."""
    return {**(conversation.metadata if conversation else {}), **_own_metadata(conversation, evaluation)}


def _own_metadata(conversation: Conversation | None, evaluation: Evaluation | None) -> dict[str, Any]:
    if conversation is None:
        return {}
    ending = conversation.ending
    return {
        "ended_reason": ending.reference_reason,
        "ended_by": ending.ended_by.value,
        "ending": ending.code.value,
        "ending_explanation": ending.sentence,
        **({} if conversation.ringing is None else {"ringing_duration": round(conversation.ringing, 3)}),
        **({"nothing_asserted": True} if evaluation and evaluation.nothing_asserted else {}),
    }


def error_message(evaluation: Evaluation | None) -> str | None:
    """Why a run could not be carried out; None where it was."""
    return evaluation.reason if evaluation and evaluation.outcome is Outcome.ERROR else None


def _figures(run: Run) -> tuple[list[Value], list[Measure]]:
    evaluation = run.evaluation
    measured: list[tuple[Measure, Value]] = []
    if evaluation is not None:
        measured = [
            (Measure(metric_id(score), score.name, score.kind.value, score.slug), score.value)
            for score in evaluation.metrics
        ]
        if evaluation.checks:
            measured.append((Measure(CHECKS, "Checks", MetricKind.BINARY.value, CHECKS), checks_value(evaluation)))
    expected = evaluation.expected_outcome if evaluation else None
    score = expected.score if expected is not None and expected.quotes_verified else None
    ringing = run.conversation.ringing if run.conversation else None
    return [score, ringing, *(value for _, value in measured)], [measure for measure, _ in measured]


def _entry(run: Run) -> dict[str, Any]:
    evaluation, conversation, specification = run.evaluation, run.conversation, run.specification
    started = run.started_at or (conversation.started_at if conversation else None)
    return {
        "personality_name": specification.personality.name if specification.personality else None,
        "test_profile_name": specification.profile.name if specification.profile else None,
        "expected_outcome": expected_outcome(evaluation.expected_outcome if evaluation else None, with_evidence=False),
        "evaluation": {"metrics": metric_entries(evaluation, with_evidence=False, spoken=is_spoken(conversation))},
        "timestamp": started,
        "executed_at": started,
        "finished_at": run.finished_at,
        "duration": clock(conversation.duration) if conversation else None,
        "duration_seconds": round(conversation.duration, 3) if conversation else None,
        "error_message": error_message(evaluation),
        "outcome_reason": evaluation.reason if evaluation else "",
        "call_ended_reason": conversation.ending.reference_reason if conversation else None,
        "metadata": _short_metadata(conversation, evaluation),
    }


def _short_metadata(conversation: Conversation | None, evaluation: Evaluation | None) -> dict[str, Any]:
    if conversation is None or len(json_bytes(conversation.metadata)) <= LARGEST_METADATA:
        return run_metadata(conversation, evaluation)
    return {**_own_metadata(conversation, evaluation), "cut": True}
