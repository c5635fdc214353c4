"""What may go wrong between the queue's verbs: races, second deaths and records without a conversation."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from tests.storage.test_queue import Desk, Finish, first

from ringback.domain.ending import EndingCode
from ringback.domain.outcome import Outcome
from ringback.domain.run import Run, RunStatus
from ringback.storage import tables
from ringback.storage.database import Database
from ringback.storage.owner import Owner
from ringback.storage.queue import RunQueue
from ringback.storage.store import Store
from ringback.storage.workers import Workers


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    database = await Database.open(database_url, busy_timeout=5.0)
    owner = Owner.newborn("service")
    desk = Desk(database, RunQueue(database), Workers(database), owner, Store(database, owner))
    await desk.workers.register(owner, places=10)
    yield desk
    await desk.store.close()


async def lose(desk: Desk, *, most_losses: int = 2) -> None:
    """Let the worker die; its successor has the same name and never heard of the runs."""
    await desk.silence(desk.owner, 60)
    await desk.workers.recover(silence=30, most_losses=most_losses, patience=300)
    revive = update(tables.workers).where(tables.workers.c.owner == str(desk.owner))
    now = datetime.now(UTC) + timedelta(seconds=30)
    change = revive.values(stopped_at=None, heartbeat_at=now, places=10)
    await desk.database.write(lambda connection: connection.execute(change).rowcount)


async def age(desk: Desk, run_id: int, seconds: float) -> None:
    """Put a run's last change back."""
    then = datetime.now(UTC) - timedelta(seconds=seconds)
    change = update(tables.runs).where(tables.runs.c.id == run_id).values(updated_at=then)
    await desk.database.write(lambda connection: connection.execute(change).rowcount)


async def test_a_result_that_was_closed_while_runs_came_to_it_is_opened_again(desk: Desk) -> None:
    """Two transactions of PostgreSQL that do not see each other may leave it so."""
    result = await desk.ask(2)
    await desk.store.finish_result(result.id)

    admitted = await desk.queue.admit(first(1))

    assert [run for run, _ in admitted] == [result.runs[0].id]
    assert (await desk.store.result(result.id)).finished_at is None


async def test_a_run_that_never_spoke_is_not_scored_again(desk: Desk) -> None:
    """It was lost, queued again and cancelled: it has a record, and no conversation in it."""
    result = await desk.ask(1)
    [claim] = await desk.begin(1)
    await lose(desk)
    await desk.queue.cancel_result(result.id)

    assert await desk.queue.rescore([claim.run.id], []) == 0

    assert await desk.row(claim.run.id) == ("done", 2, "error", 1)


async def test_a_lost_run_that_is_cancelled_before_it_began_again_ended_by_cancelling(
    desk: Desk, finish: Finish
) -> None:
    result = await desk.ask(1)
    [claim] = await desk.begin(1)
    await desk.store.save_progress(replace(finish(claim.run), evaluation=None))
    await lose(desk)

    await desk.queue.cancel_result(result.id)

    row = await desk.database.read(
        lambda connection: tuple(
            connection.execute(
                select(tables.runs.c.status, tables.runs.c.ending, tables.runs.c.duration).where(
                    tables.runs.c.id == claim.run.id
                )
            ).one()
        )
    )
    assert row == ("done", EndingCode.CANCELLED, None)
    assert await desk.queue.rescore([claim.run.id], []) == 0


async def test_scoring_again_does_not_count_the_workers_that_died_with_the_conversation(
    desk: Desk, finish: Finish
) -> None:
    await desk.ask(1)
    await desk.begin(1)
    await lose(desk)
    [claim] = await desk.begin(1)
    await desk.store.finish_run(finish(claim.run))
    await desk.queue.rescore([claim.run.id], [])
    await age(desk, claim.run.id, 600)  # it has waited its turn for long

    recovery = await desk.workers.recover(silence=30, most_losses=2, patience=300)

    assert recovery.given_up == ()
    assert (await desk.row(claim.run.id))[0] == "queued"


async def test_a_lost_run_that_was_let_in_again_and_not_begun_in_time_is_given_up(desk: Desk) -> None:
    """The last worker died before it came to it."""
    await desk.ask(1)
    [claim] = await desk.begin(1)
    await lose(desk)
    await desk.queue.admit(first(1))
    await age(desk, claim.run.id, 600)

    recovery = await desk.workers.recover(silence=30, most_losses=2, patience=300)

    assert recovery.given_up == (claim.run.id,)
    assert (await desk.row(claim.run.id))[:3] == ("done", 2, "error")


async def test_a_run_that_its_worker_dropped_too_often_is_given_up(desk: Desk) -> None:
    """Whatever it is that makes the worker drop it, it is not tried for ever."""
    result = await desk.ask(1)
    await desk.begin(1)
    assert await desk.workers.hand_back(desk.owner, most_losses=1) == [result.runs[0].id]
    await desk.begin(1)

    assert await desk.workers.hand_back(desk.owner, most_losses=1) == []
    run = (await desk.store.result(result.id)).runs[0]
    assert (run.status, run.outcome) == (RunStatus.DONE, Outcome.ERROR)
    assert run.evaluation is not None
    assert run.evaluation.reason.startswith("Worker lost: ")


async def test_a_worker_that_leaves_keeps_its_runs_and_offers_no_places(desk: Desk) -> None:
    await desk.ask(1)
    [claim] = await desk.begin(1)

    await desk.workers.offer(desk.owner, places=0)

    places: list[int] = []
    await desk.ask(1)
    await desk.queue.admit(lambda load: places.append(load.places) or {})
    assert places == [0]
    assert (await desk.workers.recover(silence=30, most_losses=2, patience=300)).queued == ()
    assert (await desk.row(claim.run.id))[0] == "conversing"


async def test_evaluations_that_were_interrupted_keep_what_the_caller_cost(desk: Desk, finish: Finish) -> None:
    await desk.ask(1)
    [claim] = await desk.begin(1)
    held = replace(finish(claim.run), evaluation=None)
    await desk.store.save_conversation(held)
    await lose(desk)
    [again] = await desk.begin(1)

    def usage(run: Run) -> int:
        return run.usage["judge"].calls

    assert usage(again.run) == usage(held)


async def test_a_run_whose_document_cannot_be_read_ends_and_holds_up_nobody(desk: Desk) -> None:
    result = await desk.ask(3)
    [claim] = await desk.begin(1)
    change = update(tables.runs).where(tables.runs.c.id.in_([result.runs[0].id, result.runs[1].id]))
    await desk.database.write(lambda connection: connection.execute(change.values(record="{")).rowcount)

    others = await desk.begin(2)
    await desk.silence(desk.owner, 60)
    recovery = await desk.workers.recover(silence=30, most_losses=2, patience=300)

    assert [other.run.id for other in others] == [result.runs[2].id]
    assert recovery.queued == (result.runs[2].id,)
    assert [(await desk.row(run.id))[0] for run in result.runs] == ["done", "done", "queued"]
    assert (await desk.row(claim.run.id))[2] == "error"
