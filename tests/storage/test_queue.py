"""The queue's verbs, on both databases."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from ringback.domain.ending import EndingCode
from ringback.domain.outcome import Outcome
from ringback.domain.run import Asked, Provenance, Result, Run, RunOrigin, RunSpecification, RunStatus
from ringback.domain.scenario import MetricDefinition, Scenario, ScenarioType
from ringback.storage import tables
from ringback.storage.database import Database
from ringback.storage.letting_in import Load
from ringback.storage.owner import Owner
from ringback.storage.queue import Claim, RunQueue
from ringback.storage.store import Store
from ringback.storage.vitals import Vitals
from ringback.storage.workers import Workers

Finish = Callable[[Run], Run]


@dataclass(frozen=True)
class Desk:
    """A database with a queue, a table of workers and a store that writes as one worker."""

    database: Database
    queue: RunQueue
    workers: Workers
    owner: Owner
    store: Store

    async def ask(self, count: int, *, agent_id: int = 1, limit: int | None = None) -> Result:
        scenario = Scenario(key="books", name="Books a table", type=ScenarioType.SCRIPT, script=("Hello", "Bye"))
        return await self.store.add_result(
            name="nightly",
            agent_name="front-desk",
            agent_url="ws://agent.example/chat",
            provenance=Provenance(ringback_version="0.1.0"),
            specifications=[
                RunSpecification(scenario=scenario, scenario_id=1, repeat=repeat + 1) for repeat in range(count)
            ],
            asked=Asked(
                agent_id=agent_id,
                sealed_agent="sealed",
                run_type="Text",
                request={"frequency": count},
                origins=tuple(RunOrigin(agent_id=agent_id) for _ in range(count)),
                concurrency_limit=limit,
            ),
        )

    async def begin(self, count: int, owner: Owner | None = None) -> list[Claim]:
        """Let so many runs in and claim them."""
        admitted = await self.queue.admit(first(count))
        claims = await self.queue.claim(admitted, str(owner or self.owner))
        return [claim for claim in claims if claim is not None]

    async def row(self, run_id: int) -> tuple[str, int, str | None, int]:
        """Status, attempt, outcome and how many workers died with it."""
        columns = (tables.runs.c.status, tables.runs.c.attempt, tables.runs.c.outcome, tables.runs.c.times_lost)
        query = select(*columns).where(tables.runs.c.id == run_id)
        return await self.database.read(lambda connection: tuple(connection.execute(query).one()))  # pyright: ignore[reportReturnType] - the columns above

    async def silence(self, owner: Owner, seconds: float) -> None:
        """Put a worker's last sign of life back."""
        then = datetime.now(UTC) - timedelta(seconds=seconds)
        change = update(tables.workers).where(tables.workers.c.owner == str(owner)).values(heartbeat_at=then)
        await self.database.write(lambda connection: connection.execute(change).rowcount)


def first(count: int) -> Callable[[Load], dict[int, int]]:
    """All places to the oldest results."""

    def shares(load: Load) -> dict[int, int]:
        left = count
        given: dict[int, int] = {}
        for result in load.results:
            given[result.id] = min(left, result.waiting)
            left -= given[result.id]
        return given

    return shares


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    database = await Database.open(database_url, busy_timeout=5.0)
    owner = Owner.newborn("service")
    desk = Desk(database, RunQueue(database), Workers(database), owner, Store(database, owner))
    await desk.workers.register(owner, places=10)
    yield desk
    await desk.store.close()


async def test_what_is_let_in_is_claimed_once(desk: Desk) -> None:
    await desk.ask(3)
    admitted = await desk.queue.admit(first(2))

    claims = await desk.queue.claim(admitted, str(desk.owner))
    again = await desk.queue.claim(admitted, "service|another|1|0")

    assert [claim.run.id for claim in claims if claim] == [run for run, _ in admitted]
    assert again == [None, None]
    assert (await desk.row(admitted[0][0]))[0] == "conversing"


