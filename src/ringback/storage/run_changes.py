"""A run as its row keeps it: what is filtered and counted by stands beside the record."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from ringback.domain.evaluation import Evaluation
from ringback.domain.run import Run, RunStatus
from ringback.storage.documents import dump_record
from ringback.storage.writer import RunChange

CHECKS = "checks"
"""All checks together are shown as one more metric under this id."""


def numbered(run: Run, numbers: Mapping[str, int]) -> Run:
    """The run, its scores with the numbers of their metrics: who asks for metric 1 has to find a 1 in every run.

    Args:
        run: as it was evaluated; scores of metrics that its scenario has attached may have their numbers already.
        numbers: of the computed metrics that are kept, by slug; every run has them, attached or not.
    """
    evaluation = run.evaluation
    if evaluation is None or not numbers:
        return run
    scores = tuple(
        replace(score, id=numbers[score.slug]) if score.id is None and score.slug in numbers else score
        for score in evaluation.metrics
    )
    return replace(run, evaluation=replace(evaluation, metrics=scores))


def change_of(run: Run, brief_of: Callable[[Run], str] | None) -> RunChange:
    """All that is saved of a run; `brief_of` renders its entry of its result's detail, once it is done."""
    conversation, evaluation = run.conversation, run.evaluation
    voice = conversation.voice if conversation else None
    return RunChange(
        id=run.id,
        status=run.status,
        attempt=run.attempt,
        outcome=run.outcome,
        started_at=run.started_at,
        finished_at=run.finished_at,
        record=dump_record(run),
        ending=conversation.ending.code if conversation else None,
        duration=conversation.duration if conversation else None,
        expectation_met=_expectation_met(evaluation),
        provider_call_id=voice.call_id if voice else None,
        measured=_measured(evaluation),
        brief=brief_of(run) if brief_of and run.status is RunStatus.DONE else None,
    )


def _expectation_met(evaluation: Evaluation | None) -> bool | None:
    """Whether all of the expected outcome is met; a verdict that could not be verified is not a met one."""
    expected = evaluation.expected_outcome if evaluation else None
    return None if expected is None else expected.quotes_verified and expected.score == 100  # noqa: PLR2004 - per cent


def _measured(evaluation: Evaluation | None) -> str | None:
    """Numbers and slugs of the metric entries, `,1,latency,checks,`: each stands between commas."""
    if evaluation is None:
        return None
    names = [str(score.id) for score in evaluation.metrics if score.id is not None]
    # A slug of digits would be taken for another metric's number.
    names += [score.slug for score in evaluation.metrics if score.id is None or not score.slug.isdecimal()]
    names += [CHECKS] if evaluation.checks else []
    return f",{','.join(names)}," if names else None
