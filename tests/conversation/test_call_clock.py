"""The clock of all calls: absolute deadlines, nothing skipped, and no call that harms another."""

import asyncio
from collections.abc import Callable

import numpy as np
import pytest
from virtual_clock import VirtualClockLoop, run_virtually
from voice_staging import LineInMemory, activity, noise, spoken

from ringback.channels.line import Encoding
from ringback.conversation.call_clock import CallClock, decode, encode
from ringback.domain.voice import Lateness
from ringback.speech.audio import Samples
from ringback.speech.voice_activity import Ear


class Echo:
    """A call that sends the numbers of its ticks, and notes when what came."""

    def __init__(self, clock: CallClock, line: LineInMemory) -> None:
        self.line = line
        self.ear: Ear = clock.ear(line.rate)
        self.heard: list[Samples] = []
        self.at: list[float] = []
        self.defects: list[Exception] = []
        self.then: Callable[[int], None] = lambda tick: None

    def step(self, heard: Samples) -> Samples:
        self.at.append(asyncio.get_running_loop().time())
        self.heard.append(heard.copy())
        self.then(len(self.heard))
        return np.full(self.line.encoding.frame_samples, 1000 + len(self.heard), np.int16)

    def broke(self, defect: Exception) -> None:
        self.defects.append(defect)


def _loop() -> VirtualClockLoop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualClockLoop)
    return loop


def test_frames_go_out_and_come_in_every_20_ms_on_absolute_deadlines() -> None:
    """Delays within the ticks do not add up, and what a tick gives is sent at the next one."""

    async def run() -> None:
        clock = CallClock(activity())
        call = Echo(clock, LineInMemory())
        call.then = lambda tick: _loop().skip(0.007)
        start = clock.join(call)
        await asyncio.sleep(10.009)
        lateness = clock.leave(call)
        assert call.at == pytest.approx([start + 0.02 * n for n in range(501)])
        assert [int(frame[0]) for frame in call.line.sent] == [0, *range(1001, 1501)]
        assert lateness == Lateness(frames=501, p50=0.0, p99=0.0, worst=0.0)

    run_virtually(run())


def test_a_late_tick_is_made_up_for_and_nothing_is_skipped() -> None:
    async def run() -> None:
        clock = CallClock(activity())
        call = Echo(clock, LineInMemory())
        call.then = lambda tick: _loop().skip(0.11) if tick == 100 else None
        start = clock.join(call)
        await asyncio.sleep(3.999)
        lateness = clock.leave(call)
        assert len(call.heard) == len(call.line.sent) == 200
        assert call.at[-1] == pytest.approx(start + 199 * 0.02), "it is on time again"
        assert lateness.worst == pytest.approx(0.09)
        assert lateness.p50 == 0.0
        assert lateness.p99 > 0.04

    run_virtually(run())


def test_lateness_is_read_from_the_clock_that_is_given_where_the_loop_s_own_stands_still_within_a_tick() -> None:
    async def run() -> None:
        readings = iter(range(1000))
        start = asyncio.get_running_loop().time()
        clock = CallClock(activity(), now=lambda: start + 0.02 * next(readings) + 0.003)
        call = Echo(clock, LineInMemory())
        clock.join(call)
        await asyncio.sleep(0.109)
        assert clock.leave(call) == Lateness(frames=6, p50=0.003, p99=0.003, worst=0.003)

    run_virtually(run())


def test_who_joins_later_shares_the_deadlines_and_who_leaves_stops_nobody() -> None:
    async def run() -> None:
        clock = CallClock(activity())
        first, second = Echo(clock, LineInMemory()), Echo(clock, LineInMemory(encoding=Encoding.MULAW))
        start = clock.join(first)
        await asyncio.sleep(0.111)
        assert clock.join(second) == pytest.approx(start + 0.12)
        await asyncio.sleep(0.1)
        assert clock.leave(first).frames == 11
        assert clock.leave(first).frames == 0, "it has left already"
        await asyncio.sleep(0.1)
        assert len(first.heard) == 11
        assert clock.leave(second).frames == 10
        await asyncio.sleep(1)
        assert len(second.heard) == 10, "with nobody left the clock stands still"
        again = Echo(clock, LineInMemory())
        assert clock.join(again) == _loop().time()
        await asyncio.sleep(0.05)
        assert clock.leave(again).frames == 3

    run_virtually(run())


@pytest.mark.parametrize("where", ["step", "send", "played", "length"])
def test_the_defect_of_one_call_ends_that_call_alone(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        clock = CallClock(activity())
        calls = [Echo(clock, LineInMemory()) for _ in range(3)]
        broken = calls[1]

        def fail(*_: object) -> bytes:
            raise ValueError("planted")

        def fail_later(tick: int) -> None:
            if tick == 10:
                fail()

        if where == "step":
            broken.then = fail_later
        elif where == "send":
            broken.line.defect = ValueError("planted")
        else:
            monkeypatch.setattr(broken.line, "played", fail if where == "played" else lambda: b"odd")
        for call in calls:
            clock.join(call)
        await asyncio.sleep(0.999)
        assert len(broken.defects) == 1
        assert isinstance(broken.defects[0], ValueError)
        assert len(broken.heard) <= 10
        for call in (calls[0], calls[2]):
            assert len(call.heard) == 50
            assert not call.defects
            clock.leave(call)

    run_virtually(run())


def test_a_call_may_leave_within_its_own_step() -> None:
    async def run() -> None:
        clock = CallClock(activity())
        call = Echo(clock, LineInMemory())
        left: list[Lateness] = []
        call.then = lambda tick: left.append(clock.leave(call)) if tick == 5 else None
        clock.join(call)
        await asyncio.sleep(1)
        assert [lateness.frames for lateness in left] == [5]
        assert len(call.heard) == 5

    run_virtually(run())


def test_each_call_hears_its_own_agent_through_its_own_codec() -> None:
    """Voice on one line is nobody else's, and both encodings come out as they went in."""

    async def run() -> None:
        clock = CallClock(activity())
        speaks, silent, noisy = (
            Echo(clock, LineInMemory(encoding=encoding)) for encoding in (Encoding.MULAW, Encoding.PCM, Encoding.PCM)
        )
        speaks.line.say(spoken("welcome to the clinic", 8_000))
        noisy.line.say(noise(1.0))
        for call in (speaks, silent, noisy):
            clock.join(call)
        await asyncio.sleep(0.8)
        assert [call.ear.voice for call in (speaks, silent, noisy)] == [True, False, False]
        for call in (speaks, silent, noisy):
            clock.leave(call)
        heard = np.concatenate(speaks.heard).astype(float)
        meant = spoken("welcome to the clinic", 8_000)[: len(heard)].astype(float)
        assert np.corrcoef(heard[: len(meant)], meant)[0, 1] > 0.99
        assert np.array_equal(np.concatenate(noisy.heard), np.concatenate(noisy.line.heard))

    run_virtually(run())


@pytest.mark.parametrize("encoding", list(Encoding))
def test_frames_of_many_calls_are_coded_in_one_step(encoding: Encoding) -> None:
    frames = noise(0.1, encoding.rate).reshape(5, -1)
    wires = encode(encoding, frames)
    assert [len(wire) for wire in wires] == [encoding.frame_bytes] * 5
    assert [encode(encoding, frames[n : n + 1])[0] for n in range(5)] == wires
    assert np.abs(decode(encoding, wires).astype(int) - frames).max() < 600
    assert encode(encoding, np.zeros((1, encoding.frame_samples), np.int16)) == [encoding.silence]
