"""The agent's sound, kept until its turn has been heard."""

from collections import deque

import numpy as np

from ringback.channels.line import FRAME_SECONDS
from ringback.speech.audio import Samples, Sound

BEFORE = 0.3
"""Seconds kept from before a turn: the voice is noticed a little after it began."""

_BEHIND = 0.2
"""Seconds given to the recogniser behind the turn's last voice."""


class TurnSound:
    """The last frames of the agent; no more than one turn and a little before it."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._frames: deque[bytes] = deque()
        self._first = 0  # number of the oldest frame that is kept

    def add(self, frame: Samples, *, turn_from: float | None) -> None:
        """Keep a frame (a copy of it); `turn_from`: where the turn began that is going on, in seconds."""
        self._frames.append(frame.tobytes())
        end = self._first + len(self._frames)
        since = end * FRAME_SECONDS if turn_from is None else turn_from
        keep_from = int((since - BEFORE) / FRAME_SECONDS)
        while self._first < keep_from and self._frames:
            self._frames.popleft()
            self._first += 1

    def between(self, start: float, end: float) -> tuple[Sound, float]:
        """The sound of a turn, with a little before and behind it as far as it is there, and where it begins."""
        first = max(int((start - BEFORE) / FRAME_SECONDS), self._first) - self._first
        last = round((end + _BEHIND) / FRAME_SECONDS) - self._first
        wire = b"".join(list(self._frames)[first : max(last, first)])
        return Sound(np.frombuffer(wire, np.int16), self._rate), (first + self._first) * FRAME_SECONDS
