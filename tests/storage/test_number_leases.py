"""Our telephone numbers: given to one run at a time, kept while it may need them, free whatever becomes of it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from ringback.domain.conversation import Conversation
from ringback.domain.ending import Ending, EndingCode
from ringback.domain.evaluation import Evaluation
from ringback.domain.outcome import Outcome
from ringback.domain.run import Asked, Provenance, Result, Run, RunOrigin, RunSpecification
from ringback.domain.scenario import Scenario, ScenarioType
from ringback.runs.admission import QueueLimits
from ringback.storage import tables
from ringback.storage.database import Database
from ringback.storage.number_leases import NumberLeases, NumberPool, Occupant
from ringback.storage.owner import Owner
from ringback.storage.queue import Claim, RunQueue
from ringback.storage.reading_changes import Revisions
from ringback.storage.reading_rows import RunLine
from ringback.storage.reading_status import Shown
from ringback.storage.readings import Readings
from ringback.storage.store import Store
from ringback.storage.workers import Recovery, Workers

NUMBERS = ("+15550100", "+15550101", "+15550102", "+15550103", "+15550104")
RUNS = tables.runs


@dataclass
class Desk:
    """A database with one worker, and a queue that gives numbers."""

    database: Database
    queue: RunQueue
    owner: Owner
    store: Store

    async def ask(self, count: int = 1, *, taken_on: str | None = None, calls: bool = True) -> Result:
        scenario = Scenario(key="s", name="Confirms a visit", type=ScenarioType.SCRIPT, script=("Hello",))
        return await self.store.add_result(
            name="calls",
            agent_name="dialler",
            agent_url="",
            provenance=Provenance(ringback_version="0.1.0"),
            specifications=[RunSpecification(scenario=scenario, scenario_id=4, repeat=n + 1) for n in range(count)],
            asked=Asked(
                agent_id=1,
                sealed_agent="sealed",
                run_type="Voice",
                request={},
                origins=tuple(RunOrigin(agent_id=1) for _ in range(count)),
                takes_calls=calls,
                taken_on=taken_on,
            ),
        )

    async def admit(self, pool: Sequence[str] = NUMBERS, *, database: Database | None = None) -> list[tuple[int, int]]:
        queue = RunQueue(database or self.database, pool=NumberPool(numbers=tuple(pool), window=300))
        return await queue.admit(QueueLimits().shares)

    async def claim(self, admitted: Sequence[tuple[int, int]]) -> list[Claim]:
        return [claim for claim in await self.queue.claim(admitted, str(self.owner)) if claim is not None]

    async def begin(self, pool: Sequence[str] = NUMBERS) -> list[Run]:
        return [claim.run for claim in await self.claim(await self.admit(pool))]

    async def lines(self, result: Result) -> tuple[RunLine, ...]:
        return (await Readings(self.database).detailed(result.id)).runs

    async def shown(self, result: Result) -> Counter[Shown]:
        return Counter(line.shown for line in await self.lines(result))

    async def occupants(self) -> dict[str, Occupant]:
        return await NumberLeases(self.database).occupants()

    async def end(self, run: Run) -> None:
        assert await self.store.finish_run(ended(run))

    async def lose(self) -> Recovery:
        """Let the worker die; its successor has the same name and never heard of the runs."""
        workers = Workers(self.database)
        change = update(tables.workers).where(tables.workers.c.owner == str(self.owner))
        await self._write(change.values(heartbeat_at=datetime.now(UTC) - timedelta(seconds=60)))
        recovery = await self.recover()
        assert recovery.workers == (str(self.owner),)
        await self._write(change.values(stopped_at=None, heartbeat_at=datetime.now(UTC), places=500))
        assert await workers.beat(self.owner)
        return recovery

    async def recover(self) -> Recovery:
        return await Workers(self.database).recover(silence=30, most_losses=2, patience=300)

    async def _write(self, change: Any) -> None:
        await self.database.write(lambda connection: connection.execute(change).rowcount)

    async def pass_time(self, seconds: float) -> None:
        """Put the beginning of every dial window back."""

        def back(connection: Connection) -> None:
            opened = select(RUNS.c.id, RUNS.c.dial_opened_at).where(RUNS.c.dial_opened_at.is_not(None))
            for row in connection.execute(opened).all():
                earlier = row.dial_opened_at - timedelta(seconds=seconds)
                connection.execute(update(RUNS).where(RUNS.c.id == row.id).values(dial_opened_at=earlier))

        await self.database.write(back)


def ended(run: Run, *, judged: bool = True) -> Run:
    ending = Ending(code=EndingCode.CALLER_ENDED, sentence="The caller hung up.")
    return replace(
        run,
        conversation=Conversation(started_at=datetime.now(UTC), duration=1.0, entries=(), ending=ending),
        evaluation=Evaluation(outcome=Outcome.PASSED, reason="It did.") if judged else None,
        finished_at=datetime.now(UTC),
    )


def numbers_of(runs: Sequence[Run]) -> list[str | None]:
    return [run.dial_window.number if run.dial_window else None for run in runs]


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    database = await Database.open(database_url, busy_timeout=30.0)
    owner = Owner.newborn("service")
    await Workers(database).register(owner, places=500)
    desk = Desk(database, RunQueue(database), owner, Store(database, owner))
    yield desk
    await desk.store.close()


async def test_each_run_has_a_number_of_its_own_and_the_others_wait(desk: Desk) -> None:
    result = await desk.ask(7)
    assert len(await desk.admit()) == 5
    assert await desk.admit() == []
    lines = await desk.lines(result)
    assert [line.number for line in lines] == [*NUMBERS, None, None]
    assert await desk.shown(result) == {Shown.PENDING: 5, Shown.IN_QUEUE: 2}
    first, last = lines[0].dial_window, lines[-1].dial_window
    assert first is not None
    assert (first.seconds, first.closes_at - first.opens_at, last) == (300, timedelta(seconds=300), None)
    assert abs((first.opens_at - datetime.now(UTC)).total_seconds()) < 60
    counts = (await Readings(desk.database).counts(result.id))[1]
    assert counts.status("Voice") is Shown.PENDING
    assert {number: one.run_id for number, one in (await desk.occupants()).items()} == {
        line.number: line.id for line in lines[:5]
    }


async def test_a_claim_says_which_number_and_until_when(desk: Desk) -> None:
    result = await desk.ask()
    [run] = await desk.begin()
    assert run.dial_window == (await desk.lines(result))[0].dial_window
    assert await desk.shown(result) == {Shown.PENDING: 1}
    await desk.queue.call_taken(run.id, run.attempt, str(desk.owner))
    assert await desk.shown(result) == {Shown.IN_PROGRESS: 1}
    assert not (await desk.occupants())[NUMBERS[0]].awaits_call
    assert (await Readings(desk.database).counts(result.id))[1].status("Voice") is Shown.IN_PROGRESS


async def test_that_a_call_was_taken_is_noted_by_the_runs_own_worker_only(desk: Desk) -> None:
    result = await desk.ask()
    [run] = await desk.begin()
    await desk.queue.call_taken(run.id, run.attempt, "somebody else")
    assert await desk.shown(result) == {Shown.PENDING: 1}


async def test_the_number_of_a_run_that_is_over_goes_to_the_next_and_stays_in_its_record(desk: Desk) -> None:
    result = await desk.ask(2)
    pool = NUMBERS[:1]
    [first] = await desk.begin(pool)
    await desk.end(first)
    [second] = await desk.begin(pool)
    assert numbers_of([first, second]) == [NUMBERS[0]] * 2
    assert [line.number for line in await desk.lines(result)] == [NUMBERS[0]] * 2
    assert (await desk.occupants())[NUMBERS[0]].run_id == second.id


async def test_the_number_that_was_given_least_lately_is_given_next(desk: Desk) -> None:
    """A call that comes late for a run is then hardly ever taken for the next run's."""
    given: list[str | None] = []
    for _ in range(5):
        await desk.ask()
        [run] = await desk.begin(NUMBERS[:2])
        await desk.end(run)
        given += numbers_of([run])
    assert given == [NUMBERS[0], NUMBERS[1]] * 2 + [NUMBERS[0]]