async def test_a_claim_under_an_older_attempt_gets_nothing(desk: Desk) -> None:
    await desk.ask(1)
    [(run, attempt)] = await desk.queue.admit(first(1))
    await desk.queue.queue_again([(run, attempt)])
    [(again, next_attempt)] = await desk.queue.admit(first(1))

    assert (again, next_attempt) == (run, attempt + 1)
    assert await desk.queue.claim([(run, attempt)], str(desk.owner)) == [None]
    assert await desk.queue.claim([(run, attempt + 1)], str(desk.owner)) != [None]


async def test_the_load_tells_what_waits_and_what_is_active(desk: Desk) -> None:
    one, other = await desk.ask(5, agent_id=7, limit=2), await desk.ask(1, agent_id=8)
    await desk.begin(2)
    seen: list[Load] = []

    def look(load: Load) -> dict[int, int]:
        seen.append(load)
        return {}

    await desk.queue.admit(look)

    [load] = seen
    assert [(r.id, r.agent_id, r.waiting, r.active, r.limit) for r in load.results] == [
        (one.id, 7, 3, 2, 2),
        (other.id, 8, 1, 0, None),
    ]
    assert load.agent_active == {7: 2}
    assert load.places == 10
    assert load.started_lately == 2


async def test_a_result_is_over_when_its_last_run_is(desk: Desk, finish: Finish) -> None:
    result = await desk.ask(1)
    [claim] = await desk.begin(1)
    assert (await desk.store.result(result.id)).finished_at is None

    assert await desk.store.finish_run(finish(claim.run))
    await desk.queue.admit(first(1))

    assert (await desk.store.result(result.id)).finished_at is not None


async def test_cancelling_ends_what_waits_and_asks_the_worker_about_the_rest(desk: Desk) -> None:
    result = await desk.ask(5)
    [claim] = await desk.begin(1)

    assert await desk.queue.cancel_result(result.id) == 5

    assert await desk.queue.cancelled(str(desk.owner)) == [claim.run.id]
    rows = [await desk.row(run.id) for run in result.runs]
    assert [row[0] for row in rows] == ["conversing", "done", "done", "done", "done"]
    assert {row[2] for row in rows[1:]} == {"error"}
    assert await desk.queue.cancel_result(result.id) == 0


async def test_a_run_that_was_let_in_and_cancelled_is_not_claimed(desk: Desk) -> None:
    await desk.ask(1)
    admitted = await desk.queue.admit(first(1))
    await desk.queue.cancel_runs([admitted[0][0]])

    assert await desk.queue.claim(admitted, str(desk.owner)) == [None]


async def test_runs_of_a_silent_worker_are_begun_again_under_the_next_attempt(desk: Desk, finish: Finish) -> None:
    await desk.ask(1)
    [claim] = await desk.begin(1)
    await desk.silence(desk.owner, 60)

    recovery = await desk.workers.recover(silence=30, most_losses=2, patience=300)

    assert recovery.workers == (str(desk.owner),)
    assert recovery.queued == (claim.run.id,)
    assert await desk.row(claim.run.id) == ("queued", 2, None, 1)
    # Its old worker wakes up: nothing of what it found out is kept, and it learns that it was given up.
    assert not await desk.store.finish_run(finish(claim.run))
    assert not await desk.workers.beat(desk.owner)


async def test_a_worker_that_gives_signs_of_life_keeps_its_runs(desk: Desk) -> None:
    await desk.ask(1)
    [claim] = await desk.begin(1)
    await desk.silence(desk.owner, 60)
    assert await desk.workers.beat(desk.owner)

    recovery = await desk.workers.recover(silence=30, most_losses=2, patience=300)

    assert recovery.queued == ()
    assert (await desk.row(claim.run.id))[0] == "conversing"


async def test_a_worker_is_judged_by_how_often_it_promised_signs_of_life(desk: Desk) -> None:
    slow, quick = Owner.newborn("service"), Owner.newborn("service")
    await desk.workers.register(slow, places=1, heartbeat=20)
    await desk.workers.register(quick, places=1, heartbeat=1)
    for owner, seconds in ((slow, 50), (quick, 10)):
        await desk.silence(owner, seconds)
    vitals = Vitals(desk.database)
    alive = (await vitals.liveness(silence=2)).workers_alive

    assert (await desk.workers.recover(silence=2, most_losses=2, patience=300)).workers == (str(quick),)
    assert alive == (await vitals.counts(silence=2)).workers_alive == 2  # the slow one, and the desk's own
    await desk.silence(slow, 70)
    assert (await desk.workers.recover(silence=2, most_losses=2, patience=300)).workers == (str(slow),)


