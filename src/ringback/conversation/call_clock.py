"""One clock for all spoken calls of a process: every 20 ms a frame of each goes out and one comes in.

Deadlines are absolute (`start + tick x 20 ms`), so a late tick delays none of those behind it and the clock never
drifts; what was missed is made up for, one tick after the other, and skips nothing. What each line sends was encoded in
the tick before, so sending is the first thing a tick does. Codec and voice activity take all calls in one step.
"""

import asyncio
from array import array
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ringback.channels.line import FRAME_SECONDS, Encoding, Line
from ringback.domain.voice import Lateness
from ringback.speech.audio import Samples
from ringback.speech.codec import decode_mulaw, encode_mulaw
from ringback.speech.voice_activity import Ear, VoiceActivity


class TimedCall(Protocol):
    """A call, as its clock sees it."""

    @property
    def line(self) -> Line:
        """Open, until the call has left the clock."""
        ...

    @property
    def ear(self) -> Ear:
        """Has heard the agent's frame when `step` is called."""
        ...

    def step(self, heard: Samples) -> Samples:
        """Take the agent's frame of this tick, and give ours for the next one; never waits."""
        ...

    def broke(self, defect: Exception) -> None:
        """The call raised this, and was taken off the clock."""
        ...


class _Seat:
    """The place of one call."""

    __slots__ = ("call", "encoding", "gone", "late", "line", "wire")

    def __init__(self, call: TimedCall) -> None:
        self.call = call
        self.line = call.line
        self.encoding = call.line.encoding
        self.wire = self.encoding.silence
        """What is sent at the next tick."""
        self.late = array("d")
        """Seconds after its deadline, for each frame that was sent."""
        self.gone = False


class CallClock:
    """Paces all calls; it runs while there are any."""

    def __init__(self, activity: VoiceActivity, *, now: Callable[[], float] | None = None) -> None:
        """A clock that stands still until a call joins it.

        Args:
            activity: Tells for all calls at once who is speaking.
            now: What lateness is read from, seconds on the clock of the event loop; None: that clock itself, which in
                uvloop stands still within a tick.
        """
        self._activity = activity
        self._now = now
        self._seats: tuple[_Seat, ...] = ()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._start = 0.0
        self._tick_number = 0

    def ear(self, rate: int) -> Ear:
        """An ear for a call that is going to join."""
        return self._activity.ear(rate)

    def join(self, call: TimedCall) -> float:
        """Take a call in; returns the time (of the event loop) of its first tick, which sends a frame of silence."""
        loop = asyncio.get_running_loop()
        if self._timer is None or self._loop is not loop:
            self._loop = loop
            self._start = loop.time()
            self._tick_number = 0
            self._timer = loop.call_at(self._start, self._tick)
        self._seats = (*self._seats, _Seat(call))
        return self._deadline

    def leave(self, call: TimedCall) -> Lateness:
        """Let a call go; returns how late its frames were sent. Safe to call again, then with nothing to say."""
        seat = next((seat for seat in self._seats if seat.call is call), None)
        if seat is None:
            return Lateness()
        self._remove(seat)
        return _lateness(seat.late)

    def _remove(self, seat: _Seat) -> None:
        seat.gone = True
        self._seats = tuple(other for other in self._seats if other is not seat)
        if not self._seats and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @property
    def _deadline(self) -> float:
        return self._start + self._tick_number * FRAME_SECONDS

    def _tick(self) -> None:
        loop = self._loop
        assert loop is not None  # noqa: S101 - the clock was set going in a loop
        seats, deadline = self._seats, self._deadline
        self._tick_number += 1
        # A tick that is late makes this time lie in the past: then it comes next, behind what else is waiting.
        self._timer = loop.call_at(self._deadline, self._tick)
        self._send(seats, deadline, loop)
        together: dict[Encoding, tuple[list[_Seat], list[bytes]]] = {}
        for seat in seats:
            if not seat.gone and (wire := self._played(seat)) is not None:
                group = together.setdefault(seat.encoding, ([], []))
                group[0].append(seat)
                group[1].append(wire)
        sides = [(encoding, present, decode(encoding, wires)) for encoding, (present, wires) in together.items()]
        try:
            self._activity.listen(
                [seat.call.ear for _, present, _ in sides for seat in present],
                [frame for _, _, heard in sides for frame in heard],
            )
        except Exception as defect:  # noqa: BLE001 - a call that nobody hears must not go on for ever
            for seat in self._seats:
                self._break(seat, defect)
        for encoding, present, heard in sides:
            self._step(encoding, present, heard)

    def _send(self, seats: Sequence[_Seat], deadline: float, loop: asyncio.AbstractEventLoop) -> None:
        now = self._now or loop.time
        for seat in seats:
            if seat.gone:
                continue
            try:
                seat.late.append(now() - deadline)
                seat.line.send(seat.wire)
            except Exception as defect:  # noqa: BLE001 - one call's defect is not the others'
                self._break(seat, defect)

    def _played(self, seat: _Seat) -> bytes | None:
        try:
            wire = seat.line.played()
            if len(wire) != seat.encoding.frame_bytes:
                raise ValueError(f"The line gave {len(wire)} bytes for a frame of {seat.encoding.frame_bytes}.")  # noqa: TRY301 - as if it had raised itself
        except Exception as defect:  # noqa: BLE001 - one call's defect is not the others'
            self._break(seat, defect)
            return None
        return wire

    def _step(self, encoding: Encoding, seats: Sequence[_Seat], heard: NDArray[np.int16]) -> None:
        """Step the calls of one encoding, and encode what they send at the next tick."""
        frames = np.zeros_like(heard)
        for row, seat in enumerate(seats):
            if seat.gone:
                continue
            try:
                frames[row] = seat.call.step(heard[row])
            except Exception as defect:  # noqa: BLE001 - one call's defect is not the others'
                self._break(seat, defect)
        wires = encode(encoding, frames)
        for seat, wire in zip(seats, wires, strict=True):
            seat.wire = wire

    def _break(self, seat: _Seat, defect: Exception) -> None:
        if not seat.gone:
            self._remove(seat)
        seat.call.broke(defect)


def decode(encoding: Encoding, frames: Sequence[bytes]) -> NDArray[np.int16]:
    """Frames of whole lines' length as samples, one row each."""
    wire = b"".join(frames)
    if encoding is Encoding.MULAW:
        return decode_mulaw(np.frombuffer(wire, np.uint8)).reshape(len(frames), encoding.frame_samples)
    return np.frombuffer(wire, "<i2").reshape(len(frames), encoding.frame_samples).astype(np.int16, copy=False)


def encode(encoding: Encoding, frames: NDArray[np.int16]) -> list[bytes]:
    """Rows of samples as frames for the wire."""
    wire = (encode_mulaw(frames) if encoding is Encoding.MULAW else frames.astype("<i2", copy=False)).tobytes()
    size = encoding.frame_bytes
    return [wire[start : start + size] for start in range(0, len(wire), size)]


def _lateness(late: "array[float]") -> Lateness:
    if not late:
        return Lateness()
    values = np.maximum(np.frombuffer(late, np.float64), 0.0)
    p50, p99 = (float(figure) for figure in np.percentile(values, (50, 99)))
    return Lateness(frames=len(late), p50=round(p50, 6), p99=round(p99, 6), worst=round(float(values.max()), 6))
