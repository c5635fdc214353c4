"""Runs of the service, carried out by a worker through the engine, on both databases."""

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.wiring.conftest import SCRIPT, Start

from ringback.domain.ending import EndingCode
from ringback.domain.outcome import Outcome
from ringback.domain.run import RunStatus
from ringback.domain.scenario import MetricDefinition
from ringback.errors import StorageError
from ringback.runs.worker import Worker
from ringback.settings import Settings
from ringback.storage.owner import Owner
from ringback.storage.sole_server import sole_server
from ringback.testing import AgentCall, ScriptedAgentServer
from ringback.wiring.service import open_services


async def quiet(call: AgentCall) -> None:
    """An agent that hears the first words and then thinks for ever."""
    await call.hear()
    await call.closed.wait()


async def test_a_batch_is_carried_out(working: Start) -> None:
    async with ScriptedAgentServer(otherwise="Certainly.") as agent, working() as service:
        result = await service.over(await service.ask(agent.url, 12))

        assert Counter(run.outcome for run in result.runs) == {Outcome.PASSED: 12}
        assert Counter(call.header("X-VOCERA-RUN-ID") for call in agent.calls) == {
            str(run.id): 1 for run in result.runs
        }


async def test_no_more_runs_of_a_result_are_under_way_than_its_limit(working: Start) -> None:
    under_way, most = 0, 0

    async def counting(call: AgentCall) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        while await call.hear():
            await call.say("Certainly.")
        under_way -= 1

    async with ScriptedAgentServer(counting) as agent, working() as service:
        await service.over(await service.ask(agent.url, 8, limit=2))

    assert most == 2


async def test_a_small_batch_does_not_wait_for_a_large_one(working: Start) -> None:
    async with ScriptedAgentServer(quiet) as slow, ScriptedAgentServer() as agent, working(places=10) as service:
        large = await service.ask(slow.url, 50)
        await slow.call(7)

        small = await service.over(await service.ask(agent.url, 3))

        assert {run.outcome for run in small.runs} == {Outcome.PASSED}
        await service.services.queue.cancel_result(large.id)


async def test_a_cancelled_run_gives_its_agent_an_end_call_within_a_second(working: Start) -> None:
    async with ScriptedAgentServer(quiet) as agent, working() as service:
        result = await service.ask(agent.url, 1)
        call = await agent.call()
        await service.until(result.runs[0].id, lambda run: run.status is RunStatus.CONVERSING)

        async with asyncio.timeout(15):  # a second, and what a busy machine takes; the agent says nothing for ever
            await service.services.queue.cancel_result(result.id)
            done = await service.until(result.runs[0].id, lambda run: run.status is RunStatus.DONE)
            await call.closed.wait()

        assert call.ended_by_caller
        assert done.outcome is Outcome.ERROR
        assert done.conversation is not None
        assert done.conversation.ending.code is EndingCode.CANCELLED


async def test_a_worker_that_stops_hands_its_runs_back_and_another_takes_them_up(working: Start) -> None:
    async with ScriptedAgentServer(quiet) as agent:
        async with working() as service:
            result = await service.ask(agent.url, 2)
            await agent.call(2)
            await service.until(result.runs[1].id, lambda run: run.status is RunStatus.CONVERSING)
        assert all(call.ended_by_caller for call in agent.calls)

        async with working() as successor:
            await agent.call(4)
            runs = [await successor.until(run.id, lambda run: run.attempt == 2) for run in result.runs]
            assert {run.status for run in runs} <= {RunStatus.ADMITTED, RunStatus.CONVERSING}
            await successor.services.queue.cancel_result(result.id)
            await successor.over(result)