async def test_the_last_worker_that_was_is_never_forgotten(desk: Desk) -> None:
    others = [Owner.newborn("service") for _ in range(2)]
    for owner in others:
        await desk.workers.register(owner, places=1)
    for owner, days in ((others[0], 30), (others[1], 20), (desk.owner, 10)):
        await desk.workers.stop(owner)
        then = datetime.now(UTC) - timedelta(days=days)
        gone = update(tables.workers).where(tables.workers.c.owner == str(owner)).values(stopped_at=then)
        await desk.database.write(lambda connection, gone=gone: connection.execute(gone).rowcount)

    await desk.workers.recover(silence=30, most_losses=2, patience=300)

    kept = await desk.database.read(
        lambda connection: list(connection.execute(select(tables.workers.c.owner)).scalars())
    )
    assert kept == [str(desk.owner)]
    liveness = await Vitals(desk.database).liveness(silence=30)
    assert (liveness.begun, liveness.workers, liveness.workers_alive) == (True, 0, 0)


async def test_a_process_of_this_machine_that_is_gone_is_given_up_without_waiting(desk: Desk) -> None:
    gone = replace(desk.owner, pid=2**22 + 1)
    await desk.workers.register(gone, places=10)
    await desk.ask(1)
    [claim] = await desk.begin(1, owner=gone)

    recovery = await desk.workers.recover(silence=3600, most_losses=2, patience=300)

    assert recovery.queued == (claim.run.id,)


async def test_a_run_with_which_too_many_workers_died_is_given_up(desk: Desk) -> None:
    result = await desk.ask(1)
    for expected_losses in (1, 2):
        worker = replace(desk.owner, pid=2**22 + expected_losses)
        await desk.workers.register(worker, places=1)
        [claim] = await desk.begin(1, owner=worker)
        recovery = await desk.workers.recover(silence=30, most_losses=1, patience=300)

    assert recovery.given_up == (claim.run.id,)
    run = (await desk.store.result(result.id)).runs[0]
    assert run.status is RunStatus.DONE
    assert run.outcome is Outcome.ERROR
    assert run.evaluation is not None
    assert run.evaluation.reason.startswith("Worker lost: ")
    assert [attempt.number for attempt in run.earlier_attempts] == [1]


async def test_a_run_that_nobody_takes_up_again_in_time_is_given_up(desk: Desk) -> None:
    result = await desk.ask(2)
    gone = replace(desk.owner, pid=2**22 + 1)
    await desk.workers.register(gone, places=1)
    [claim] = await desk.begin(1, owner=gone)
    await desk.workers.recover(silence=30, most_losses=2, patience=300)

    recovery = await desk.workers.recover(silence=30, most_losses=2, patience=0)

    assert recovery.given_up == (claim.run.id,)
    assert (await desk.row(result.runs[1].id))[0] == "queued"


async def test_a_conversation_whose_evaluation_was_interrupted_is_not_held_again(desk: Desk, finish: Finish) -> None:
    await desk.ask(1)
    [claim] = await desk.begin(1)
    held = replace(finish(claim.run), evaluation=None)
    assert await desk.store.save_conversation(held)
    await desk.silence(desk.owner, 60)
    await desk.workers.recover(silence=30, most_losses=2, patience=300)
    successor = Owner.newborn("service")

    [again] = await desk.begin(1, owner=successor)

    assert again.run.attempt == 2
    assert again.run.conversation == held.conversation
    assert (await desk.row(claim.run.id))[0] == "evaluating"


