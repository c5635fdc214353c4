"""What our caller's side of the line plays: plans in a row, cut into frames of 20 ms to the sample.

Without I/O and without a clock: the position is the number of samples that were asked for.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np

from ringback.conversation.manner import Manner
from ringback.conversation.plan import Change, Conditions, Piece, Plan
from ringback.conversation.plan_preparing import prepare
from ringback.speech.audio import Samples

__all__ = ["Mouth", "Said", "prepare"]

_FADE = 0.005
"""Seconds in which words that are broken off fade."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Words that were said, in sample positions counted from the mouth's first frame."""

    text: str
    start: int
    end: int
    interrupted: bool = False
    """Broken off: the text is what was said of it, whole words by share of its sound."""
    protected: bool = False
    """It was not to be interrupted."""
    plan: int = 0
    """Which plan it belongs to: 0 for the first that was said."""


class Mouth:
    """Plays plans. `frame` once every 20 ms; the properties are those of the frame it gave last."""

    def __init__(self, rate: int, manner: Manner, seed: int, *, keys_in_sound: bool = True) -> None:
        del manner, seed  # a plan is laid out with them already; they are the same three for all who make sound
        self._size = rate // 50
        self._fade = round(rate * _FADE)
        self._silence: Samples = np.zeros(self._size, np.int16)
        self._silence.flags.writeable = False
        self._keys_in_sound = keys_in_sound
        self._queue: deque[tuple[int, Piece]] = deque()
        self._plans = 0
        self._played = 0  # samples of the first piece in the queue
        self._start = 0  # position at which it began
        self._in_protected = False  # what was played last was protected
        self._before: dict[tuple[int, int], Conditions] = {}  # what held before each change that may end
        self._tail: Samples | None = None
        self._said: list[Said] = []
        self.position = 0
        """Samples asked for so far: where the next frame begins."""
        self.speaking = False
        """Words sound in the last frame."""
        self.protected = False
        """The last frame is of what goes on whatever the agent says."""
        self.holding = False
        """The agent is on hold in the last frame."""
        self.keys: tuple[str, ...] = ()
        """Keys whose press begins with the last frame."""
        self.conditions = Conditions()
        """What the line is like in the last frame: hand it to `Disturbances.apply`."""
        self.broken_off = False
        """The last `stop` dropped words."""

    @property
    def busy(self) -> bool:
        """Whether anything is left to be played, pauses and holds too."""
        return self._tail is not None or any(piece.length for _, piece in self._queue)

    def say(self, plan: Plan) -> None:
        """Play a plan after what is being played."""
        if not self._queue:
            self._before.clear()
        self._queue.extend((self._plans, piece) for piece in plan.pieces)
        self._plans += 1

    def stop(self) -> None:
        """Break off: what is protected and has begun goes on to its end, all else is dropped."""
        self.broken_off = False
        kept: list[tuple[int, Piece]] = []
        if self._queue and self._played:
            number, piece = self._queue[0]
            if not piece.protected:
                self._break(number, piece)
                self._queue.popleft()
        going_on = self._in_protected
        while self._queue:
            number, piece = self._queue.popleft()
            going_on = going_on and (piece.protected or not piece.length)
            if going_on:
                kept.append((number, piece))
                continue
            self.broken_off = self.broken_off or bool(piece.text)
            if piece.change is not None:  # the end of a pair must not be missed
                self._change(number, piece.change)
        self._queue.extend(kept)

    def frame(self) -> Samples:
        """The next 20 ms; a frame of silence may be the same array again and is not to be written to."""
        self.keys = ()
        self.speaking = self.protected = self.holding = False
        if not self._queue and self._tail is None:
            self.position += self._size
            return self._silence
        frame = np.zeros(self._size, np.int16)
        filled = self._play_tail(frame)
        while self._queue and filled < self._size:
            filled += self._play(frame, filled)
        self.position += self._size
        return frame

    def take_said(self) -> list[Said]:
        """What was said since the last question; words that still sound come when they are over."""
        said, self._said = self._said, []
        return said

    def _play(self, frame: Samples, filled: int) -> int:
        """Play what fits of the first piece and return how many samples that is."""
        number, piece = self._queue[0]
        if not self._played:
            self._start = self.position + filled
            if piece.change is not None:
                self._change(number, piece.change)
            if piece.key is not None:
                self.keys = (*self.keys, piece.key)
        count = min(self._size - filled, piece.length - self._played)
        if len(piece.samples) and (self._keys_in_sound or piece.key is None):
            frame[filled : filled + count] = piece.samples[self._played : self._played + count]
        self._played += count
        if count:
            self._in_protected = piece.protected
            self.speaking = self.speaking or bool(piece.text)
            self.protected = self.protected or piece.protected
            self.holding = self.holding or piece.hold
        if self._played == piece.length:
            self._queue.popleft()
            self._played = 0
            self._in_protected = self._in_protected and bool(self._queue)
            if piece.text:
                end = self._start + piece.length
                said = Said(text=piece.text, start=self._start, end=end, protected=piece.protected, plan=number)
                self._said.append(said)
        return count

    def _change(self, number: int, change: Change) -> None:
        key = number, change.token
        if change.conditions is None:
            self.conditions = self._before.pop(key, self.conditions)
            return
        self._before[key] = self.conditions
        self.conditions = change.conditions.over(self.conditions)

    def _break(self, number: int, piece: Piece) -> None:
        if len(piece.samples):
            rest = piece.samples[self._played : self._played + self._fade]
            self._tail = (rest * np.linspace(1, 0, len(rest), dtype=np.float32)).astype(np.int16)
        if piece.text:
            self.broken_off = True
            end = self.position + (len(self._tail) if self._tail is not None else 0)
            text = words_within(piece.text, self._played / piece.length)
            self._said.append(Said(text=text, start=self._start, end=end, interrupted=True, plan=number))
        self._played = 0

    def _play_tail(self, frame: Samples) -> int:
        if self._tail is None:
            return 0
        length = len(self._tail)
        frame[:length] = self._tail
        self._tail = None
        self.speaking = True
        return length


def words_within(text: str, share: float) -> str:
    """The whole words in the first part of a text; `share` is 0 to 1 of its letters."""
    reached = share * len(text)
    end = 0
    for at, letter in enumerate(text + " "):
        if at > reached:
            break
        if letter.isspace():
            end = at
    return text[:end].rstrip()