async def test_a_worker_that_was_given_up_goes_on_under_a_new_name(working: Start) -> None:
    async with ScriptedAgentServer(quiet) as agent, working() as service:
        result = await service.ask(agent.url, 1)
        first_call = await agent.call()
        worker = _worker(service.hands.worker)
        before = worker.owner

        # What another process does that has not heard of this one for too long.
        await service.services.workers.stop(before)
        await service.services.workers.recover(silence=30, most_losses=2, patience=300)
        await first_call.closed.wait()
        second_call = await agent.call(2)

        assert first_call.ended_by_caller
        assert worker.owner != before
        assert await service.services.workers.alive() == [worker.owner]
        run = await service.until(result.runs[0].id, lambda run: run.status is RunStatus.CONVERSING)
        assert [attempt.number for attempt in run.earlier_attempts] == [1]
        await service.services.queue.cancel_result(result.id)
        await second_call.closed.wait()
        await service.over(result)


async def test_finished_runs_can_be_scored_again_without_another_conversation(working: Start) -> None:
    async with ScriptedAgentServer(otherwise="Certainly.") as agent, working() as service:
        result = await service.over(await service.ask(agent.url, 2))
        turns = MetricDefinition(slug="turns", name="Turns of mine")

        assert await service.services.queue.rescore([run.id for run in result.runs], [turns]) == 2
        again = await service.over(result)

        assert len(agent.calls) == 2
        assert {run.outcome for run in again.runs} == {Outcome.PASSED}
        scores = [metric for run in again.runs if run.evaluation for metric in run.evaluation.metrics]
        assert {metric.name for metric in scores if metric.attached} == {"Turns of mine"}
        numbers = {metric.slug: metric.id for metric in await service.services.metrics.predefined()}
        assert {metric.slug: metric.id for metric in scores} == {metric.slug: numbers[metric.slug] for metric in scores}


async def test_a_scenario_that_needs_a_model_where_none_is_set_ends_as_an_error_that_says_so(working: Start) -> None:
    scenario = SCRIPT.model_copy(update={"expected_outcome": "A table is booked."})
    async with ScriptedAgentServer() as agent, working() as service:
        result = await service.over(await service.ask(agent.url, 1, scenario=scenario))

    [run] = result.runs
    assert run.outcome is Outcome.ERROR
    assert run.evaluation is not None
    assert "RINGBACK_JUDGE_MODEL" in run.evaluation.reason


async def test_only_so_many_runs_begin_in_a_second(working: Start) -> None:
    async with ScriptedAgentServer() as agent, working(starts_per_second="2") as service:
        result = await service.over(await service.ask(agent.url, 5))

    starts = sorted(run.started_at for run in result.runs if run.started_at)
    assert (starts[2] - starts[0]).total_seconds() > 0.7
    assert (starts[4] - starts[2]).total_seconds() > 0.7


def test_one_process_at_a_time_serves_an_sqlite_file(tmp_path: object) -> None:
    url = f"sqlite:///{tmp_path}/ringback.db"
    with (
        sole_server(url),
        pytest.raises(StorageError, match="Another Ringback server uses"),
        sole_server(url),
    ):
        pass
    with sole_server(url):  # the first one is gone
        pass


def test_names_of_workers_are_never_used_again() -> None:
    names = {str(Owner.newborn("service")) for _ in range(50)}
    assert len(names) == 50
    assert all(Owner.parse(name).is_alive() for name in names)


def _worker(worker: Worker | None) -> Worker:
    assert worker is not None
    return worker


async def test_a_process_with_another_encryption_key_does_not_begin(
    working: Start, settings_with: Callable[..., Settings], tmp_path: Path
) -> None:
    """It would fail every run that it takes, so it is told before there is one."""
    async with working():
        with pytest.raises(StorageError, match="another encryption key"):
            async with open_services(settings_with(home=str(tmp_path / "elsewhere")), {}):
                pass


async def test_scoring_again_is_no_other_attempt_at_the_conversation(working: Start) -> None:
    async with ScriptedAgentServer(otherwise="Certainly.") as agent, working() as service:
        result = await service.over(await service.ask(agent.url, 1))
        number = result.runs[0].id
        await service.services.queue.rescore([number], [])
        await service.over(result)

        [shown] = await service.services.readings.runs([number])

    assert shown.line.attempt == 1
