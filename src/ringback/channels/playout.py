"""The agent's sound between its arrival and its playing: a bounded queue of bytes as they came, with marks in it."""

from collections import deque

from ringback.channels.line import Encoding

MAX_MARKS = 20_000
"""Marks that may wait at once: one for each 15 ms of five minutes."""


class Playout:
    """What one agent has sent and nobody has heard yet.

    `frame` plays 20 ms of it; a mark is reached when all that was queued before it has been played, one with nothing
    before it by the next frame.
    """

    __slots__ = ("_bytes_per_second", "_frame_bytes", "_marks", "_most", "_played", "_queue", "_silence")

    def __init__(self, encoding: Encoding, *, max_seconds: float = 300.0) -> None:
        """An empty queue that keeps at most `max_seconds` of sound."""
        self._frame_bytes = encoding.frame_bytes
        self._silence = encoding.silence
        self._bytes_per_second = encoding.frame_bytes * 50
        self._most = int(max_seconds * 50) * encoding.frame_bytes
        self._queue = bytearray()
        self._played = 0
        """Bytes that have left the queue, played or dropped."""
        self._marks: deque[tuple[int, str]] = deque()
        """Marks in order, each with how many bytes have to leave the queue before it is reached."""

    @property
    def waiting(self) -> float:
        """Seconds of sound that are queued."""
        return len(self._queue) / self._bytes_per_second

    def add(self, sound: bytes) -> float:
        """Queue sound; returns how many seconds of it were dropped because the queue is full."""
        room = self._most - len(self._queue)
        if len(sound) <= room:
            self._queue += sound
            return 0.0
        self._queue += sound[:room]
        return (len(sound) - room) / self._bytes_per_second

    def mark(self, name: str) -> bool:
        """Remember a mark behind all that is queued; False: too many wait already, and it is forgotten."""
        if len(self._marks) >= MAX_MARKS:
            return False
        self._marks.append((self._played + len(self._queue), name))
        return True

    def clear(self) -> tuple[float, tuple[str, ...]]:
        """Drop all that is queued; returns its seconds, and the marks that waited in it."""
        seconds, names = self.waiting, tuple(name for _, name in self._marks)
        self._played += len(self._queue)
        self._queue.clear()
        self._marks.clear()
        return seconds, names

    def frame(self) -> bytes:
        """The next 20 ms, exactly one frame long; filled up with silence where there is not so much."""
        size = self._frame_bytes
        frame = bytes(self._queue[:size])
        if not frame:
            return self._silence
        del self._queue[:size]
        self._played += len(frame)
        return frame if len(frame) == size else frame + self._silence[len(frame) :]

    def take_reached(self) -> tuple[str, ...]:
        """The marks that the frames so far have reached, each once, in order."""
        marks = self._marks
        if not marks or marks[0][0] > self._played:
            return ()
        names: list[str] = []
        while marks and marks[0][0] <= self._played:
            names.append(marks.popleft()[1])
        return tuple(names)
