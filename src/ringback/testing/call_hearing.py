"""What an agent of a test hears of its caller on one call, and how it waits for it."""

import asyncio
from collections.abc import Callable

import numpy as np

from ringback.channels.line import FRAME_SECONDS
from ringback.speech.audio import Samples, Sound

LOUD = 300.0
"""Root mean square of a 20 ms frame from which on it counts as sound: 41 dB below full scale."""

_FEWEST_LOUD = 2
"""Loud frames in a row that begin an utterance: a click is none."""


class CallHearing:
    """The caller's sound and keys, as they came.

    Sound is counted in samples of the line's rate from the first that the caller sent; a caller sends silence, too, so
    a position divided by `rate` is the time since the call began.
    """

    def __init__(self, rate: int) -> None:
        self.rate = rate
        """Hz."""
        self.arrivals: list[tuple[float, int]] = []
        """For each frame of the caller's sound: `time.monotonic()` at its arrival, the position of its first sample."""
        self.keys: list[str] = []
        """Keys that the caller pressed, where the protocol tells of them."""
        self.ended_by_caller = False
        """The caller's side ended the call."""
        self.closed = asyncio.Event()
        """Set when the line is closed, whoever closed it."""
        self._frame = round(rate * FRAME_SECONDS)
        self._heard = bytearray()
        self._levels: list[float] = []
        self._listened = 0
        self._news = asyncio.Condition()

    @property
    def position(self) -> int:
        """Samples that the caller has sent so far."""
        return len(self._heard) // 2

    def heard(self, start: int = 0, end: int | None = None) -> Sound:
        """What the caller has sent, silence included, between two positions."""
        first, last, _ = slice(start, end).indices(self.position)
        return Sound(np.frombuffer(bytes(self._heard[2 * first : 2 * last]), np.int16), self.rate)

    async def listen(self, *, silence: float = 0.5) -> Sound | None:
        """The caller's next utterance, as soon as `silence` seconds of quiet follow it; None: the line is closed.

        Utterances are told by their energy; each is returned once, those that came before this was called included.
        """
        needed = max(1, round(silence / FRAME_SECONDS))
        began: int | None = None
        loud = quiet = 0
        while await self._heard_until(self._listened):
            frame = self._listened
            self._listened += 1
            if self._levels[frame] >= LOUD:
                loud, quiet = loud + 1, 0
                if began is None and loud >= _FEWEST_LOUD:
                    began = frame - loud + 1
                continue
            loud, quiet = 0, quiet + 1
            if began is not None and quiet >= needed:
                return self._frames(began, frame - quiet + 1)
        return None if began is None else self._frames(began, len(self._levels))

    async def speaks(self) -> int | None:
        """Wait until the caller begins to speak; the position where it did. None: the line is closed.

        The utterance is left for `listen`.
        """
        frame, loud = self._listened, 0
        while await self._heard_until(frame):
            loud = loud + 1 if self._levels[frame] >= LOUD else 0
            if loud >= _FEWEST_LOUD:
                return (frame - loud + 1) * self._frame
            frame += 1
        return None

    def forget(self) -> None:
        """Take what was heard so far as past: `listen` and `speaks` begin with what comes now."""
        self._listened = len(self._levels)

    async def reaches(self, position: int) -> bool:
        """Wait until the caller has sent so many samples; False: the line is closed before."""
        return await self._until(lambda: self.position >= position)

    async def pressed(self, count: int = 1) -> list[str]:
        """Wait until so many keys have been pressed, or the line is closed; all keys so far."""
        await self._until(lambda: len(self.keys) >= count)
        return list(self.keys)

    async def _heard_until(self, frame: int) -> bool:
        if frame < len(self._levels):
            return True
        return await self._until(lambda: frame < len(self._levels))

    async def _until(self, done: Callable[[], bool]) -> bool:
        async with self._news:
            await self._news.wait_for(lambda: done() or self.closed.is_set())
        return done()

    def _frames(self, first: int, end: int) -> Sound:
        return self.heard(first * self._frame, end * self._frame)

    def _take_sound(self, samples: Samples, at: float) -> None:
        """Sound of the caller came; `_tell` says so to whoever waits."""
        self.arrivals.append((at, self.position))
        self._heard += samples.tobytes()
        while len(self._levels) * self._frame + self._frame <= self.position:
            first = len(self._levels) * self._frame * 2
            frame = np.frombuffer(bytes(self._heard[first : first + self._frame * 2]), np.int16)
            self._levels.append(float(np.sqrt(np.mean(np.square(frame, dtype=np.float64)))))

    async def _tell(self) -> None:
        """Wake up whoever waits for something."""
        async with self._news:
            self._news.notify_all()
