"""So many runs at a time, and none after the stop."""

import asyncio

import pytest

from ringback.domain.run import Run, RunSpecification, RunStatus
from ringback.domain.scenario import Scenario, ScenarioType
from ringback.errors import StorageError
from ringback.runs.dispatcher import dispatch

SPECIFICATION = RunSpecification(
    scenario=Scenario(key="k", name="K", type=ScenarioType.SCRIPT), scenario_id=1, repeat=1
)


def runs(count: int) -> list[Run]:
    return [
        Run(id=number, result_id=1, specification=SPECIFICATION, status=RunStatus.QUEUED)
        for number in range(1, count + 1)
    ]


async def test_no_more_runs_than_allowed_are_under_way_and_all_are_done() -> None:
    under_way, most = 0, 0

    async def execute(run: Run) -> Run:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return run

    done = await dispatch(runs(20), execute, concurrency=3, stopped=lambda: False)
    assert list(done) == list(range(1, 21))
    assert most == 3


async def test_any_concurrency_makes_no_more_workers_than_there_are_runs() -> None:
    async def execute(run: Run) -> Run:
        return run

    done = await dispatch(runs(2), execute, concurrency=10**18, stopped=lambda: False)
    assert set(done) == {1, 2}


async def test_after_the_stop_no_run_begins_and_those_under_way_are_finished() -> None:
    stop = asyncio.Event()

    async def execute(run: Run) -> Run:
        if run.id == 2:
            stop.set()
        await asyncio.sleep(0)
        return run

    done = await dispatch(runs(10), execute, concurrency=2, stopped=stop.is_set)
    assert set(done) == {1, 2}


async def test_a_database_that_fails_stops_the_batch_with_its_own_error() -> None:
    async def execute(run: Run) -> Run:
        if run.id == 3:
            raise StorageError("the disk is full")
        await asyncio.sleep(0)
        return run

    with pytest.raises(StorageError, match="disk is full"):
        await dispatch(runs(10), execute, concurrency=2, stopped=lambda: False)
