"""Scores a finished run again on the record that is kept, without a new conversation."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from ringback.domain.conversation import Conversation
from ringback.domain.evaluation import Evaluation
from ringback.domain.run import Run, RunSpecification, RunStatus
from ringback.domain.scenario import MetricDefinition
from ringback.evaluation.evaluator import evaluate
from ringback.evaluation.outcome import decided_by_assertions, decided_by_ending
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
    if earlier is None or not metrics:
        evaluation = await evaluate(run.specification, run.conversation, judge=meter)
    else:
        evaluation = await _only(run.specification, run.conversation, earlier, metrics, meter)
    usage = dict(run.usage)
    if meter is not None and meter.usage.calls:
        usage["judge"] = usage["judge"] + meter.usage if "judge" in usage else meter.usage
    return replace(
        run, status=RunStatus.DONE, evaluation=evaluation, usage=usage, finished_at=run.finished_at or datetime.now(UTC)
    )


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
    fresh = {score.slug: score for score in scored.metrics}
    known = {score.slug for score in earlier.metrics}
    merged = [
        *(fresh.get(score.slug, score) for score in earlier.metrics),
        *(score for slug, score in fresh.items() if slug not in known),
    ]
    decision = decided_by_ending(conversation, None) or decided_by_assertions(
        conversation,
        assertions(scenario.rubric, checks=earlier.checks, metrics=merged, expected=earlier.expected_outcome),
    )
    return replace(
        earlier,
        outcome=decision.outcome,
        reason=decision.reason,
        metrics=tuple(merged),
        nothing_asserted=decision.nothing_asserted,
        usage=earlier.usage + scored.usage,
    )
