"""The other side's sound between two clocks: that of the process that carries the call, and that of our calls."""

from ringback.channels.sip.messages import FRAME_BYTES, SILENCE, is_quiet

_MARGIN = 2 * FRAME_BYTES
"""What has to be there before playing begins, and begins again after it ran dry."""
_DEEP = 4 * FRAME_BYTES
"""What may wait without a reason; of more, silence is left out, so that a delay of ours does not stay for ever."""
_MOST = 50 * FRAME_BYTES
_PER_SECOND = 50 * FRAME_BYTES


class SoundBuffer:
    """Sound in the order in which it came; the oldest is dropped beyond a second, for a call is not a recording."""

    __slots__ = ("_filling", "_sound", "dropped")

    def __init__(self) -> None:
        self._sound = bytearray()
        self._filling = True
        self.dropped = 0.0
        """Seconds."""

    @property
    def waiting(self) -> float:
        """Seconds."""
        return len(self._sound) / _PER_SECOND

    def add(self, sound: bytes) -> None:
        """Keep sound that came."""
        self._sound += sound
        if (beyond := len(self._sound) - _MOST) > 0:
            beyond += beyond % 2
            del self._sound[:beyond]
            self.dropped += beyond / _PER_SECOND

    def clear(self) -> None:
        """Forget what waits."""
        self._sound.clear()
        self._filling = True

    def frame(self, *, ended: bool = False) -> bytes:
        """The next 20 ms; silence where there is nothing. `ended`: no more comes, so the rest is played at once."""
        sound = self._sound
        if self._filling and not ended and len(sound) < _MARGIN:
            return SILENCE
        if len(sound) > _DEEP and not ended and is_quiet(sound[:FRAME_BYTES]):
            del sound[:FRAME_BYTES]
        if len(sound) >= FRAME_BYTES:
            self._filling = False
            frame = bytes(sound[:FRAME_BYTES])
            del sound[:FRAME_BYTES]
            return frame
        self._filling = True
        if not ended or not sound:
            return SILENCE
        frame = bytes(sound) + SILENCE[len(sound) :]
        sound.clear()
        return frame
