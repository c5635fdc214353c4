"""What goes into the store comes out of it, on SQLite and on PostgreSQL."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ringback.domain.conversation import Conversation
from ringback.domain.ending import Ending, EndingCode
from ringback.domain.outcome import Outcome
from ringback.domain.run import Attempt, Result, Run, RunStatus
from ringback.errors import NotFound, UsageError
from ringback.storage.database import Database
from ringback.storage.owner import Owner
from ringback.storage.reading_changes import Revisions
from ringback.storage.store import Store

Add = Callable[[Store, int], Awaitable[Result]]
Finish = Callable[[Run], Run]


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """A store in a database of either kind."""
    opened = await Store.open(database_url)
    yield opened
    await opened.close()


async def test_a_result_comes_back_as_it_was_added(store: Store, add: Add) -> None:
    added = await add(store, 3)
    assert await store.result(added.id) == added
    assert [run.specification.repeat for run in added.runs] == [1, 2, 3]
    assert all(run.id > 0 for run in added.runs)
    assert added.runs[0].status is RunStatus.QUEUED


async def test_a_finished_run_comes_back_equal(
    store: Store, add: Add, finish: Finish, conversation: Conversation
) -> None:
    (run,) = (await add(store, 1)).runs
    attempt = Attempt(number=1, conversation=conversation, reason="The caller swapped roles.")
    done = replace(finish(run), attempt=2, earlier_attempts=(attempt,))
    assert await store.finish_run(done)
    assert await store.run(run.id) == done
    assert (await store.result(run.result_id)).runs == (done,)


async def test_a_result_that_was_removed_over_the_api_is_nowhere(store: Store, database_url: str, add: Add) -> None:
    kept, removed = await add(store, 1), await add(store, 1)
    database = await Database.open(database_url)
    assert await Revisions(database).remove_results([removed.id]) == [removed.id]
    await database.close()
    assert [overview.result.id for overview in await store.results()] == [kept.id]
    with pytest.raises(NotFound):
        await store.result(removed.id)


async def test_a_store_opened_again_holds_what_was_written(database_url: str, add: Add, finish: Finish) -> None:
    first = await Store.open(database_url)
    result = await add(first, 1)
    done = finish(result.runs[0])
    await first.finish_run(done)
    await first.finish_result(result.id)
    await first.close()
    second = await Store.open(database_url)
    found = await second.result(result.id)
    await second.close()
    assert found.runs == (done,)
    assert found.finished_at is not None
    assert not found.interrupted


async def test_the_directory_of_the_database_is_for_its_owner_alone(path: Path) -> None:
    await (await Store.open(f"sqlite:///{path}")).close()
    assert path.parent.stat().st_mode & 0o777 == 0o700


async def test_a_scenario_keeps_its_number(store: Store) -> None:
    first = await store.scenario_ids("a.yaml", ["x", "y"])
    second = await store.scenario_ids("a.yaml", ["y", "z", "x"])
    assert {key: second[key] for key in first} == first
    assert len(set(second.values())) == 3
    assert list(second) == ["y", "z", "x"]


async def test_the_same_key_of_another_suite_has_another_number(store: Store) -> None:
    assert (await store.scenario_ids("a.yaml", ["x"])) != (await store.scenario_ids("b.yaml", ["x"]))


async def test_two_processes_agree_on_numbers(store: Store, database_url: str) -> None:
    other = await Store.open(database_url)
    keys = [f"scenario-{number}" for number in range(50)]
    numbers = await asyncio.gather(*(one.scenario_ids("a.yaml", keys) for one in (store, other, store, other)))
    await other.close()
    assert all(found == numbers[0] for found in numbers)


async def test_overviews_count_outcomes_and_come_newest_first(store: Store, add: Add, finish: Finish) -> None:
    older, newer = await add(store, 3), await add(store, 1)
    await store.finish_run(finish(older.runs[0]))
    first, second = await store.results()
    assert (first.result.id, first.planned, first.done) == (newer.id, 1, 0)
    assert (second.result, second.planned) == (replace(older, runs=()), 3)
    assert second.outcomes == {Outcome.PASSED: 1}
    assert [overview.result.id for overview in await store.results(limit=1, offset=1)] == [older.id]


async def test_a_result_can_be_read_without_its_runs(store: Store, add: Add) -> None:
    added = await add(store, 2)
    assert await store.result(added.id, with_runs=False) == replace(added, runs=())


async def test_an_unknown_number_is_an_error_that_says_where_to_look(store: Store) -> None:
    with pytest.raises(UsageError, match=r"no result 7\. `ringback results list`"):
        await store.result(7)
    with pytest.raises(UsageError, match="no run 9"):
        await store.run(9)


async def test_a_run_whose_waiter_was_cancelled_is_written_all_the_same(store: Store, add: Add, finish: Finish) -> None:
    first, second = (await add(store, 2)).runs
    impatient = asyncio.create_task(store.finish_run(finish(first)))
    patient = asyncio.create_task(store.finish_run(finish(second)))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient
    assert (await store.run(first.id)).outcome is Outcome.PASSED


async def test_closing_writes_what_is_waiting(database_url: str, add: Add, finish: Finish) -> None:
    store = await Store.open(database_url)
    (run,) = (await add(store, 1)).runs
    writing = asyncio.create_task(store.finish_run(finish(run)))
    await asyncio.sleep(0)
    await store.close()
    assert await writing
    again = await Store.open(database_url)
    assert (await again.run(run.id)).status is RunStatus.DONE
    await again.close()


async def test_a_conversation_is_kept_while_its_judge_is_asked(store: Store, add: Add, finish: Finish) -> None:
    (run,) = (await add(store, 1)).runs
    held = replace(finish(run), status=RunStatus.CONVERSING, evaluation=None, finished_at=None)
    assert await store.save_conversation(held)
    found = await store.run(run.id)
    assert found.status is RunStatus.EVALUATING
    assert found.conversation == held.conversation
    assert await store.finish_run(finish(run))
    assert (await store.run(run.id)).outcome is Outcome.PASSED


async def test_a_finished_run_is_not_written_again(store: Store, add: Add, finish: Finish) -> None:
    (run,) = (await add(store, 1)).runs
    assert await store.finish_run(finish(run))
    late = replace(finish(run), finished_at=None, conversation=None)
    assert not await store.finish_run(late)
    assert (await store.run(run.id)).conversation is not None


async def test_a_process_that_lost_its_run_writes_nothing(database_url: str, add: Add, finish: Finish) -> None:
    """A paused process that wakes up beside its successor must not cover what that one does."""
    slept = await Store.open(database_url, owner=Owner(kind="cli", host="here", pid=1, started="1"))
    mine, other = (await add(slept, 2)).runs
    successor = await Store.open(database_url, owner=Owner(kind="cli", host="here", pid=2, started="2"))
    await successor.reset_runs([mine.id])
    kept, refused = await asyncio.gather(slept.finish_run(finish(other)), slept.finish_run(finish(mine)))
    assert (kept, refused) == (True, False)
    assert (await successor.run(mine.id)).status is RunStatus.QUEUED
    assert await successor.finish_run(finish(mine))
    await slept.close()
    await successor.close()


async def test_an_interrupted_result_names_the_runs_that_are_left(store: Store, add: Add, finish: Finish) -> None:
    result = await add(store, 3)
    await store.finish_run(finish(result.runs[1]))
    await store.finish_result(result.id, interrupted=True)
    left = await store.interrupted_runs(result.id)
    assert [run.id for run in left] == [result.runs[0].id, result.runs[2].id]
    again = await store.reset_runs([run.id for run in left])
    assert [run.status for run in again] == [RunStatus.QUEUED, RunStatus.QUEUED]
    found = await store.result(result.id)
    assert not found.interrupted
    assert found.finished_at is None
    assert await store.interrupted_runs(result.id) == []
    assert await store.reset_runs([]) == []


async def test_a_run_that_is_queued_again_forgets_what_was_done(store: Store, add: Add, finish: Finish) -> None:
    (run,) = (await add(store, 1)).runs
    await store.finish_run(finish(run))
    assert await store.reset_runs([run.id]) == [run]
    assert await store.finish_run(finish(run))


async def test_a_temporary_store_works_like_any_other(add: Add, finish: Finish) -> None:
    store = await Store.temporary()
    result = await add(store, 20)
    await asyncio.gather(*(store.finish_run(finish(run)) for run in result.runs), store.results())
    assert (await store.results())[0].done == 20
    await store.close()


async def test_a_thousand_runs_are_queued_at_once(store: Store, add: Add) -> None:
    """One bulk insert: 20 ms on an idle machine; one statement a run would be seconds, and minutes on a busy one."""
    began = time.process_time()
    result = await add(store, 1000)
    assert time.process_time() - began < 10
    assert len({run.id for run in result.runs}) == 1000


async def test_two_processes_write_side_by_side(database_url: str, add: Add, finish: Finish) -> None:
    stores = [
        await Store.open(database_url, owner=Owner(kind="cli", host="here", pid=pid, started="1")) for pid in (1, 2)
    ]
    results = [await add(store, 100) for store in stores]
    written = await asyncio.gather(
        *(store.finish_run(finish(run)) for store, result in zip(stores, results, strict=True) for run in result.runs)
    )
    assert all(written)
    assert [overview.done for overview in await stores[0].results()] == [100, 100]
    for store in stores:
        await store.close()


async def test_a_store_that_gave_its_runs_up_saves_nothing_more(store: Store, add: Add, finish: Finish) -> None:
    [run] = (await add(store, 1)).runs
    store.give_up()

    assert not await store.finish_run(finish(run))

    assert (await store.run(run.id)).status is RunStatus.QUEUED


async def test_a_conversation_that_was_cancelled_and_not_judged_is_held_again(
    store: Store, add: Add, finish: Finish
) -> None:
    result = await add(store, 1)
    held = replace(finish(result.runs[0]), evaluation=None)
    assert held.conversation is not None
    cancelled = Ending(code=EndingCode.CANCELLED, sentence="Ctrl-C.")
    await store.save_conversation(replace(held, conversation=replace(held.conversation, ending=cancelled)))
    await store.finish_result(result.id, interrupted=True)

    [again] = await store.reset_runs([held.id])

    assert again.conversation is None
