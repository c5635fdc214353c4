"""Looking after the others: dead workers, what got lost on its way to the engine, and patience after a silence."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import pytest

from ringback.errors import StorageError
from ringback.runs.reconciler import Patience, Reconciler, RunKey
from ringback.storage.queue import RunQueue
from ringback.storage.workers import Recovery, Workers


@dataclass
class Desk:
    """What the reconciler looks at, as both tables and as the engine."""

    recovery: Recovery = field(default_factory=Recovery)
    let_in: list[RunKey] = field(default_factory=list[RunKey])
    in_engine: dict[RunKey, str] = field(default_factory=dict[RunKey, str])
    now: float = 0.0
    away: bool = False
    silences: list[float] = field(default_factory=list[float])
    woken: int = 0
    forgotten: list[str] = field(default_factory=list[str])
    queued_again: list[RunKey] = field(default_factory=list[RunKey])

    async def recover(self, *, silence: float, most_losses: int, patience: float) -> Recovery:
        assert (most_losses, patience) == (2, 300.0)
        if self.away:
            raise StorageError("The database is away.")
        self.silences.append(silence)
        return self.recovery

    def wake(self) -> None:
        self.woken += 1

    async def stuck(self, *, seconds: float) -> list[RunKey]:
        assert seconds > 0
        return self.let_in

    async def queue_again(self, keys: Sequence[RunKey]) -> None:
        self.queued_again.extend(keys)

    async def known(self, keys: Sequence[RunKey]) -> dict[RunKey, str]:
        return {key: self.in_engine[key] for key in keys if key in self.in_engine}

    async def forget(self, names: Sequence[str]) -> None:
        self.forgotten.extend(names)

    def reconciler(self) -> Reconciler:
        return Reconciler(
            cast("RunQueue", self),
            cast("Workers", self),
            known=self.known,
            forget=self.forget,
            patience=Patience(silence=30.0, most_losses=2, taken_up_within=300.0),
            clock=lambda: self.now,
        )


async def test_the_engine_forgets_dead_workers_and_their_runs_are_let_in_again() -> None:
    desk = Desk(Recovery(workers=("service|a|1|1",), queued=(7,)))

    await desk.reconciler().once()

    assert desk.forgotten == ["service|a|1|1"]
    assert desk.woken == 1


async def test_nobody_is_woken_where_nothing_happened() -> None:
    desk = Desk()

    await desk.reconciler().once()

    assert (desk.forgotten, desk.woken, desk.queued_again) == ([], 0, [])


async def test_what_the_engine_does_not_have_waiting_any_more_gets_another_attempt() -> None:
    desk = Desk(
        let_in=[(1, 1), (2, 1), (3, 1), (4, 2)],
        in_engine={(1, 1): "enqueued", (2, 1): "running", (3, 1): "over"},
    )

    await desk.reconciler().once()

    assert desk.queued_again == [(2, 1), (3, 1), (4, 2)]


async def test_after_the_database_was_away_workers_have_time_to_give_a_sign_of_life() -> None:
    desk = Desk()
    reconciler = desk.reconciler()
    await reconciler.once()
    desk.away = True
    desk.now = 20.0
    with pytest.raises(StorageError):
        await reconciler.once()
    desk.away = False

    for moment in (45.0, 50.0, 74.0):  # it is back; all have been silent for longer than they may
        desk.now = moment
        await reconciler.once()
    assert min(desk.silences[1:]) > 86400

    desk.now = 76.0
    await reconciler.once()
    assert desk.silences[-1] == 30.0


async def test_who_looks_in_time_and_who_has_just_started_is_not_lenient() -> None:
    desk = Desk(now=1000.0)
    reconciler = desk.reconciler()
    for _ in range(3):
        await reconciler.once()
        desk.now += 29.0

    assert desk.silences == [30.0] * 3
