"""A result from request to end, stopped half-way and taken up again."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import pytest

from ringback.domain.ending import EndingCode
from ringback.domain.event import Event, Notice, RunFinished
from ringback.domain.outcome import Outcome
from ringback.domain.run import Provenance
from ringback.domain.scenario import Scenario
from ringback.errors import UsageError
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

    def executor(self, url: str) -> Executor: ...


def service(bench: Bench, url: str, *, concurrency: int = 2) -> RunService:
    return RunService(
        bench.store, bench.executor(url), concurrency=concurrency, on_event=bench.events.append, stop=bench.stop
    )


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