async def test_who_is_to_be_called_on_one_number_waits_for_that_one_and_takes_it_from_nobody(desk: Desk) -> None:
    anybody = await desk.ask(2)
    one = await desk.ask(2, taken_on=NUMBERS[1])
    assert len(await desk.admit(NUMBERS[:2])) == 2
    assert [line.number for line in await desk.lines(one)] == [NUMBERS[1], None]
    assert [line.number for line in await desk.lines(anybody)] == [NUMBERS[0], None]


async def test_a_result_is_held_to_its_own_limit_and_runs_without_numbers_go_on(desk: Desk) -> None:
    await desk.ask(9)
    await desk.admit()
    others = await desk.ask(3, calls=False)
    assert len(await desk.admit()) == 3
    assert [line.number for line in await desk.lines(others)] == [None, None, None]


async def test_where_there_are_no_numbers_runs_wait_and_begin_when_there_are(desk: Desk) -> None:
    result = await desk.ask(1)
    assert await desk.admit(()) == []
    assert await desk.shown(result) == {Shown.IN_QUEUE: 1}
    assert len(await desk.admit(NUMBERS[:1])) == 1


async def test_no_number_is_ever_given_to_two_of_two_hundred_runs(desk: Desk, database_url: str) -> None:
    """Four processes let runs in at the same time, with a pool of five."""
    for _ in range(20):
        await desk.ask(10)
    over = 0
    async with AsyncExitStack() as stack:
        others = [await Database.open(database_url, busy_timeout=30.0) for _ in range(3)]
        for other in others:
            stack.push_async_callback(other.close)
        while over < 200:
            batches = await asyncio.gather(*(desk.admit(database=one) for one in (desk.database, *others)))
            admitted = [key for batch in batches for key in batch]
            runs = [claim.run for claim in await desk.claim(admitted)]
            assert 0 < len(runs) <= 5
            assert len(set(numbers_of(runs))) == len(runs)
            assert set(numbers_of(runs)) <= set(NUMBERS)
            await asyncio.gather(*(desk.end(run) for run in runs))
            over += len(runs)
    assert await desk.occupants() == {}


