"""What was asserted of a run and whether it holds: a rubric's rules or, with none given, all that was attached."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from ringback.domain.evaluation import Answer, CheckScore, ExpectedOutcomeScore, MetricScore
from ringback.domain.rubric import Operator, Rubric, RubricCondition, RubricRule
from ringback.domain.scenario import MetricKind
from ringback.evaluation.computed import COMPUTED
from ringback.evaluation.standing import Assertion, Standing
from ringback.evaluation.unheard import excused
from ringback.evaluation.wording import excerpt

EXPECTED_OUTCOME = "expected_outcome"
CHECKS = "checks"
_YES = 5.0
"""The number that stands for a held binary metric, as in the reference product; a broken one is 0."""

_IN_WORDS = {
    Operator.GT: "more than",
    Operator.GTE: "at least",
    Operator.LT: "less than",
    Operator.LTE: "at most",
    Operator.EQ: "",
    Operator.NEQ: "anything but",
    Operator.IN: "one of",
}


def assertions(
    rubric: Rubric | None,
    *,
    checks: Sequence[CheckScore],
    metrics: Sequence[MetricScore],
    expected: ExpectedOutcomeScore | None,
    unheard: Sequence[int] = (),
) -> list[Assertion]:
    """Everything that decides about the run. Without a rubric: checks, attached binary metrics, expected outcome.

    Where entries of the agent's were not recognised (`unheard`), nothing that rests on its words is broken by that;
    checks know it already.
    """
    if rubric is None:
        attached = [metric for metric in metrics if metric.attached and metric.kind is MetricKind.BINARY]
        expectation = [excused(_expectation(expected), unheard)] if expected is not None else []
        return [
            *map(_check, checks),
            *expectation,
            *(excused(_binary(metric), unheard if _judged(metric.slug) else ()) for metric in attached),
        ]
    by_slug = {metric.slug: metric for metric in metrics}
    return [
        excused(_rule(rule, checks, by_slug, expected), unheard if _judged(str(rule.metric_id)) else ())
        for rule in rubric.rules
    ]


def _judged(slug: str) -> bool:
    """Whether what is asserted is judged; checks and computed metrics know themselves what they cannot tell."""
    return slug not in COMPUTED and slug != CHECKS


def _check(score: CheckScore) -> Assertion:
    decided = Standing.HOLDS if score.passed else Standing.BROKEN
    standing = Standing.UNKNOWN if score.undecided else decided
    return Assertion(f"check “{score.name}”", standing, score.explanation)


def _expectation(score: ExpectedOutcomeScore) -> Assertion:
    if score.score is None or not score.quotes_verified:
        return Assertion("expected outcome", Standing.UNKNOWN, score.explanation)
    for answer, standing in ((Answer.NOT_MET, Standing.BROKEN), (Answer.CANNOT_TELL, Standing.UNKNOWN)):
        if part := next((part for part in score.parts if part.answer is answer), None):
            return Assertion("expected outcome", standing, f"“{excerpt(part.part)}”: {part.explanation}")
    return Assertion("expected outcome", Standing.HOLDS, score.explanation)


def _binary(score: MetricScore) -> Assertion:
    what = f"metric {score.slug}"
    if score.crashed or score.cannot_tell:
        return Assertion(what, Standing.UNKNOWN, score.explanation)
    if score.value is None:
        return Assertion(what, Standing.SKIPPED, score.explanation)
    return Assertion(what, Standing.HOLDS if score.value else Standing.BROKEN, score.explanation)


def _rule(
    rule: RubricRule,
    checks: Sequence[CheckScore],
    metrics: Mapping[str, MetricScore],
    expected: ExpectedOutcomeScore | None,
) -> Assertion:
    """One rule; what the run has no value of is skipped, as the reference product does."""
    slug = str(rule.metric_id)
    if slug == CHECKS:
        return _checks_rule(rule, checks)
    if slug == EXPECTED_OUTCOME:
        return _expected_rule(rule, expected)
    what = f"rubric rule on {slug}"
    score = metrics.get(slug)
    if score is None:
        return Assertion(what, Standing.SKIPPED, "The run has no such metric.")
    if score.crashed or score.cannot_tell:
        return Assertion(what, Standing.UNKNOWN, score.explanation)
    if score.value is None:
        return Assertion(what, Standing.SKIPPED, score.explanation)
    broken = _first_broken(rule, score.value)
    return _held(what, score.value, broken, score.explanation)


def _checks_rule(rule: RubricRule, checks: Sequence[CheckScore]) -> Assertion:
    """All checks together are one binary metric."""
    what = "rubric rule on checks"
    each = [_check(score) for score in checks]
    worst = max(each, key=lambda one: one.standing, default=None)
    if worst is None:
        return Assertion(what, Standing.SKIPPED, "The run has no checks.")
    if worst.standing is Standing.UNKNOWN:
        return Assertion(what, Standing.UNKNOWN, f"{worst.what}: {worst.why}")
    value = worst.standing is Standing.HOLDS
    return _held(what, value, _first_broken(rule, value), f"{worst.what}: {worst.why}")


def _expected_rule(rule: RubricRule, expected: ExpectedOutcomeScore | None) -> Assertion:
    """The expected outcome is a yes (all parts met) for rules with a truth value, else a score of 0 to 100.

    A part that cannot be told may still go either way, so the rule is decided only where both ways agree.
    """
    what = "rubric rule on expected_outcome"
    if expected is None:
        return Assertion(what, Standing.SKIPPED, "The scenario expects no outcome.")
    if expected.score is None or not expected.quotes_verified:
        return Assertion(what, Standing.UNKNOWN, expected.explanation)
    open_parts = sum(1 for part in expected.parts if part.answer is Answer.CANNOT_TELL)
    most = expected.score + 100 * open_parts / max(len(expected.parts), 1)
    outcomes = [_first_broken(rule, value, yes=value > 100 - 1e-9) for value in {expected.score, most}]
    if any(outcomes) and not all(outcomes):
        return Assertion(what, Standing.UNKNOWN, expected.explanation)
    return _held(what, f"{expected.score:g}", outcomes[0], expected.explanation)


def _held(what: str, value: Any, broken: RubricCondition | None, why: str) -> Assertion:
    if broken is None:
        return Assertion(what, Standing.HOLDS, why)
    wanted = f"{_IN_WORDS[broken.op]} {broken.value}".strip()
    shown = f"{value:.6g}" if isinstance(value, float) else value
    return Assertion(what, Standing.BROKEN, f"It is {shown}, the rule wants {wanted}. {why}")


def _first_broken(rule: RubricRule, value: Any, *, yes: bool | None = None) -> RubricCondition | None:
    """The first condition that a value does not meet; `yes` is the value's meaning as a truth value."""
    for condition in rule.conditions.conditions:
        if not _meets(condition, value, yes):
            return condition
    return None


