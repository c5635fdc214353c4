"""What an agent may say, as a network of words: from known lines to what a recogniser searches, and back to what is
written. See `known_lines.py` for how they are written.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ringback.errors import UsageError
from ringback.speech.known_lines import DEEPEST, UnreadableLine, sorted_out
from ringback.speech.spoken_forms import spelled, spoken_forms

MOST_STATES: Final = 200_000
"""Of a network; more is a mistake in a rule."""
_PIECE = re.compile(r"<[\w-]+>|[()|]|[^\s()|<>]+|[<>]")
_JSGF_PIECE = re.compile(r"<[\w-]+>|[()|*+]|[^\s()|<>*+]+|[<>]")
_BEFORE_MARK = re.compile(r" ([.,;:!?]+(?= |$))")
_NUMERIC = re.compile(r"\W*\d[\d:.,]*\W*")


@dataclass(frozen=True, slots=True)
class Edge:
    """One way from a state to another."""

    source: int
    target: int
    word: str | None = None
    """What is spoken; None: nothing."""
    written: str | None = None
    """What the transcript gets."""


@dataclass(frozen=True, slots=True)
class Network:
    """A graph of words. A turn begins in state 0 and ends there; each way back to it is a line."""

    edges: tuple[Edge, ...]
    pronunciations: Mapping[str, str]

    @property
    def states(self) -> int:
        """How many there are."""
        return 1 + max((max(edge.source, edge.target) for edge in self.edges), default=0)

    def words(self) -> frozenset[str]:
        """All words that can be spoken."""
        return frozenset(edge.word for edge in self.edges if edge.word)

    def written(self, words: Sequence[str]) -> str | None:
        """The lines as they are written whose spoken words these are; None where no way leads through them."""
        ways: dict[int, list[Edge]] = {}
        for edge in self.edges:
            ways.setdefault(edge.source, []).append(edge)
        waiting: list[tuple[int, int, _Trace | None]] = [(0, 0, None)]
        tried: set[tuple[int, int]] = set()
        while waiting:
            state, position, trace = waiting.pop()
            if state == 0 and position == len(words):
                return _joined(_texts(trace))
            if (state, position) in tried:
                continue
            tried.add((state, position))
            # What was written first in the grammar is tried first: the stack gives the last one.
            for edge in reversed(ways.get(state, [])):
                if edge.word is None or (position < len(words) and words[position] == edge.word):
                    after = position + (edge.word is not None)
                    waiting.append((edge.target, after, _Trace(edge.written, trace) if edge.written else trace))
        return None


@dataclass(frozen=True, slots=True)
class _Trace:
    text: str
    before: "_Trace | None"


def _texts(trace: _Trace | None) -> list[str]:
    texts: list[str] = []
    while trace is not None:
        texts.append(trace.text)
        trace = trace.before
    return texts[::-1]


def _joined(texts: Iterable[str]) -> str:
    """With blanks between, except before marks that stand alone, as those behind a choice do."""
    return _BEFORE_MARK.sub(r"\1", " ".join(texts))


def network_of(known_lines: Iterable[str]) -> Network:
    """The network of all lines, each of which may follow each.

    Raises:
        UsageError: a line that cannot be read, with the line.
    """
    known = sorted_out(known_lines)
    building = _Building(known.rules, repeats=known.repeats)
    for line in known.lines:
        building.line(line)
    return Network(tuple(building.edges), known.pronunciations)


@dataclass(slots=True)
class _Building:
    rules: Mapping[str, str]
    repeats: bool = False
    """Whether `*` and `+` are signs, as in JSGF."""
    edges: list[Edge] = field(default_factory=list[Edge])
    _states: int = 1

    def line(self, line: str) -> None:
        before = len(self.edges)
        end = self._text(line, 0, ())
        if all(edge.word is None for edge in self.edges[before:]):
            raise UnreadableLine(f"The known line {line!r} has no words.", line)
        self._edge(Edge(end, 0))

    def _edge(self, edge: Edge) -> None:
        self.edges.append(edge)

    def _state(self) -> int:
        self._states += 1
        if self._states > MOST_STATES:
            raise UsageError(f"The known lines have more than {MOST_STATES:,} words with all their choices.")
        return self._states - 1

    def _text(self, text: str, start: int, inside: tuple[str, ...]) -> int:
        """Lay the text out from a state; where it ends."""
        pieces = (_JSGF_PIECE if self.repeats else _PIECE).findall(text)
        return self._choices(pieces, start, inside)[0]

    def _choices(self, pieces: list[str], start: int, inside: tuple[str, ...]) -> tuple[int, list[str]]:
        end, pieces = self._row(pieces, start, inside)
        if not pieces or pieces[0] != "|":
            return end, pieces
        joint = self._state()
        self._edge(Edge(end, joint))
        while pieces and pieces[0] == "|":
            end, pieces = self._row(pieces[1:], start, inside)
            self._edge(Edge(end, joint))
        return joint, pieces

    def _row(self, pieces: list[str], start: int, inside: tuple[str, ...]) -> tuple[int, list[str]]:
        state, numeric = start, False
        while pieces and pieces[0] not in {"|", ")"}:
            piece, before = pieces[0], state
            if self.repeats:
                # What is repeated begins in a state of its own, so that its neighbours are not repeated with it.
                before = self._state()
                self._edge(Edge(state, before))
            state, pieces = self._piece(piece, pieces[1:], before, inside, after_number=numeric)
            numeric = _NUMERIC.fullmatch(piece) is not None
            if self.repeats and pieces and pieces[0] in {"*", "+"}:
                self._edge(Edge(state, before))
                if pieces[0] == "*":
                    self._edge(Edge(before, state))
                pieces = pieces[1:]
        return state, pieces

    def _piece(
        self, piece: str, rest: list[str], start: int, inside: tuple[str, ...], *, after_number: bool
    ) -> tuple[int, list[str]]:
        if piece == "(":
            state, rest = self._choices(rest, start, inside)
            return state, rest[1:]
        if len(piece) > 2 and piece[0] == "<":  # noqa: PLR2004 - two brackets and a name
            return self._rule(piece[1:-1], start, inside), rest
        return self._token(piece, start, after_number=after_number), rest

    def _rule(self, name: str, start: int, inside: tuple[str, ...]) -> int:
        if len(inside) >= DEEPEST:
            raise UsageError(f"The known lines have more than {DEEPEST} rules inside each other.")
        # A state of its own counts against the limit even where the rule is empty.
        begin = self._state()
        self._edge(Edge(start, begin))
        return self._text(self.rules[name], begin, (*inside, name))

    def _token(self, token: str, start: int, *, after_number: bool) -> int:
        forms = spoken_forms(token, after_number=after_number)
        end = self._state()
        if not forms:
            self._edge(Edge(start, end, None, token))
        for form in forms:
            state = start
            for number, word in enumerate(form, start=1):
                target = end if number == len(form) else self._state()
                self._edge(Edge(state, target, word, token if number == 1 else None))
                state = target
        return end


def with_abbreviations_spelled(network: Network, unknown: frozenset[str]) -> Network:
    """The network with words that no dictionary has and that are written in capitals (`NHS`) letter by letter."""
    edges: list[Edge] = []
    states = network.states
    for edge in network.edges:
        written = "".join(filter(str.isalpha, edge.written or ""))
        if edge.word not in unknown or not written.isupper():
            edges.append(edge)
            continue
        letters = spelled(edge.word or "")
        source = edge.source
        for number, letter in enumerate(letters, start=1):
            target = edge.target if number == len(letters) else states
            states += target == states
            edges.append(Edge(source, target, letter, edge.written if number == 1 else None))
            source = target
    return Network(tuple(edges), network.pronunciations)
