"""One process's hands, with a queue and a table that do as they are told."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from ringback.domain.conversation import Entry, Role
from ringback.domain.event import CallEnded, CallTaken, EntryAdded
from ringback.domain.log_context import about
from ringback.domain.run import Run, RunSpecification, RunStatus
from ringback.domain.scenario import Scenario, ScenarioType
from ringback.errors import StorageError, TakenOver
from ringback.runs.worker import Call, Worker
from ringback.storage.owner import Owner
from ringback.storage.queue import Claim, RunQueue
from ringback.storage.store import Store
from ringback.storage.workers import Workers

SCENARIO = Scenario(key="books", name="Books a table", type=ScenarioType.SCRIPT, script=("Hello",))


def claim_of(run_id: int, attempt: int) -> Claim:
    run = Run(
        id=run_id,
        result_id=1,
        specification=RunSpecification(scenario=SCENARIO, scenario_id=1, repeat=1),
        status=RunStatus.CONVERSING,
        attempt=attempt,
        started_at=datetime.now(UTC),
    )
    return Claim(run=run, sealed_agent="", agent_id=1, request="{}", call_timeout=None, rescoring=None)


@dataclass
class Desk:
    """The queue and the table of workers, and what the worker did with them."""

    registered: list[Owner] = field(default_factory=list[Owner])
    fails: str = ""
    """The verb that finds the database away."""
    given_up: bool = False
    may_claim: asyncio.Event = field(default_factory=asyncio.Event)
    claiming: asyncio.Event = field(default_factory=asyncio.Event)
    claimed: list[str] = field(default_factory=list[str])
    cancels: list[int] = field(default_factory=list[int])
    queued_again: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    handed_back: list[Collection[int]] = field(default_factory=list[Collection[int]])
    offered: list[int] = field(default_factory=list[int])
    orphans: list[int] = field(default_factory=list[int])
    most_losses: list[int | None] = field(default_factory=list[int | None])
    saved: list[Run] = field(default_factory=list[Run])
    keeps: bool = True
    refused: int = 0
    taken: list[tuple[int, int, str]] = field(default_factory=list[tuple[int, int, str]])
    noted: asyncio.Event = field(default_factory=asyncio.Event)
    order: list[str] = field(default_factory=list[str])

    def _try(self, verb: str) -> None:
        if self.fails == verb:
            raise StorageError("The database is away.")

    def wake(self) -> None:
        pass

    async def register(self, owner: Owner, *, places: int, heartbeat: float) -> None:
        assert (places, heartbeat) == (3, 0.001)
        self._try("register")
        self.registered.append(owner)

    async def claim(self, keys: Sequence[tuple[int, int]], owner: str) -> list[Claim | None]:
        self.claiming.set()
        await self.may_claim.wait()
        self.claimed.append(owner)
        self.order.append("claimed")
        return [claim_of(*key) for key in keys]

    async def call_taken(self, run_id: int, attempt: int, owner: str) -> None:
        self.taken.append((run_id, attempt, owner))
        self.noted.set()
        self._try("call_taken")

    async def beat(self, owner: Owner) -> bool:
        return not self.given_up and owner in self.registered

    async def cancelled(self, owner: str) -> list[int]:
        return self.cancels

    async def queue_again(self, keys: Sequence[tuple[int, int]]) -> None:
        self.queued_again.extend(keys)

    async def offer(self, owner: Owner, *, places: int) -> None:
        self._try("offer")
        self.offered.append(places)

    async def stop(self, owner: Owner) -> None:
        self._try("stop")
        self.order.append("stopped")

    async def hand_back(
        self, owner: Owner, *, all_but: Collection[int] = (), older_than: float = 0.0, most_losses: int | None = None
    ) -> list[int]:
        self.handed_back.append(tuple(all_but))
        self.order.append("handed back")
        self.most_losses.append(most_losses)
        return self.orphans

    def give_up(self) -> None:
        self.refused += 1

    async def save_progress(self, run: Run) -> bool:
        self._try("save_progress")
        self.saved.append(run)
        return self.keeps


@dataclass
class Hands:
    """A worker, and the calls it was given."""

    desk: Desk = field(default_factory=Desk)
    calls: list[Call] = field(default_factory=list[Call])
    began: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    fails: Exception | None = None
    tasks: list[asyncio.Task[Any]] = field(default_factory=list[asyncio.Task[Any]])

    def __post_init__(self) -> None:
        self.desk.may_claim.set()
        self.worker = Worker(
            queue=cast("RunQueue", self.desk),
            workers=cast("Workers", self.desk),
            open_store=lambda _owner: cast("Store", self.desk_as_store()),
            carry_out=self.carry_out,
            places=3,
            heartbeat=0.001,
            most_losses=5,
        )

    def desk_as_store(self) -> object:
        desk = self.desk

        class Saving:
            save_progress = desk.save_progress
            give_up = desk.give_up

        return Saving()

    async def carry_out(self, call: Call) -> Run:
        self.calls.append(call)
        self.began.set()
        ends = [asyncio.ensure_future(event.wait()) for event in (self.over, call.stop)]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for end in ends:
            end.cancel()
        if self.fails is not None:
            raise self.fails
        return call.claim.run

    def begin(self, run_id: int, attempt: int = 1) -> asyncio.Task[None]:
        task = asyncio.create_task(self.worker.body(run_id, attempt))
        self.tasks.append(task)
        return task

    def go_on(self) -> None:
        self.tasks.append(asyncio.create_task(self.worker.run()))


@pytest.fixture
async def hands() -> AsyncIterator[Hands]:
    made = Hands()
    async with asyncio.timeout(60):
        yield made
    for task in made.tasks:
        task.cancel()
    await asyncio.gather(*made.tasks, return_exceptions=True)


async def test_nothing_is_claimed_before_the_others_know_the_worker(hands: Hands) -> None:
    hands.begin(1)
    for _ in range(5):
        await asyncio.sleep(0)
    assert not hands.desk.claiming.is_set()

    await hands.worker.register()
    await hands.began.wait()

    assert hands.desk.claimed == [str(hands.worker.owner)]
    assert hands.worker.busy == 1


async def test_what_is_logged_of_a_run_names_it_its_result_and_attempt(
    hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    known: list[Mapping[str, int | str]] = []
    caplog.handler.addFilter(lambda _: known.append(about()) or True)
    await hands.worker.register()
    hands.over.set()
    with caplog.at_level("INFO", logger="ringback.runs.worker"):
        await hands.worker.body(7, 2)
        hands.fails = TakenOver("Run 8 was taken over by another process.")
        await hands.worker.body(8, 1)

    assert [record.message for record in caplog.records] == [
        "The run is over.",
        "Run 8 was taken over by another process.",
    ]
    assert known == [{"result_id": 1, "run_id": 7, "attempt": 2}, {"result_id": 1, "run_id": 8, "attempt": 1}]
    assert about() == {}, "what comes later is about nothing"


async def test_a_worker_that_leaves_waits_for_what_it_is_claiming(hands: Hands) -> None:
    await hands.worker.register()
    hands.desk.may_claim.clear()
    hands.begin(1)
    await hands.desk.claiming.wait()

    leaving = asyncio.create_task(hands.worker.drain(60))
    hands.desk.may_claim.set()
    await hands.began.wait()
    assert not leaving.done()
    hands.over.set()
    await leaving

    assert hands.desk.offered == [0]
    assert not hands.calls[0].stop.is_set()


async def test_a_worker_that_has_no_time_to_wait_hands_back_what_it_was_claiming_too(hands: Hands) -> None:
    await hands.worker.register()
    hands.desk.may_claim.clear()
    body = hands.begin(1)
    await hands.desk.claiming.wait()

    leaving = asyncio.create_task(hands.worker.drain(0))
    for _ in range(20):  # as far as it comes
        await asyncio.sleep(0)
    hands.desk.may_claim.set()
    await leaving
    await body

    assert hands.desk.order == ["claimed", "handed back", "stopped"]


async def test_a_worker_that_leaves_hands_back_what_it_has_and_begins_nothing_more(hands: Hands) -> None:
    hands.desk.orphans = [1]
    await hands.worker.register()
    hands.begin(1)
    await hands.began.wait()

    assert await hands.worker.drain(0) == 1
    await hands.worker.body(2, 4)

    assert hands.calls[0].stop.is_set()
    assert hands.desk.most_losses == [None]
    assert hands.desk.queued_again == [(2, 4)]
    assert len(hands.calls) == 1


@pytest.mark.parametrize("verb", ["offer", "stop"])
async def test_a_worker_that_leaves_while_the_database_is_away_still_ends_its_calls(hands: Hands, verb: str) -> None:
    hands.desk.fails = verb
    await hands.worker.register()
    body = hands.begin(1)
    await hands.began.wait()

    assert await hands.worker.drain(0) == 0

    assert hands.calls[0].stop.is_set()
    assert hands.desk.refused == 1, "the end of the call is not the run's"
    await body


async def test_what_nobody_works_on_is_handed_back_as_a_loss(hands: Hands) -> None:
    await hands.worker.register()
    hands.begin(1)
    await hands.began.wait()
    hands.go_on()
    while not hands.desk.handed_back:  # noqa: ASYNC110 - the worker beats by itself
        await asyncio.sleep(0)

    assert hands.desk.handed_back[0] == (1,)
    assert hands.desk.most_losses[0] == 5


async def test_a_worker_that_was_given_up_takes_a_new_name_until_one_is_known(hands: Hands) -> None:
    await hands.worker.register()
    hands.begin(1)
    await hands.began.wait()
    [first] = hands.desk.registered
    hands.desk.given_up = True
    hands.desk.fails = "register"
    hands.go_on()
    await hands.calls[0].stop.wait()
    names = {str(first)}
    while len(names) < 3:  # it tries again with each beat
        names.add(str(hands.worker.owner))
        await asyncio.sleep(0)
    waiting = hands.begin(2)
    hands.desk.fails, hands.desk.given_up = "", False
    while len(hands.desk.registered) < 2:  # noqa: ASYNC110 - as above
        await asyncio.sleep(0)
    while len(hands.calls) < 2:  # noqa: ASYNC110 - as above
        await asyncio.sleep(0)

    assert hands.calls[1].claim.run.id == 2
    assert hands.desk.claimed[1] == str(hands.desk.registered[1])
    waiting.cancel()


async def test_a_run_that_somebody_cancelled_is_stopped(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringback.runs.worker._CANCEL_LOOK", 0.0)
    await hands.worker.register()
    hands.go_on()
    hands.begin(1)
    hands.desk.cancels = [99, 1]  # one of them is another's by now
    await hands.began.wait()

    await hands.calls[0].stop.wait()


def entry(number: int) -> EntryAdded:
    said = Entry(number=number, role=Role.AGENT, content="Hello", start=0.0, end=0.0, turn=1)
    return EntryAdded(run_id=1, at=float(number), entry=said)


@pytest.mark.parametrize("fails", ["", "call_taken"])
async def test_that_the_agent_has_called_is_noted_at_once(
    hands: Hands, fails: str, caplog: pytest.LogCaptureFixture
) -> None:
    await hands.worker.register()
    body = hands.begin(1, attempt=2)
    await hands.began.wait()
    hands.desk.fails = fails
    hands.calls[0].on_event(CallTaken(run_id=1))
    await hands.desk.noted.wait()
    hands.over.set()
    await body
    assert hands.desk.taken == [(1, 2, str(hands.worker.owner))]
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == (
        ["It could not be noted that the agent of run 1 has called. The database is away."] if fails else []
    )


async def test_what_could_not_be_kept_is_kept_the_next_time(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringback.runs.worker._CHECKPOINT", 0.001)
    await hands.worker.register()
    body = hands.begin(1)
    await hands.began.wait()
    hands.desk.fails = "save_progress"
    hands.go_on()
    hands.calls[0].on_event(entry(1))
    for _ in range(20):
        await asyncio.sleep(0.001)
    hands.desk.fails = ""
    while not hands.desk.saved:  # noqa: ASYNC110 - the worker does it by itself
        await asyncio.sleep(0)

    [saved] = hands.desk.saved
    assert saved.conversation is not None
    assert len(saved.conversation.entries) == 1
    hands.over.set()
    await body


@pytest.mark.parametrize("over", [False, True])
async def test_a_call_whose_run_is_anothers_by_now_is_ended(
    hands: Hands, monkeypatch: pytest.MonkeyPatch, over: bool
) -> None:
    monkeypatch.setattr("ringback.runs.worker._CHECKPOINT", 0.001)
    await hands.worker.register()
    hands.begin(1)
    await hands.began.wait()
    call = hands.calls[0]
    hands.desk.keeps = False
    keep = hands.desk.save_progress

    async def save(run: Run) -> bool:
        kept = await keep(run)
        if over:  # it ended while this was being written: its whole record follows, and is refused as well
            assert run.conversation is not None
            ending = run.conversation.ending
            call.on_event(CallEnded(run_id=1, at=2.0, ending=ending, conversation=run.conversation))
        return kept

    monkeypatch.setattr(call.store, "save_progress", save)
    call.on_event(entry(1))
    hands.go_on()
    while not hands.desk.saved:  # noqa: ASYNC110 - the worker does it by itself
        await asyncio.sleep(0)
    if not over:
        await call.stop.wait()
    for _ in range(5):
        await asyncio.sleep(0)

    assert call.stop.is_set() is not over


@pytest.mark.parametrize("failure", [TakenOver("It is another's."), StorageError("The database is away.")])
async def test_a_body_that_fails_leaves_its_place(hands: Hands, failure: Exception) -> None:
    hands.fails = failure
    hands.over.set()
    await hands.worker.register()
    with suppress(StorageError):
        await hands.begin(1)

    assert hands.worker.busy == 0
    assert await hands.worker.drain(5) == 0
