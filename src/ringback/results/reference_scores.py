"""Evaluations in the reference product's shapes: metric entries, the expected outcome, rubric rules."""

from collections.abc import Sequence
from typing import Any

from ringback.domain.conversation import Conversation
from ringback.domain.evaluation import Answer, Evaluation, Evidence, ExpectedOutcomeScore, MetricScore
from ringback.domain.rubric import Rubric, RubricRule
from ringback.domain.scenario import MetricKind
from ringback.evaluation.computed import SPEECH
from ringback.evaluation.record import Record
from ringback.evaluation.rubric import assertions
from ringback.evaluation.standing import Assertion, Standing

MARKS = {Answer.MET: "✅", Answer.NOT_MET: "❌", Answer.CANNOT_TELL: "❔"}

BEST = 5.0
"""The score of a held binary metric, and of the best rating."""

CHECKS = "checks"

LATENCY = "Latency"
"""The reference product's name; text has this metric, too."""


def score_of(kind: str, value: bool | float | str | None) -> float | None:
    """A value as `score` has it: binary 5 or 0, ratings and numbers as they are, None where there is none."""
    if value is None or isinstance(value, str):
        return None
    if isinstance(value, bool) or kind == MetricKind.BINARY:
        return BEST if value else 0.0
    return float(value)


def normalized(kind: str, value: bool | float | str | None) -> float | None:
    """A value between 0 and 1: binary and ratings; None for numbers and categories, which know no best."""
    score = score_of(kind, value)
    if score is None or kind not in (MetricKind.BINARY, MetricKind.RATING):
        return None
    share = score / BEST
    return int(share) if kind == MetricKind.BINARY else round(share, 4)


def metric_id(score: MetricScore) -> int | str:
    """The number of a metric that is kept here, else its slug."""
    return score.slug if score.id is None else score.id


def metric_entries(
    evaluation: Evaluation | None, *, with_evidence: bool = True, spoken: bool = False
) -> list[dict[str, Any]]:
    """`evaluation.metrics`; all checks together are one binary entry of that name.

    Those of a spoken call carry, where the reference product has them, its name and the value in its unit.
    """
    if evaluation is None:
        return []
    entries = [_metric(score, with_evidence=with_evidence) for score in evaluation.metrics]
    if spoken:
        for entry, score in zip(entries, evaluation.metrics, strict=True):
            entry["extra"] |= _as_reference(score)
    return [*entries, _checks(evaluation)] if evaluation.checks else entries


def _metric(score: MetricScore, *, with_evidence: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": metric_id(score),
        "name": score.name,
        "slug": score.slug,
        "type": score.kind.value,
        "score": score_of(score.kind, score.value),
        "score_normalized": normalized(score.kind, score.value),
        "explanation": score.explanation,
        "function_name": score.slug,
        "extra": {"unit": score.unit} if score.unit else {},
    }
    if score.kind is MetricKind.ENUM:
        entry |= {"enum": score.value, "value": score.value}
    if score.percentiles:
        entry["extra"]["percentiles"] = score.percentiles
    if score.crashed or score.cannot_tell:
        entry["extra"] |= {"crashed": score.crashed, "cannot_tell": score.cannot_tell}
    if score.evidence and with_evidence:
        entry["extra"]["evidence"] = [_evidence(one) for one in score.evidence]
    return entry


def _as_reference(score: MetricScore) -> dict[str, Any]:
    """`reference`: the metric by its name there, times in milliseconds."""
    name = LATENCY if score.slug == "latency" else SPEECH[score.slug].reference if score.slug in SPEECH else ""
    if not name:
        return {}
    value = score_of(score.kind, score.value)
    if score.unit != "s" or score.kind is not MetricKind.NUMERIC:
        return {"reference": {"name": name, "value": value}}
    spread = {which: _milliseconds(seconds) for which, seconds in (score.percentiles or {}).items()}
    return {"reference": {"name": name, "unit": "ms", "value": _milliseconds(value), "percentiles": spread}}


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(1000 * seconds, 1)


def is_spoken(conversation: Conversation | None) -> bool:
    """Whether a run was a call."""
    return conversation is not None and conversation.voice is not None


