"""Scoring a finished run again on its record."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from ringback.domain.conversation import Conversation, Entry, Role
from ringback.domain.ending import Ending, EndingCode
from ringback.domain.evaluation import Evaluation, MetricScore
from ringback.domain.outcome import Outcome
from ringback.domain.run import Run, RunSpecification, RunStatus
from ringback.domain.scenario import MetricDefinition, MetricKind, Scenario, ScenarioType
from ringback.domain.usage import Usage
from ringback.errors import ModelUnavailable
from ringback.models.model import CallKey, Message, ModelReply, Tool, UnfitReply
from ringback.runs.rescoring import rescored

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
POLITE = MetricDefinition(slug="polite", name="Polite", description="Was the agent polite?")
MOOD = MetricDefinition(slug="mood", name="Mood")
TURNS = MetricDefinition(slug="turns", name="Turns of mine", kind=MetricKind.NUMERIC)


@dataclass
class Judge:
    """A model that is away."""

    name: str = "test:judge"
    asked: list[CallKey] = field(default_factory=list[CallKey])

    async def reply(
        self,
        messages: Sequence[Message],
        *,
        key: CallKey,
        shape: type[BaseModel] | None = None,
        tools: Sequence[Tool] = (),
    ) -> ModelReply:
        self.asked.append(key)
        unfit = UnfitReply("No verdict.", Usage(calls=1, input_tokens=5))
        raise ModelUnavailable("The model is away.") from unfit

    async def close(self) -> None:
        """Nothing is open."""


def finished(*, evaluation: Evaluation | None = None, **fields: Any) -> Run:
    scenario = Scenario.model_validate(
        {"key": "k", "name": "K", "type": ScenarioType.SCRIPT, "script": ("Hello",), **fields}
    )
    entries = tuple(
        Entry(number=number, role=role, content=words, start=float(number), end=float(number), turn=1)
        for number, role, words in ((1, Role.CALLER, "Hello"), (2, Role.AGENT, "Good day"))
    )
    ending = Ending(code=EndingCode.CALLER_ENDED, sentence="The caller hung up.")
    return Run(
        id=1,
        result_id=1,
        specification=RunSpecification(scenario=scenario, scenario_id=1, repeat=1),
        status=RunStatus.EVALUATING,
        conversation=Conversation(started_at=NOON, duration=2.0, entries=entries, ending=ending),
        evaluation=evaluation,
        started_at=NOON,
        finished_at=NOON,
    )


def named(run: Run) -> dict[str, str]:
    assert run.evaluation is not None
    return {score.slug: score.name for score in run.evaluation.metrics}


async def test_a_run_without_a_conversation_stays_as_it_is() -> None:
    run = replace(finished(), conversation=None)
    assert await rescored(run, (), judge=None) == replace(run, status=RunStatus.DONE)


async def test_everything_is_scored_where_nothing_is_named() -> None:
    done = await rescored(replace(finished(), finished_at=None), (), judge=None)

    assert done.outcome is Outcome.PASSED
    assert done.status is RunStatus.DONE
    assert done.finished_at is not None
    assert {"latency", "turns"} <= named(done).keys()


async def test_only_what_is_named_changes() -> None:
    first = await rescored(finished(metrics=(TURNS,)), (), judge=None)
    share = MetricDefinition(slug="word_share", name="Share", kind=MetricKind.NUMERIC)

    again = await rescored(first, (share,), judge=None)

    assert named(again) == named(first) | {"word_share": "Share"}
    assert again.evaluation is not None
    attached = {score.slug for score in again.evaluation.metrics if score.attached}
    assert attached == {"turns", "word_share"}, "what the scenario asks for stays attached"
    assert again.finished_at == NOON


async def test_a_metric_that_was_not_scored_before_comes_to_the_others() -> None:
    first = await rescored(finished(), (), judge=None)

    again = await rescored(first, (MOOD,), judge=None)

    assert list(named(again)) == [*named(first), "mood"]


async def test_a_metric_that_is_kept_is_scored_under_its_number() -> None:
    first = await rescored(finished(), (), judge=None)

    again = await rescored(first, (TURNS.model_copy(update={"id": 2}), MOOD.model_copy(update={"id": 21})), judge=None)

    assert again.evaluation is not None
    numbers = {score.slug: score.id for score in again.evaluation.metrics}
    assert (numbers["turns"], numbers["mood"], numbers["latency"]) == (2, 21, None)


async def test_a_run_that_was_never_judged_is_not_made_to_pass_by_another_metric() -> None:
    """It was given up or cancelled before its judge answered."""
    lost = Evaluation(outcome=Outcome.ERROR, reason="Worker lost.")
    run = finished(evaluation=lost, expected_outcome="A table is booked.")

    assert (await rescored(run, (TURNS,), judge=None)).outcome is Outcome.ERROR

    score = MetricScore(slug="turns", name="Turns", kind=MetricKind.NUMERIC, value=1.0)
    down = replace(run, evaluation=replace(lost, metrics=(score,)))
    assert (await rescored(down, (TURNS,), judge=None)).outcome is Outcome.ERROR


async def test_a_judge_that_is_away_is_an_error_and_its_use_is_counted() -> None:
    first = await rescored(finished(), (), judge=None)
    judge = Judge()

    again = await rescored(first, (POLITE,), judge=judge)
    twice = await rescored(again, (POLITE,), judge=judge)

    assert again.outcome is Outcome.ERROR
    assert "away" in (again.evaluation.reason if again.evaluation else "")
    assert again.usage["judge"].calls > 0
    assert twice.usage["judge"].calls == 2 * again.usage["judge"].calls
    assert judge.asked
