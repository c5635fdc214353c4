"""What a persona knows, and what of it it may say: always, if asked, never."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from ringback.callers.claims import Claim, claims
from ringback.callers.grounding import Ground
from ringback.domain.scenario import Facts

_WORD = re.compile(r"\w+")
_SHORTEST_WORD = 3
_SHORTEST_NUMBER = 3
_LONG_VALUE = 5
_COVERED = 0.8
"""Share of a long value's telling words whose presence reveals it."""
_EMPTY = (
    "the a an and or of to in on at for with by is are was were be been i my me you your it that this he she they"
    " his her their we our as from not no yes true false none null have has had do does did will would can could"
)
_EMPTY_WORDS = frozenset(_EMPTY.split())


@dataclass(frozen=True, slots=True)
class Revealed:
    """A fact that must never be told, found in a line."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Kept:
    name: str
    words: tuple[str, ...]
    ground: Ground
    number: str
    """The digits, where the whole value is one number."""


class Ledger:
    """The facts of one scenario, ready to be looked for in what the caller says."""

    def __init__(self, facts: Facts, *, opener: str = "") -> None:
        """A ledger.

        Args:
            facts: the scenario's.
            opener: the verbatim first message; what it tells is no secret.
        """
        told = [*_texts(facts.always), *_texts(facts.if_asked), ("", opener)]
        self._told = Ground(text for _, text in told)
        self._told_words = " ".join(_normal(text) for _, text in told)
        self._always = tuple(_kept(name, text) for name, text in _texts(facts.always))
        self._never = tuple(_kept(name, text) for name, text in _texts(facts.never))

    @property
    def keeps_secrets(self) -> bool:
        """Whether there is anything that must never be told."""
        return bool(self._never)

    def revealed(self, line: str) -> tuple[Revealed, ...]:
        """Every `never` fact that the line tells, wholly or by its number, date, address or code."""
        if not self._never:
            return ()
        found = [claim for claim in claims(line) if not self._told.knows(claim)]
        return tuple(hit for kept in self._never if (hit := self._hit(kept, line, found)))

    def _hit(self, kept: _Kept, line: str, found: Sequence[Claim]) -> Revealed | None:
        for claim in found:
            if _tells(claim, kept):
                return Revealed(kept.name, claim.start, claim.end)
        if " ".join(kept.words) in self._told_words:
            return None
        span = _phrase(kept.words, line)
        return Revealed(kept.name, *span) if span else None

    def untold(self, lines: Sequence[str]) -> tuple[str, ...]:
        """Names of the `always` facts that none of the caller's lines has told yet."""
        said = "\n".join(lines)
        found = claims(said)
        return tuple(
            kept.name
            for kept in self._always
            if not any(_tells(claim, kept) for claim in found) and not _phrase(kept.words, said)
        )


def flattened(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with the path that leads to it."""
    for name, value in values.items():
        path = f"{before}{name}"
        if isinstance(value, Mapping):
            yield from flattened(cast("Mapping[str, Any]", value), f"{path}.")
        elif isinstance(value, list | tuple):
            for item in cast("Sequence[Any]", value):
                yield from flattened({name: item}, before)
        else:
            yield path, value


def _texts(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, _text(value)) for name, value in flattened(values) if value is not None and value is not True]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is False else json.dumps(value, default=str).strip('"')


def _kept(name: str, text: str) -> _Kept:
    number = re.sub(r"\D", "", text) if re.fullmatch(r"[\s\d.,()+-]+", text) else ""
    return _Kept(name, tuple(_normal(text).split()), Ground([text]), number)


def _tells(claim: Claim, kept: _Kept) -> bool:
    """Whether the claim is a telling part of the value; a small number alone tells nothing."""
    if claim.kind == "number":
        longest = max((len(atom.value) for reading in claim.readings for atom in reading), default=0)
        whole = len(kept.number) > 1 and any(
            atom.value == kept.number for reading in claim.readings for atom in reading
        )
        if longest < _SHORTEST_NUMBER and not whole:
            return False
    return kept.ground.knows(claim)


def _phrase(words: tuple[str, ...], line: str) -> tuple[int, int] | None:
    """Where the value's words stand in the line: in a row, or nearly all of a long value's telling words."""
    telling = [word for word in words if word not in _EMPTY_WORDS and len(word) >= _SHORTEST_WORD]
    if not telling:
        return None
    spoken = [(match.group().casefold(), match.start(), match.end()) for match in _WORD.finditer(line)]
    for at in range(len(spoken) - len(words) + 1):
        if all(spoken[at + offset][0] == word for offset, word in enumerate(words)):
            return spoken[at][1], spoken[at + len(words) - 1][2]
    if len(words) >= _LONG_VALUE:
        present = [place for place in spoken if place[0] in telling]
        if len({place[0] for place in present}) >= _COVERED * len(set(telling)):
            return present[0][1], present[-1][2]
    return None


def _normal(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))
