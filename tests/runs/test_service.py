"""A result from request to end, stopped half-way and taken up again."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

import pytest
from pydantic import BaseModel

from ringback.domain.ending import EndingCode
from ringback.domain.event import Event, Notice, RunFinished
from ringback.domain.outcome import Outcome
from ringback.domain.run import Provenance
from ringback.domain.scenario import Scenario
from ringback.domain.usage import Usage
from ringback.errors import CostLimitReached, UsageError
from ringback.models.model import CallKey, LanguageModel, Message, ModelReply, Tool
from ringback.runs.executor import Executor
from ringback.runs.planner import plan
from ringback.runs.service import RunRequest, RunService, is_left
from ringback.storage.store import Store
from ringback.testing.agent_call import AgentCall
from ringback.testing.agent_server import ScriptedAgentServer

MakeScenario = Callable[..., Scenario]


class Bench(Protocol):
    store: Store
    events: list[Event]
    stop: asyncio.Event

    def executor(self, url: str, *, judge: LanguageModel | None = None) -> Executor: ...


def service(bench: Bench, url: str, *, concurrency: int = 2, judge: LanguageModel | None = None) -> RunService:
    executor = bench.executor(url, judge=judge)
    return RunService(bench.store, executor, concurrency=concurrency, on_event=bench.events.append, stop=bench.stop)


async def request(bench: Bench, scenario: Scenario, repeat: int) -> RunRequest:
    ids = await bench.store.scenario_ids("suite.yaml", [scenario.key])
    return RunRequest(
        name="suite",
        agent_name="agent",
        agent_url="ws://agent",
        specifications=plan([scenario], ids, repeat=repeat),
        provenance=Provenance(ringback_version="test"),
    )


async def test_all_runs_of_a_batch_share_its_result_id(bench: Bench, scenario: MakeScenario) -> None:
    async with ScriptedAgentServer(otherwise="Yes.") as agent:
        result = await service(bench, agent.url).start(await request(bench, scenario(), 5))
    assert [run.outcome for run in result.runs] == [Outcome.PASSED] * 5
    assert {run.result_id for run in result.runs} == {result.id}
    assert not result.interrupted
    assert (await bench.store.result(result.id)).finished_at is not None


async def test_a_stopped_result_ends_its_calls_and_can_be_resumed(bench: Bench, scenario: MakeScenario) -> None:
    bench.store.lasting = True  # as one in a file is
    thinking = asyncio.Event()

    async def think(call: AgentCall) -> None:
        await call.hear()
        thinking.set()
        await call.closed.wait()

    async with ScriptedAgentServer(think) as agent:
        running = asyncio.create_task(
            service(bench, agent.url, concurrency=1).start(await request(bench, scenario(), 3))
        )
        await thinking.wait()
        bench.stop.set()
        result = await running
    assert result.interrupted
    assert sum(is_left(run) for run in result.runs) == 3
    assert sum(isinstance(event, RunFinished) for event in bench.events) == 1
    first = result.runs[0].conversation
    assert first is not None
    assert first.ending.code is EndingCode.CANCELLED
    assert any(isinstance(event, Notice) and f"--resume {result.id}" in event.sentence for event in bench.events)

    bench.stop = asyncio.Event()
    async with ScriptedAgentServer(otherwise="Yes.") as agent:
        resumed = await service(bench, agent.url).resume(result.id)
    assert [run.outcome for run in resumed.runs] == [Outcome.PASSED] * 3
    assert [run.id for run in resumed.runs] == [run.id for run in result.runs]


async def test_what_is_kept_nowhere_is_not_offered_to_be_resumed(bench: Bench, scenario: MakeScenario) -> None:
    bench.stop.set()
    async with ScriptedAgentServer() as agent:
        result = await service(bench, agent.url).start(await request(bench, scenario(), 2))
    assert result.interrupted
    assert [event.sentence for event in bench.events if isinstance(event, Notice)] == [
        "2 runs left, and nothing is kept."
    ]


async def test_one_run_that_is_left_is_counted_as_one(bench: Bench, scenario: MakeScenario) -> None:
    bench.store.lasting = True
    bench.stop.set()
    async with ScriptedAgentServer() as agent:
        result = await service(bench, agent.url).start(await request(bench, scenario(), 1))
    assert [event.sentence for event in bench.events if isinstance(event, Notice)] == [
        f"1 run left: `ringback run --resume {result.id}` does it."
    ]


class Poor:
    """A judge for whom there is no money, until there is."""

    name = "test:judge"

    def __init__(self) -> None:
        self.limit_reached = True
        self.asked = 0

    async def reply(
        self,
        messages: Sequence[Message],
        *,
        key: CallKey,
        shape: type[BaseModel] | None = None,
        tools: Sequence[Tool] = (),
    ) -> ModelReply:
        assert messages, key
        assert not tools
        self.asked += 1
        if self.limit_reached:
            raise CostLimitReached("The cost limit of $0.0001 is reached ($0.0002 spent); raise --max-cost to go on.")
        assert shape is not None
        quote = {"entry": 2, "speaker": "agent", "quote": "You are booked"}
        part = {"part": "A visit is booked.", "answer": "met", "evidence": [quote], "explanation": "It says so."}
        return ModelReply(text="{}", parsed=shape.model_validate({"parts": [part]}), usage=Usage(calls=1))

    async def close(self) -> None:
        """Nothing is open."""


async def test_runs_whose_judge_met_the_cost_limit_are_left_to_be_judged_later(
    bench: Bench, scenario: MakeScenario
) -> None:
    bench.store.lasting = True
    judge = Poor()
    expecting = scenario(expected_outcome="A visit is booked.")
    async with ScriptedAgentServer(otherwise="You are booked for Monday.") as agent:
        asked = await request(bench, expecting, 3)
        result = await service(bench, agent.url, concurrency=1, judge=judge).start(asked)
        assert [is_left(run) for run in result.runs] == [True] * 3
        assert result.runs[0].outcome is Outcome.ERROR
        sentences = [event.sentence for event in bench.events if isinstance(event, Notice)]
        assert "The cost limit of $0.0001 is reached" in sentences[0]
        assert sentences[1] == f"3 runs left: `ringback run --resume {result.id}` does them."

        judge.limit_reached = False
        resumed = await service(bench, agent.url, concurrency=1, judge=judge).resume(result.id)
        assert [run.outcome for run in resumed.runs] == [Outcome.PASSED] * 3
        assert len(agent.calls) == 3, "the conversation that was held is only judged"
    assert judge.asked == 4


async def test_a_complete_result_has_nothing_to_resume(bench: Bench, scenario: MakeScenario) -> None:
    async with ScriptedAgentServer(otherwise="Yes.") as agent:
        result = await service(bench, agent.url).start(await request(bench, scenario(), 1))
        with pytest.raises(UsageError, match="nothing to resume"):
            await service(bench, agent.url).resume(result.id)


async def test_a_result_that_another_process_still_works_on_is_not_taken_over(
    bench: Bench, scenario: MakeScenario
) -> None:
    wanted = await request(bench, scenario(), 1)
    result = await bench.store.add_result(
        name=wanted.name,
        agent_name=wanted.agent_name,
        agent_url=wanted.agent_url,
        provenance=wanted.provenance,
        specifications=wanted.specifications,
    )
    async with ScriptedAgentServer(otherwise="Yes.") as agent:
        with pytest.raises(UsageError, match="still being carried out"):
            await service(bench, agent.url).resume(result.id)
        assert not agent.calls


async def test_a_handshake_that_hangs_keeps_nobody_from_stopping(bench: Bench, scenario: MakeScenario) -> None:
    connected = asyncio.Event()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    async with server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        running = asyncio.create_task(service(bench, url).start(await request(bench, scenario(), 1)))
        await connected.wait()
        bench.stop.set()
        async with asyncio.timeout(30):
            result = await running
    assert result.interrupted, "so that --resume takes it up again"
    assert result.runs[0].conversation is not None
    assert result.runs[0].conversation.ending.code is EndingCode.CANCELLED
