"""One run from its specification to its stored record, against real servers."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

import pytest

from ringback.callers import conditional
from ringback.callers.caller import Wait
from ringback.conversation.loop import Held
from ringback.domain.check import AgentSaid
from ringback.domain.ending import EndingCode
from ringback.domain.event import CallEnded, Event, RunFinished, RunStarted
from ringback.domain.outcome import Outcome
from ringback.domain.run import Run, RunStatus
from ringback.domain.scenario import Condition, ConditionalActions, ConditionType, Scenario, ScenarioType
from ringback.domain.telephone import DialWindow
from ringback.domain.usage import Usage
from ringback.errors import CallerInvalid, CallFailed, ChannelError, Refused
from ringback.runs.executor import Executor
from ringback.runs.talking import Talk
from ringback.storage.store import Store
from ringback.testing.agent_server import ScriptedAgentServer

MakeScenario = Callable[..., Scenario]


class Bench(Protocol):
    store: Store
    events: list[Event]
    invalid_retries: int

    def executor(self, url: str) -> Executor: ...
    async def runs(self, *scenarios: Scenario, repeat: int = 1) -> list[Run]: ...


async def test_a_run_is_held_checked_and_stored(bench: Bench, scenario: MakeScenario) -> None:
    async with ScriptedAgentServer(replies=["Good morning."], otherwise="Bye.") as agent:
        (run,) = await bench.runs(scenario(checks=(AgentSaid(type="agent_said", text="good morning"),)))
        done = await bench.executor(agent.url).execute(run)
    assert done.outcome is Outcome.PASSED
    stored = await bench.store.run(run.id)
    assert stored == done
    assert [entry.content for entry in stored.conversation.entries][:3] == ["Hello.", "Good morning.", "Goodbye."]  # type: ignore[union-attr] - a finished run has one


async def test_events_begin_with_the_run_and_end_with_it(bench: Bench, scenario: MakeScenario) -> None:
    async with ScriptedAgentServer() as agent:
        (run,) = await bench.runs(scenario())
        await bench.executor(agent.url).execute(run)
    assert isinstance(bench.events[0], RunStarted)
    assert isinstance(bench.events[-2], CallEnded)
    assert isinstance(bench.events[-1], RunFinished)


async def test_a_refused_handshake_is_an_error_and_is_tried_once(bench: Bench, scenario: MakeScenario) -> None:
    async with ScriptedAgentServer(secret="right") as agent:
        (run,) = await bench.runs(scenario())
        done = await bench.executor(agent.url).execute(run)
        assert len(agent.refused) == 1
    assert done.outcome is Outcome.ERROR
    assert done.conversation is not None
    assert done.conversation.ending.code is EndingCode.REFUSED
    assert "401" in done.conversation.ending.sentence


async def test_a_server_that_is_briefly_overloaded_is_tried_again(bench: Bench, scenario: MakeScenario) -> None:
    async with ScriptedAgentServer(refusals=[503], otherwise="Hello.") as agent:
        (run,) = await bench.runs(scenario())
        done = await bench.executor(agent.url).execute(run)
        assert len(agent.refused) == 1
    assert done.outcome is Outcome.PASSED


async def test_no_condition_matched_is_invalid_and_is_not_attempted_again(
    bench: Bench, scenario: MakeScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conditional, "PATIENCE", Wait(0.0))
    actions = ConditionalActions(
        conditions=(
            Condition(id=0, condition="FIRST_MESSAGE", action="Hi", type=ConditionType.STANDARD, fixed_message=True),
            Condition(id=1, condition='contains "never"', action="x", type=ConditionType.STANDARD, fixed_message=True),
        )
    )
    async with ScriptedAgentServer(replies=["Something else."]) as agent:
        (run,) = await bench.runs(
            scenario(type=ScenarioType.CONDITIONAL_ACTIONS, script=(), conditional_actions=actions, max_duration=600)
        )
        executor = bench.executor(agent.url)
        done = await executor.execute(run)
        assert len(agent.calls) == 1
    assert done.outcome is Outcome.INVALID
    assert done.attempt == 1
    assert done.evaluation is not None
    assert "Something else." in done.evaluation.reason


async def test_what_all_attempts_used_on_the_line_is_added_up(bench: Bench, scenario: MakeScenario) -> None:
    def talking(talk: Talk) -> Talk:
        async def metered(*args: Any, **more: Any) -> Held:
            held = await talk(*args, **more)
            failure = CallerInvalid("It lost its role.", reason="role") if not attempts else None
            attempts.append(held)
            used = {"text_to_speech": Usage(utterances=2, characters=15, cost=0.5)}
            return replace(held, failure=failure, usage=used)

        return metered

    attempts: list[Held] = []
    async with ScriptedAgentServer(otherwise="Bye.") as agent:
        (run,) = await bench.runs(scenario())
        executor = bench.executor(agent.url)
        done = await replace(executor, talk=talking(executor.talk)).execute(run)
    assert len(attempts) == 2
    assert done.usage == {"text_to_speech": Usage(utterances=4, characters=30, cost=1.0)}
    assert await bench.store.run(run.id) == done


async def test_an_agent_that_has_called_us_is_not_awaited_again_where_the_caller_was_invalid(
    bench: Bench, scenario: MakeScenario
) -> None:
    attempts: list[Run] = []

    def talking(talk: Talk) -> Talk:
        async def loses_its_role(run: Run, *args: Any, **more: Any) -> Held:
            attempts.append(run)
            held = await talk(run, *args, **more)
            return replace(held, failure=CallerInvalid("It lost its role.", reason="role"))

        return loses_its_role

    async with ScriptedAgentServer(otherwise="Bye.") as agent:
        (run,) = await bench.runs(scenario())
        executor = bench.executor(agent.url)
        window = DialWindow(number="+15550100", opens_at=datetime.now(UTC), seconds=300)
        done = await replace(executor, talk=talking(executor.talk)).execute(replace(run, dial_window=window))
    assert (len(attempts), done.attempt, done.outcome) == (1, 1, Outcome.INVALID)


async def test_a_defect_costs_its_own_run_and_says_so(bench: Bench, scenario: MakeScenario) -> None:
    async with ScriptedAgentServer() as agent:
        (run,) = await bench.runs(scenario())
        executor = bench.executor(agent.url)

        def broken(*_: object) -> object:
            raise RuntimeError("a defect")

        object.__setattr__(executor, "build_caller", broken)
        done = await executor.execute(run)
    assert done.outcome is Outcome.ERROR
    assert done.status is RunStatus.DONE
    assert done.conversation is not None
    assert done.conversation.ending.code is EndingCode.INTERNAL_ERROR


@pytest.mark.parametrize(
    ("error", "ending", "rang"),
    [
        (CallFailed("It is busy.", reason="busy"), EndingCode.BUSY, None),
        (CallFailed("Nobody answered.", reason="no_answer", ringing=30.0), EndingCode.NO_ANSWER, 30.0),
        (CallFailed("Wrong password.", reason="credentials_refused"), EndingCode.CREDENTIALS_REFUSED, None),
        (CallFailed("488.", reason="call_failed", ringing=0.5), EndingCode.CALL_FAILED, 0.5),
        (CallFailed("It did not call.", reason="did_not_call"), EndingCode.DID_NOT_CALL, None),
        (CallFailed("500.", reason="not_triggered"), EndingCode.NOT_TRIGGERED, None),
        (CallFailed("It died.", reason="telephone_failed", ringing=1.0), EndingCode.TELEPHONE_FAILED, 1.0),
        (Refused("It was rejected.", 603), EndingCode.REFUSED, None),
    ],
)
async def test_a_telephone_call_that_does_not_come_about_is_kept_with_its_ending_and_its_ringing(
    bench: Bench, scenario: MakeScenario, error: ChannelError, ending: EndingCode, rang: float | None
) -> None:
    async def fails(*_: Any, **__: Any) -> Held:
        raise error

    (run,) = await bench.runs(scenario())
    done = await replace(bench.executor("ws://127.0.0.1:9"), talk=fails).execute(run)
    stored = await bench.store.run(run.id)
    assert done.outcome is Outcome.ERROR
    assert done.evaluation is not None
    assert done.evaluation.reason == str(error)
    assert stored.conversation is not None
    assert (stored.conversation.ending.code, stored.conversation.ringing) == (ending, rang)
