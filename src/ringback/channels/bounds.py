"""What an agent may send on a voice line, and how much of it is remarked upon."""

from collections import Counter
from collections.abc import Iterable

from ringback.channels.channel import Remark
from ringback.channels.line import FRAME_SECONDS, Encoding
from ringback.domain.conversation import FindingCode

FRAME_COST = 500
"""Bytes that a frame counts beyond its own: reading the smallest costs as much, and floods are of those."""

_AHEAD = 4
"""How many times as fast as real time an agent may send for ever."""

_ALIKE = 20
"""Remarks of the same words that are kept one by one; further ones are counted."""

_MOST_REMARKS = 500
"""Remarks of one call that are kept one by one."""


class Allowance:
    """How much an agent may still send: sound by a bucket that fills with time, all else by a fixed sum."""

    __slots__ = ("_at", "_kept", "_most", "_per_second", "_room")

    def __init__(self, encoding: Encoding, max_bytes: int, at: float) -> None:
        """A call that begins `at`; `max_bytes` is what may come at once, and what all that is kept may come to."""
        self._most = self._room = float(max_bytes)
        self._kept = max_bytes
        self._per_second = _AHEAD * (2 * encoding.frame_bytes + FRAME_COST) / FRAME_SECONDS
        self._at = at

    def take(self, size: int, at: float) -> bool:
        """Count a frame of so many bytes; False: the agent floods the line."""
        self._room = min(self._most, self._room + max(0.0, at - self._at) * self._per_second) - size - FRAME_COST
        self._at = at
        return self._room >= 0

    def keep(self, size: int) -> bool:
        """Count a frame that is kept in the record; False: more is kept than a call may have."""
        self._kept -= size + FRAME_COST
        return self._kept >= 0


class Thinned:
    """Remarks, of which a wrong frame each 20 ms would otherwise make tens of thousands."""

    __slots__ = ("_left_out", "_passed", "_seen")

    def __init__(self) -> None:
        self._seen: Counter[tuple[FindingCode, str]] = Counter()
        self._left_out: Counter[tuple[FindingCode, str]] = Counter()
        self._passed = 0

    def of(self, remarks: Iterable[Remark]) -> tuple[Remark, ...]:
        """Those of the remarks that are kept one by one."""
        kept: list[Remark] = []
        for remark in remarks:
            key = remark.code, remark.sentence
            if self._passed < _MOST_REMARKS and self._seen[key] < _ALIKE:
                self._seen[key] += 1
                self._passed += 1
                kept.append(remark)
            else:
                self._left_out[key if key in self._seen else (remark.code, "")] += 1
        return tuple(kept)

    def rest(self) -> tuple[Remark, ...]:
        """How many were left out, in one remark a kind."""
        return tuple(
            Remark(code=code, sentence=f"{sentence or 'Other frames made no sense.'} ({count} more of these.)")
            for (code, sentence), count in self._left_out.items()
        )