async def test_a_run_whose_worker_dies_while_it_waits_keeps_its_number_and_window(desk: Desk) -> None:
    result = await desk.ask(2)
    [run] = await desk.begin(NUMBERS[:1])
    assert (await desk.lose()).queued == (run.id,)
    assert await desk.shown(result) == {Shown.PENDING: 1, Shown.IN_QUEUE: 1}
    assert (await desk.occupants())[NUMBERS[0]].run_id == run.id
    [again] = await desk.begin(NUMBERS[:1])
    assert (again.id, again.attempt, again.dial_window) == (run.id, 2, run.dial_window)


async def test_a_run_that_is_handed_back_while_it_waits_is_taken_up_with_its_window(desk: Desk) -> None:
    await desk.ask(2)
    [run] = await desk.begin(NUMBERS[:1])
    assert await Workers(desk.database).hand_back(desk.owner) == [run.id]
    [again] = await desk.begin(NUMBERS[:1])
    assert (again.id, again.dial_window) == (run.id, run.dial_window)


async def test_a_run_whose_worker_dies_in_its_call_begins_anew_with_a_new_window(desk: Desk) -> None:
    result = await desk.ask(1)
    [run] = await desk.begin(NUMBERS[:2])
    await desk.queue.call_taken(run.id, run.attempt, str(desk.owner))
    await desk.lose()
    assert await desk.occupants() == {}
    assert await desk.shown(result) == {Shown.IN_QUEUE: 1}
    assert (await desk.lines(result))[0].dial_window is None
    [again] = await desk.begin(NUMBERS[:2])
    assert again.dial_window is not None
    assert run.dial_window is not None
    assert again.dial_window.opens_at > run.dial_window.opens_at
    assert await desk.shown(result) == {Shown.PENDING: 1}


