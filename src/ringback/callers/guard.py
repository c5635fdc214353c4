"""Looks at each reply of a persona before it is sent. Pure: a reply and what surrounds it in, alarms out."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ringback.callers.claims import claims
from ringback.callers.grounding import Ground
from ringback.callers.guard_patterns import (
    ASSISTANT_VOICE,
    LEAKED_PROMPT,
    LEAKED_REASONING,
    REMEDIES,
    ROLE_SWAP,
    STAGE_DIRECTIONS,
    AlarmKind,
    levelled,
)
from ringback.callers.language import other_language
from ringback.callers.ledger import Ledger
from ringback.callers.likeness import alike, words_of
from ringback.callers.other_side import claimed_trade, echoed

_PATTERNS = (
    (AlarmKind.STAGE_DIRECTION, STAGE_DIRECTIONS),
    (AlarmKind.LEAKED_REASONING, LEAKED_REASONING),
    (AlarmKind.LEAKED_PROMPT, LEAKED_PROMPT),
    (AlarmKind.ASSISTANT_VOICE, ASSISTANT_VOICE),
    (AlarmKind.ROLE_SWAP, ROLE_SWAP),
)
_ALWAYS_WRONG = frozenset({AlarmKind.STAGE_DIRECTION, AlarmKind.LEAKED_REASONING})
"""Kinds that no wording of the instructions can excuse."""
_LEAKED_ROW = 8
"""So many words in a row from the rules or the directions to the caller are a leak."""
_OWN_DIRECTION = 5
"""So many words at the beginning of a sentence that says "you" are a direction said aloud."""
_NOTE = 4
"""Words of a note to the model that are known again."""
_PARROTED = 6
"""Words from which on a reply that equals an agent's line is parroted."""
_SAID_BY_PEOPLE = frozenset({("you", "are", "the", "one", "who", "called")})
"""Clauses of our notes that a caller may say as well."""
_LONGEST_REPLY = 2_000
"""Characters; what is longer is no line of a conversation and not looked at any further."""
_SHOWN = 60
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
_DIRECTION = re.compile(
    r"^\s*(?:you(?:r|'re)?\b|if (?:the agent|asked|they)|when (?:the agent|asked)|do not\b|don't\b|never\b|always\b"
    r"|tell (?:the agent|them)|ask (?:the agent|for|about|whether|if)\b|pretend|act\b)"
    r"|\bthe agent\b|\bthe caller\b|\bthe customer\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r'"[^"\n]*"|\u201c[^\u201d\n]*\u201d')


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that is wrong with a reply."""

    kind: AlarmKind
    sentence: str
    """What is wrong, for the model that is asked again and for the record."""
    span: tuple[int, int]
    """Where in the reply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardContext:
    """What a reply is held against."""

    ground: Ground
    """All numbers, dates, addresses and codes that the caller knows or has heard."""
    ledger: Ledger
    language: str = "en"
    directions: str = ""
    """What the caller was told to be and do: role, instructions, personality, opener."""
    about: str = ""
    """What is known about the caller: facts and profile."""
    rules: str = ""
    """The rules around them, in our own words."""
    agent_lines: Sequence[str] = ()


def inspect(reply: str, context: GuardContext) -> tuple[Alarm, ...]:
    """Every alarm that the reply raises; none: it may be sent."""
    if not any(char.isalnum() for char in reply):
        return (Alarm(AlarmKind.EMPTY, REMEDIES[AlarmKind.EMPTY], (0, len(reply))),)
    if len(reply) > _LONGEST_REPLY:
        return (Alarm(AlarmKind.TOO_LONG, REMEDIES[AlarmKind.TOO_LONG], (0, len(reply))),)
    return (
        *_phrases(reply, context),
        *_leaked_rows(reply, context),
        *_told_as_you(reply, context),
        *_note_said_back(reply),
        *_parroted(reply, context),
        *_other_side(reply, context),
        *_language(reply, context),
        *_never(reply, context),
        *_invented(reply, context),
    )


def _phrases(reply: str, context: GuardContext) -> Iterator[Alarm]:
    text = levelled(reply)
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            if kind in _ALWAYS_WRONG or match.group().strip() not in levelled(context.directions):
                shown = _cut(reply[match.start() : match.end()])
                yield Alarm(kind, f"“{shown}”: {REMEDIES[kind]}", match.span())
                break  # one of a kind tells enough


def _leaked_rows(reply: str, context: GuardContext) -> Iterator[Alarm]:
    spoken = words_of(reply)
    if len(spoken) < _LEAKED_ROW:
        return
    rows = {spoken[at : at + _LEAKED_ROW] for at in range(len(spoken) - _LEAKED_ROW + 1)}
    for sentence, told in _told_rows(context.rules, context.directions):
        if not rows.isdisjoint(told):
            yield Alarm(
                AlarmKind.LEAKED_PROMPT,
                f"it recites what you were told: “{_cut(sentence.strip())}”; be the person.",
                (0, len(reply)),
            )
            return


@lru_cache(maxsize=256)  # the same for every reply of a caller
def _told_rows(rules: str, directions: str) -> tuple[tuple[str, frozenset[tuple[str, ...]]], ...]:
    """What the caller was told, sentence by sentence, with every row of words in it that is long enough to be known."""
    told: list[tuple[str, frozenset[tuple[str, ...]]]] = []
    for sentence in (*_SENTENCE.findall(rules), *_directions(directions)):
        words = words_of(sentence)
        told.append((sentence, frozenset(words[at : at + _LEAKED_ROW] for at in range(len(words) - _LEAKED_ROW + 1))))
    return tuple(told)


def _directions(text: str) -> Iterator[str]:
    """Sentences that speak *to* the caller; what they quote may be said."""
    for sentence in _SENTENCE.findall(_QUOTED.sub('"', text)):
        if _DIRECTION.search(sentence):
            yield sentence


def _told_as_you(reply: str, context: GuardContext) -> Iterator[Alarm]:
    beginnings = _own_beginnings(context.directions)
    for sentence in _SENTENCE.finditer(reply):
        if words_of(sentence.group())[:_OWN_DIRECTION] in beginnings:
            shown = _cut(sentence.group())
            yield Alarm(
                AlarmKind.LEAKED_PROMPT,
                f"it recites what you were told: “{shown}”; be the person.",
                sentence.span(),
            )
            return


@lru_cache(maxsize=256)
def _own_beginnings(directions: str) -> frozenset[tuple[str, ...]]:
    """How the directions that say "you" begin."""
    rows = (words_of(sentence)[:_OWN_DIRECTION] for sentence in _directions(directions))
    return frozenset(row for row in rows if len(row) == _OWN_DIRECTION and row[0] in ("you", "your", "you're"))


def _note_said_back(reply: str) -> Iterator[Alarm]:
    said = f" {' '.join(words_of(reply))} "
    if any(f" {' '.join(note)} " in said for note in _notes()):
        yield Alarm(AlarmKind.LEAKED_PROMPT, "it repeats a note to you; say the person's words.", (0, len(reply)))


@lru_cache(maxsize=1)
def _notes() -> tuple[tuple[str, ...], ...]:
    """What the model is told about a reply that was discarded, clause by clause."""
    clauses = (clause for remedy in REMEDIES.values() for clause in re.split(r"[;.:]", remedy))
    rows = (words_of(clause) for clause in clauses)
    return tuple(row for row in rows if len(row) >= _NOTE and row not in _SAID_BY_PEOPLE)


def _other_side(reply: str, context: GuardContext) -> Iterator[Alarm]:
    if span := claimed_trade(reply, directions=context.directions, about=context.about):
        shown = _cut(reply[slice(*span)])
        yield Alarm(AlarmKind.ROLE_SWAP, f"“{shown}”: nothing that you were told says so; you are the caller.", span)
    elif line := echoed(reply, context.agent_lines, about=context.about):
        yield Alarm(AlarmKind.ROLE_SWAP, f"it repeats the agent's “{_cut(line)}”; say your own.", (0, len(reply)))


def _parroted(reply: str, context: GuardContext) -> Iterator[Alarm]:
    words = words_of(reply)
    if len(words) < _PARROTED:
        return
    own = " ".join(words_of(context.directions))
    if " ".join(words) in own:
        return
    for line in context.agent_lines:
        if alike(words, words_of(line)):
            yield Alarm(
                AlarmKind.ROLE_SWAP, f"it repeats the agent's line “{_cut(line)}”; say your own.", (0, len(reply))
            )
            return


def _language(reply: str, context: GuardContext) -> Iterator[Alarm]:
    if other := other_language(reply, context.language, mentioned=context.directions):
        yield Alarm(
            AlarmKind.WRONG_LANGUAGE,
            f"it is in {other}, and the language here is '{context.language}'.",
            (0, len(reply)),
        )


def _never(reply: str, context: GuardContext) -> Iterator[Alarm]:
    for hit in context.ledger.revealed(reply):
        yield Alarm(
            AlarmKind.NEVER_FACT,
            f"it tells “{_cut(reply[hit.start : hit.end])}”, and '{hit.name}' must never be told.",
            (hit.start, hit.end),
        )


def _invented(reply: str, context: GuardContext) -> Iterator[Alarm]:
    for claim in claims(reply):
        if not context.ground.holds(claim):
            yield Alarm(
                AlarmKind.INVENTED,
                f"“{_cut(claim.text)}” stands neither in what you know nor in what the agent said; do not invent it.",
                (claim.start, claim.end),
            )


def _cut(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _SHOWN else f"{flat[: _SHOWN - 1]}…"
