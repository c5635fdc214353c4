"""What a service does when something of it is broken, on both databases."""

from collections import Counter

import pytest
from sqlalchemy import update
from tests.wiring.conftest import Start

from ringback.domain.outcome import Outcome
from ringback.domain.run import RunStatus
from ringback.runs import executor
from ringback.storage import tables
from ringback.testing import AgentCall, ScriptedAgentServer


async def test_a_defect_in_the_evaluation_ends_the_run_and_its_agent_is_called_once(
    working: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_arguments: object, **_named: object) -> None:
        raise KeyError("a defect")

    monkeypatch.setattr(executor, "evaluate", broken)
    async with ScriptedAgentServer(otherwise="Certainly.") as agent, working() as service:
        result = await service.over(await service.ask(agent.url, 2))

        assert {run.outcome for run in result.runs} == {Outcome.ERROR}
        assert all(run.conversation and run.conversation.entries for run in result.runs), "the record is kept"
        assert all("KeyError" in run.evaluation.reason for run in result.runs if run.evaluation)
        assert len(agent.calls) == 2


async def test_runs_that_wait_in_a_result_that_is_closed_are_carried_out(working: Start) -> None:
    async with ScriptedAgentServer(otherwise="Certainly.") as agent, working(agent_concurrency="1") as service:
        result = await service.ask(agent.url, 5)
        close = update(tables.results).values(finished_at=result.created_at)
        await service.services.database.write(lambda connection: connection.execute(close).rowcount)
        service.services.queue.wake()

        for run in result.runs:
            await service.until(run.id, lambda run: run.status is RunStatus.DONE)
        again = await service.over(result)

        assert {run.outcome for run in again.runs} == {Outcome.PASSED}


async def test_a_worker_that_starts_where_work_is_waiting_begins_each_run_once(working: Start) -> None:
    """The engine brings runs before the process has said that it is there."""
    held = True

    async def slow(call: AgentCall) -> None:
        while await call.hear():
            if held:
                await call.closed.wait()
            await call.say("Certainly.")

    async with ScriptedAgentServer(slow) as agent:
        async with working(places=4) as service:
            result = await service.ask(agent.url, 12)
            await agent.call(2)
        held = False
        called = len(agent.calls)
        async with working(places=4) as successor:
            over = await successor.over(result)

    assert {run.outcome for run in over.runs} == {Outcome.PASSED}
    # An attempt may be given up before it has called the agent; none calls twice.
    calls = Counter(int(call.header("X-VOCERA-RUN-ID") or 0) for call in agent.calls)
    most = {run.id: 1 + len(run.earlier_attempts) for run in over.runs}
    assert calls.keys() == most.keys()
    assert {run: count for run, count in calls.items() if count > most[run]} == {}
    assert called <= 4
    assert all("died" not in attempt.reason for run in over.runs for attempt in run.earlier_attempts)
