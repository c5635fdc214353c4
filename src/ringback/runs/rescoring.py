"""Scores a finished run again on the record that is kept, without a new conversation."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from ringback.domain.conversation import Conversation
from ringback.domain.evaluation import Evaluation
from ringback.domain.outcome import Outcome
from ringback.domain.run import Run, RunSpecification, RunStatus
from ringback.domain.scenario import MetricDefinition, Scenario
from ringback.evaluation.evaluator import evaluate
from ringback.evaluation.outcome import Decision, decided_by_assertions, decided_by_ending
from ringback.evaluation.rubric import assertions
from ringback.models.model import LanguageModel
from ringback.runs.metering import MeteredModel


async def rescored(run: Run, metrics: Sequence[MetricDefinition], *, judge: LanguageModel | None) -> Run:
    """The run with these metrics scored anew and its outcome decided again; all else stays as it was.

    Args:
        run: finished, with its conversation.
        metrics: what to score; none: everything that the scenario asks for, its expected outcome too.
        judge: the model that judged metrics are put to.
    """
    if run.conversation is None:
        return replace(run, status=RunStatus.DONE)
    meter = MeteredModel(judge) if judge else None
    earlier = run.evaluation
    if earlier is None or not metrics or _never_judged(run.specification.scenario, earlier):
        evaluation = await evaluate(run.specification, run.conversation, judge=meter)
    else:
        evaluation = await _only(run.specification, run.conversation, earlier, metrics, meter)
    usage = dict(run.usage)
    if meter is not None and meter.usage.calls:
        usage["judge"] = usage["judge"] + meter.usage if "judge" in usage else meter.usage
    return replace(
        run, status=RunStatus.DONE, evaluation=evaluation, usage=usage, finished_at=run.finished_at or datetime.now(UTC)
    )


def _never_judged(scenario: Scenario, earlier: Evaluation) -> bool:
    """Whether something was never found out: some metrics more would make it pass without."""
    return not earlier.metrics or (bool(scenario.expected_outcome) and earlier.expected_outcome is None)


async def _only(
    specification: RunSpecification,
    conversation: Conversation,
    earlier: Evaluation,
    metrics: Sequence[MetricDefinition],
    judge: LanguageModel | None,
) -> Evaluation:
    scenario = specification.scenario
    asked = scenario.model_copy(update={"metrics": tuple(metrics), "expected_outcome": None, "rubric": None})
    scored = await evaluate(specification.model_copy(update={"scenario": asked}), conversation, judge=judge)
    wanted = {metric.slug for metric in metrics}
    # Some are computed whoever asks; those that nobody asked for stay as they are, attached or not.
    fresh = {score.slug: score for score in scored.metrics if score.slug in wanted}
    known = {score.slug for score in earlier.metrics}
    merged = [
        *(fresh.get(score.slug, score) for score in earlier.metrics),
        *(score for slug, score in fresh.items() if slug not in known),
    ]
    asserted = assertions(scenario.rubric, checks=earlier.checks, metrics=merged, expected=earlier.expected_outcome)
    decision = decided_by_ending(conversation, None) or decided_by_assertions(conversation, asserted)
    if scored.outcome is Outcome.ERROR:  # the judge was away
        decision = Decision(scored.outcome, scored.reason)
    return replace(
        earlier,
        outcome=decision.outcome,
        reason=decision.reason,
        metrics=tuple(merged),
        nothing_asserted=decision.nothing_asserted,
        usage=earlier.usage + scored.usage,
    )
