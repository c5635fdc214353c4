"""Whatever keeps a run from being carried out ends it, so that it is not begun again for ever."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import cast

import pytest

from ringback.domain.conversation import Conversation
from ringback.domain.ending import Ending, EndingCode
from ringback.domain.evaluation import Evaluation
from ringback.domain.outcome import Outcome
from ringback.domain.run import Run, RunSpecification, RunStatus
from ringback.domain.scenario import MetricDefinition, Scenario, ScenarioType
from ringback.errors import ModelNotConfigured, StorageError, TakenOver
from ringback.models.model import LanguageModel
from ringback.runs.carrying import carry_out
from ringback.runs.executor import Executor
from ringback.runs.worker import Call
from ringback.storage.queue import Claim
from ringback.storage.store import Store

RUN = Run(
    id=1,
    result_id=1,
    specification=RunSpecification(
        scenario=Scenario(key="k", name="K", type=ScenarioType.SCRIPT, script=("Hello",)), scenario_id=1, repeat=1
    ),
    status=RunStatus.CONVERSING,
)
HELD = Conversation(
    started_at=datetime(2026, 11, 21, tzinfo=UTC),
    duration=1.0,
    entries=(),
    ending=Ending(code=EndingCode.CALLER_ENDED, sentence="The caller hung up."),
)


@dataclass
class Saving:
    """A store that keeps what is finished."""

    finished: list[Run] = field(default_factory=list[Run])
    keeps: bool = True

    async def finish_run(self, run: Run) -> bool:
        self.finished.append(run)
        return self.keeps


def call_of(saving: Saving, run: Run = RUN, rescoring: tuple[MetricDefinition, ...] | None = None) -> Call:
    claim = Claim(run=run, sealed_agent="", agent_id=1, request="{}", call_timeout=None, rescoring=rescoring)
    return Call(claim=claim, store=cast("Store", saving), stop=asyncio.Event(), on_event=lambda _: None)


def failing(error: Exception) -> Callable[[], Executor]:
    def executor() -> Executor:
        raise error

    return executor


def no_judge() -> LanguageModel | None:
    return None


@pytest.mark.parametrize("error", [ModelNotConfigured("Set RINGBACK_JUDGE_MODEL."), KeyError("a defect")])
@pytest.mark.parametrize("held", [None, HELD])
async def test_a_run_that_cannot_be_carried_out_is_over_with_what_is_known(
    error: Exception, held: Conversation | None
) -> None:
    saving = Saving()

    done = await carry_out(call_of(saving, replace(RUN, conversation=held)), executor=failing(error), judge=no_judge)

    assert saving.finished == [done]
    assert (done.status, done.outcome) == (RunStatus.DONE, Outcome.ERROR)
    assert done.conversation is not None
    assert done.conversation == held or held is None


async def test_scoring_again_that_fails_leaves_what_was_found() -> None:
    saving = Saving()
    judged = replace(RUN, conversation=HELD, evaluation=Evaluation(outcome=Outcome.PASSED, reason="All holds."))

    def judge() -> LanguageModel | None:
        raise KeyError("a defect")

    done = await carry_out(
        call_of(saving, judged, rescoring=()), executor=failing(KeyError("not asked for")), judge=judge
    )

    assert done == replace(judged, status=RunStatus.DONE)


async def test_what_the_database_does_is_raised_and_nothing_is_concluded() -> None:
    saving = Saving()
    with pytest.raises(StorageError):
        await carry_out(call_of(saving), executor=failing(StorageError("away")), judge=no_judge)
    assert saving.finished == []


async def test_a_run_that_is_anothers_by_now_is_left_to_them() -> None:
    with pytest.raises(TakenOver):
        await carry_out(call_of(Saving(keeps=False)), executor=failing(KeyError("a defect")), judge=no_judge)