async def test_a_run_that_nobody_takes_up_within_its_window_ends_as_one_that_was_not_called(desk: Desk) -> None:
    result = await desk.ask(2)
    await desk.admit(NUMBERS[:1])
    await desk.pass_time(302)
    assert (await desk.recover()).late == (), "its worker may be about to say so itself"
    await desk.pass_time(10)
    late, waiting = await desk.lines(result)
    assert (await desk.recover()).late == (late.id,)
    run = (await desk.store.result(result.id)).runs[0]
    assert run.conversation is not None
    assert run.conversation.ending.code is EndingCode.DID_NOT_CALL
    assert run.conversation.ending.sentence == f"The agent did not call {NUMBERS[0]} within 300 seconds."
    assert await desk.shown(result) == {Shown.TIMEOUT: 1, Shown.IN_QUEUE: 1}
    [next_one] = await desk.begin(NUMBERS[:1])
    assert (next_one.id, *numbers_of([next_one])) == (waiting.id, NUMBERS[0])


async def test_a_lost_run_whose_window_is_over_ends_and_holds_no_number(desk: Desk) -> None:
    result = await desk.ask()
    await desk.begin()
    await desk.lose()
    await desk.pass_time(600)
    assert len((await desk.recover()).late) == 1
    assert await desk.shown(result) == {Shown.TIMEOUT: 1}
    assert await desk.occupants() == {}


@pytest.mark.parametrize("begun", [True, False])
async def test_a_cancelled_run_holds_no_number(desk: Desk, begun: bool) -> None:
    result = await desk.ask(2)
    admitted = await desk.admit(NUMBERS[:1])
    claims = await desk.claim(admitted) if begun else []
    await desk.queue.cancel_runs([result.runs[0].id])
    for claim in claims:
        await desk.end(claim.run)
    assert await desk.occupants() == {}
    assert numbers_of(await desk.begin(NUMBERS[:1])) == [NUMBERS[0]]


async def test_scoring_again_needs_no_number(desk: Desk) -> None:
    result = await desk.ask(2)
    [run] = await desk.begin(NUMBERS[:1])
    await desk.end(run)
    await desk.admit(NUMBERS[:1])  # the other run has the number now
    await desk.queue.rescore([run.id], [])
    [again] = await desk.begin(NUMBERS[:1])
    assert again.id == run.id
    assert (await desk.shown(result))[Shown.PENDING] == 1
    assert (await desk.occupants())[NUMBERS[0]].run_id == result.runs[1].id


async def test_a_call_that_only_waits_for_its_judge_needs_no_number(desk: Desk) -> None:
    await desk.ask(2)
    [run] = await desk.begin(NUMBERS[:1])
    await desk.queue.call_taken(run.id, run.attempt, str(desk.owner))
    assert await desk.store.save_conversation(ended(run, judged=False))
    assert await desk.occupants() == {}
    await desk.lose()
    again = {one.id: one for one in await desk.begin(NUMBERS[:1])}
    assert len(again) == 2, "the other one has the number"
    assert again[run.id].conversation is not None


async def test_a_run_that_is_removed_leaves_its_number(desk: Desk) -> None:
    result = await desk.ask()
    [run] = await desk.begin()
    await desk.end(run)
    assert await Revisions(desk.database).remove_runs(result.id, [run.id]) == [run.id]
    await desk.ask()
    assert len(await desk.begin()) == 1