def _meets(condition: RubricCondition, value: Any, yes: bool | None) -> bool:
    wanted = condition.value
    if condition.op is Operator.IN:
        choices = cast("list[Any]", wanted) if isinstance(wanted, list | tuple) else [wanted]
        return any(_equal(value, choice, yes) for choice in choices)
    if condition.op is Operator.EQ:
        return _equal(value, wanted, yes)
    if condition.op is Operator.NEQ:
        return not _equal(value, wanted, yes)
    have, limit = _number(value), _number(wanted)
    if have is None or limit is None:
        return False
    return {
        Operator.GT: have > limit,
        Operator.GTE: have >= limit,
        Operator.LT: have < limit,
        Operator.LTE: have <= limit,
    }[condition.op]


def _equal(value: Any, wanted: Any, yes: bool | None) -> bool:
    """Truth values against truth values (true, 1 and 5 mean yes); numbers by value; categories without case."""
    if isinstance(wanted, bool):
        return (value if yes is None else yes) is wanted
    if isinstance(value, bool):
        number = _number(wanted)
        return number is not None and number in ((1.0, _YES) if value else (0.0,))
    have, number = _number(value), _number(wanted)
    if have is not None and number is not None:
        return have == number
    return str(value).casefold() == str(wanted).casefold()


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return _YES if value else 0.0
    if isinstance(value, int | float):
        return float(value)
    try:
        return float(str(value))
    except ValueError:
        return None
