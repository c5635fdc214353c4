"""Letting runs in: how many begin when only some may begin in a second, and what happens where it fails."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, cast

import pytest

from ringback.errors import StorageError
from ringback.runs.admission import Admission, QueueLimits
from ringback.storage.letting_in import Load, OpenResult
from ringback.storage.queue import RunQueue


class Desk:
    """A queue that lets in what it is told to, or fails."""

    def __init__(self, *answers: Sequence[tuple[int, int]] | Exception) -> None:
        self.answers = list(answers)
        self.windows: list[float] = []
        self.on_wake = lambda: None

    async def admit(self, share_out: object, *, window: float) -> Sequence[tuple[int, int]]:
        self.windows.append(window)
        answer = self.answers.pop(0) if self.answers else ()
        if isinstance(answer, Exception):
            raise answer
        return answer


class Line:
    """An engine that notes what it gets."""

    def __init__(self) -> None:
        self.enqueued: list[tuple[int, int]] = []
        self.reached = asyncio.Event()

    async def enqueue(self, runs: Sequence[tuple[int, int]]) -> None:
        self.enqueued.extend(runs)
        self.reached.set()


def load(*, waiting: int = 10, places: int = 100, started_lately: int = 0) -> Load:
    one = OpenResult(id=1, agent_id=1, limit=None, waiting=waiting, active=0)
    return Load(results=(one,), agent_active={}, places=places, started_lately=started_lately)


@pytest.mark.parametrize(
    ("rate", "window", "starts"),
    [(2.0, 1.0, 2), (0.5, 2.0, 1), (0.013, 1 / 0.013, 1), (0.49, 1 / 0.49, 1), (1.5, 2 / 1.5, 2), (10.0, 1.0, 10)],
)
def test_as_many_begin_as_the_rate_says_whatever_fraction_it_is(rate: float, window: float, starts: int) -> None:
    limits = QueueLimits(starts_per_second=rate)

    assert limits.window == pytest.approx(window)
    assert limits.shares(load()) == {1: starts}
    assert limits.shares(load(started_lately=starts)) == {}
    assert limits.shares(load(started_lately=starts + 5)) == {}


def test_without_a_rate_all_places_but_the_reserve_are_filled() -> None:
    assert QueueLimits().shares(load(waiting=50, places=20)) == {1: 17}
    assert QueueLimits().window == 1.0


def test_the_smaller_of_the_limit_and_the_places_counts() -> None:
    assert QueueLimits(runs=4).shares(load()) == {1: 3}
    assert QueueLimits(runs=40).shares(load(places=3)) == {1: 2}


def test_nothing_begins_where_places_went_away() -> None:
    busy = Load(results=load().results, agent_active={1: 8}, places=3, started_lately=0)
    assert QueueLimits().shares(busy) == {}


async def test_what_is_let_in_goes_to_the_engine() -> None:
    desk, line = Desk([(1, 1), (2, 1)], []), Line()
    admission = Admission(cast("RunQueue", desk), line.enqueue, QueueLimits(starts_per_second=0.5))

    assert await admission.once() == 2
    assert await admission.once() == 0

    assert line.enqueued == [(1, 1), (2, 1)]
    assert desk.windows == [2.0, 2.0]


@pytest.mark.parametrize("failure", [StorageError("The database is away."), KeyError("a defect")])
async def test_runs_are_let_in_after_a_failure_of_whatever_kind(
    failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    desk, line = Desk(failure, [(1, 1)]), Line()
    admission = Admission(cast("RunQueue", desk), line.enqueue, QueueLimits())
    going: asyncio.Task[Any] = asyncio.create_task(admission.run())
    with caplog.at_level(logging.WARNING):
        while desk.answers and not going.done():
            desk.on_wake()
            await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await line.reached.wait()
    going.cancel()

    assert line.enqueued == [(1, 1)]
    assert len(caplog.records) == 1


async def test_it_looks_again_without_being_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringback.runs.admission._LOOK", 0.0)
    desk, line = Desk([(1, 1)]), Line()
    going = asyncio.create_task(Admission(cast("RunQueue", desk), line.enqueue, QueueLimits()).run())
    async with asyncio.timeout(30):
        await line.reached.wait()
    going.cancel()

    assert line.enqueued == [(1, 1)]