async def test_what_was_saved_of_a_dead_attempt_is_kept_beside_the_next(desk: Desk, finish: Finish) -> None:
    await desk.ask(1)
    [claim] = await desk.begin(1)
    partial = replace(finish(claim.run), evaluation=None)
    assert await desk.store.save_progress(partial)
    await desk.silence(desk.owner, 60)
    await desk.workers.recover(silence=30, most_losses=2, patience=300)

    [again] = await desk.begin(1, owner=Owner.newborn("service"))

    assert again.run.conversation is None
    assert [(attempt.number, attempt.conversation) for attempt in again.run.earlier_attempts] == [
        (1, partial.conversation)
    ]


async def test_runs_are_handed_back_by_a_worker_that_stops(desk: Desk) -> None:
    await desk.ask(2)
    claims = await desk.begin(2)
    await desk.workers.stop(desk.owner)

    handed_back = await desk.workers.hand_back(desk.owner, all_but=[claims[1].run.id])

    assert handed_back == [claims[0].run.id]
    assert await desk.row(claims[0].run.id) == ("queued", 2, None, 0)
    assert await desk.workers.alive() == []


async def test_a_cancelled_run_whose_worker_is_gone_is_not_begun_again(desk: Desk) -> None:
    result = await desk.ask(2)
    claims = await desk.begin(2)
    await desk.queue.cancel_result(result.id)

    assert await desk.workers.hand_back(desk.owner, all_but=[claims[0].run.id]) == []
    await desk.silence(desk.owner, 60)
    assert (await desk.workers.recover(silence=30, most_losses=2, patience=300)).queued == ()

    endings = [run.conversation.ending.code for run in (await desk.store.result(result.id)).runs if run.conversation]
    assert endings == [EndingCode.CANCELLED] * 2


async def test_scoring_again_keeps_the_record_and_opens_the_result(desk: Desk, finish: Finish) -> None:
    result = await desk.ask(1)
    [claim] = await desk.begin(1)
    await desk.store.finish_run(finish(claim.run))
    await desk.queue.admit(first(0))
    metric = MetricDefinition(slug="polite", name="Polite", description="Was the agent polite?")

    assert await desk.queue.rescore([claim.run.id], [metric]) == 1

    assert (await desk.store.result(result.id)).finished_at is None
    [again] = await desk.begin(1)
    assert again.rescoring == (metric,)
    assert again.run.conversation is not None
    assert again.run.evaluation is not None
    assert await desk.queue.cancel_result(result.id) == 1
    assert await desk.store.finish_run(replace(again.run, status=RunStatus.DONE))
    assert (await desk.row(claim.run.id))[2] == "passed"


async def test_scoring_again_that_is_cancelled_before_it_began_leaves_the_outcome(desk: Desk, finish: Finish) -> None:
    result = await desk.ask(1)
    [claim] = await desk.begin(1)
    await desk.store.finish_run(finish(claim.run))
    await desk.queue.rescore([claim.run.id], [])

    assert await desk.queue.cancel_result(result.id) == 1

    assert await desk.row(claim.run.id) == ("done", 2, "passed", 0)


async def test_runs_of_the_command_line_are_none_of_the_queues_business(desk: Desk) -> None:
    command_line = Store(desk.database, Owner.this_process("cli"))
    scenario = Scenario(key="books", name="Books a table", type=ScenarioType.SCRIPT, script=("Hello", "Bye"))
    result = await command_line.add_result(
        name="by hand",
        agent_name="x",
        agent_url="x",
        provenance=Provenance(ringback_version="0.1.0"),
        specifications=[RunSpecification(scenario=scenario, scenario_id=1, repeat=1)],
    )

    assert await desk.queue.admit(first(10)) == []
    assert await desk.queue.cancel_result(result.id) == 0
    assert (await desk.workers.recover(silence=0, most_losses=0, patience=0)).given_up == ()
    assert (await command_line.result(result.id)).runs[0].status is RunStatus.QUEUED


async def test_what_was_let_in_and_never_claimed_is_found(desk: Desk) -> None:
    await desk.ask(2)
    admitted = await desk.queue.admit(first(2))
    await desk.queue.claim(admitted[:1], str(desk.owner))

    stuck: Sequence[tuple[int, int]] = await desk.queue.stuck(seconds=0)

    assert stuck == admitted[1:]
    assert await desk.queue.stuck(seconds=60) == []