def unheard_in(conversation: Conversation | None) -> tuple[int, ...]:
    """Entries of the agent's that were not recognised."""
    return Record(conversation).unheard if conversation is not None and conversation.voice is not None else ()


def checks_value(evaluation: Evaluation) -> bool | None:
    """All checks as one truth value: None where none failed and one could not be decided."""
    if any(not check.passed and not check.undecided for check in evaluation.checks):
        return False
    return None if any(check.undecided for check in evaluation.checks) else True


def _checks(evaluation: Evaluation) -> dict[str, Any]:
    value = checks_value(evaluation)
    marks = {True: "✅", False: "❌"}
    return {
        "id": CHECKS,
        "name": "Checks",
        "slug": CHECKS,
        "type": MetricKind.BINARY.value,
        "score": score_of(MetricKind.BINARY, value),
        "score_normalized": normalized(MetricKind.BINARY, value),
        "explanation": [
            f"{'❔' if check.undecided else marks[check.passed]} {check.name}: {check.explanation}"
            for check in evaluation.checks
        ],
        "function_name": CHECKS,
        "extra": {
            "checks": [
                {"name": check.name, "passed": None if check.undecided else check.passed} for check in evaluation.checks
            ]
        },
    }


def expected_outcome(expected: ExpectedOutcomeScore | None, *, with_evidence: bool = True) -> dict[str, Any] | None:
    """`expected_outcome`: score 0 to 100, one marked line and one alignment a part; None where none was judged."""
    if expected is None:
        return None
    lines = [f"{MARKS[part.answer]} {part.part}: {part.explanation}" for part in expected.parts]
    return {
        "score": expected.score if expected.quotes_verified else None,
        "explanation": lines or ([expected.explanation] if expected.explanation else []),
        "outcome_alignments": [
            {
                "outcome": part.explanation,
                "prompt_part": part.part,
                "aligned": None if part.answer is Answer.CANNOT_TELL else part.answer is Answer.MET,
                **({"evidence": [_evidence(one) for one in part.evidence]} if with_evidence else {}),
            }
            for part in expected.parts
        ],
    }


def rubric_entries(
    rubric: Rubric | None, evaluation: Evaluation | None, unheard: Sequence[int] = ()
) -> list[dict[str, Any]] | None:
    """`rubric`: one entry a rule; None where the scenario has no rubric or nothing was evaluated.

    Entries that were not recognised are `unheard`: a rule on the agent's words is not broken by them.
    """
    if rubric is None or evaluation is None:
        return None
    decided = assertions(
        rubric,
        checks=evaluation.checks,
        metrics=evaluation.metrics,
        expected=evaluation.expected_outcome,
        unheard=unheard,
    )
    scores = {score.slug: score for score in evaluation.metrics}
    values = {score.slug: _shown_value(score) for score in evaluation.metrics}
    values[CHECKS] = checks_value(evaluation) if evaluation.checks else None
    if evaluation.expected_outcome is not None:
        values["expected_outcome"] = evaluation.expected_outcome.score
    return [
        _rule(rule, one, scores.get(str(rule.metric_id)), values.get(str(rule.metric_id)))
        for rule, one in zip(rubric.rules, decided, strict=True)
    ]


def _rule(rule: RubricRule, decided: Assertion, score: MetricScore | None, value: Any) -> dict[str, Any]:
    slug = str(rule.metric_id)
    conditions = rule.conditions.model_dump(mode="json")
    passed = {Standing.HOLDS: True, Standing.BROKEN: False}.get(decided.standing)
    return {
        "metric_id": rule.metric_id if score is None else metric_id(score),
        "metric_name": score.name if score is not None else slug.replace("_", " ").capitalize(),
        "value": value,
        "explanation": [decided.why] if decided.why else [],
        "passed": passed,
        "conditions": conditions,
        "expected_conditions": [f"{one.field} {one.op.value} {one.value}" for one in rule.conditions.conditions],
    }


def _shown_value(score: MetricScore) -> Any:
    return score.value if isinstance(score.value, str) else score_of(score.kind, score.value)


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {"entry": evidence.entry, "quote": evidence.quote}
