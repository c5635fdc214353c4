"""Finds what a line claims: numbers, dates, times, e-mail addresses and codes, however they are written.

A claim has one or more readings; it stands when the atoms of one reading are all known (see `grounding`). English
number words are read; in other languages digits, month names, addresses and codes are.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from ringback.callers.calendar_words import DATES, TIMES
from ringback.callers.number_words import NUMBER_WORDS, UNITS, amount, digit_string, is_only_scale, runs
from ringback.callers.reading import Atom, Finder, Reading

ClaimKind = Literal["number", "date", "time", "email", "id"]

SMALL = 12
"""Counting numbers up to here may be spelled out freely where they name no quantity."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that a line claims."""

    kind: ClaimKind
    text: str
    start: int
    end: int
    readings: tuple[Reading, ...]
    tolerated: bool = False
    """Too small or too idiomatic to count as a claim of the caller; as a source it still counts."""


_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}(?:@[\w-]{1,63}(?:\.[\w-]{1,63})+|\s+at\s+[\w-]{1,63}(?:\s+dot\s+[a-z]{2,})+)",
    re.IGNORECASE,
)
_CODE = re.compile(r"\b(?<!-)(?=[A-Za-z-]{0,40}\d)(?=[\d-]{0,40}[A-Za-z])[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\b")
_UNIT = re.compile(
    r"(\d+)-?(?:st|nd|rd|th|s|k|m|h|hr|hrs|min|mins|sec|secs|am|pm|mg|ml|kg|g|lb|lbs|oz|km|cm|mm|gb|mb|tb|x|er|e|ème"
    r"|(?:-?[a-z]{3,})(?:-[a-z]+)*)",
    re.IGNORECASE,
)
_KNOWN_CODES = {"covid19", "mp3", "mp4", "h264", "b2b", "a1c", "wifi6", "ps5", "401k", "w2", "i9"}
_ORDINAL_ENDS = frozenset({"st", "nd", "rd", "th", "er", "e", "ème"})
_SHORTEST_CODE = 3
_CALENDAR: tuple[tuple[ClaimKind, tuple[Finder, ...]], ...] = (("date", DATES), ("time", TIMES))
_DIGITS = re.compile(r"(?<![\w.,])\+?\(?\d+(?:[.,]\d+)*(?:(?:\)?[ .()-]{1,2})\d+(?:[.,]\d+)*)*")
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*")
_IDIOM = re.compile(
    r"\b(?:24/7|100\s?%|110\s?%|50[/-]50|9[- ]to[- ]5|one hundred (?:and ten )?percent|a hundred percent"
    r"|twenty[- ]four[/ -]seven|fifty[- ]fifty|nine[- ]to[- ]five|one[- ]on[- ]one|two[- ]factor|one[- ]way"
    r"|one by one|square one|day one|number one|one another|catch[- ]22|101)(?!\w)",
    re.IGNORECASE,
)
_QUANTITIES: tuple[tuple[int, re.Pattern[str]], ...] = (
    (1, re.compile(r"[\s-]*(?:dollars?|bucks|euros?|pounds?|cents?|percent|%)\b", re.IGNORECASE)),
    (
        2,
        re.compile(
            r"[\s-]+(?:\w+[\s-]+)?(?:people|persons?|guests?|adults?|kids|children|passengers|of us|years?|tickets?"
            r"|rooms?|bedrooms?|beds|nights?|seats?|bags|items?|copies|miles|kilometers|km|kilos|mg|ml|pills|tablets)\b",
            re.IGNORECASE,
        ),
    ),
    (3, re.compile(r"[\s-]+(?:days?|weeks?|months?|hours?|times|calls|orders?|attempts)\b", re.IGNORECASE)),
)
"""From which count on a spelled number before these words names a quantity."""
_PARTY = re.compile(r"\b(?:table|reservation|booking|party|room|tickets?)\s+(?:for|of)\s*$", re.IGNORECASE)
_FILLER = re.compile(r"\s+(?:moment|sec|second|minute|min|thing|question|more|quick|of)", re.IGNORECASE)
_FREE_DIGIT = 3

_WORD = re.compile(r"[^\W\d_]+")
_DIGIT = re.compile(r"\d")
_LONGEST = 20_000
"""Characters that are looked at: nobody says more in one go, and an agent may send a megabyte."""
_KEPT = 2_000
"""Characters up to which the claims of a text are remembered: greetings and instructions come in every run."""


def claims(text: str) -> tuple[Claim, ...]:
    """All that the line claims, in order; tolerated ones are marked, not left out."""
    return _remembered(text) if len(text) <= _KEPT else _read(text[:_LONGEST])


def _read(text: str) -> tuple[Claim, ...]:
    words = frozenset(_WORD.findall(text.lower()))
    digits = _DIGIT.search(text) is not None
    counts = not words.isdisjoint(NUMBER_WORDS)
    found: list[Claim] = []

    def take(new: Iterable[Claim], left: str) -> str:
        for claim in new:  # what is read once is not read again as something else
            found.append(claim)
            left = left[: claim.start] + "\0" * (claim.end - claim.start) + left[claim.end :]
        return left

    left = text
    if digits or counts:
        left = take(_idioms(left), left)
    if "@" in text or "dot" in words:
        left = take(_emails(left), left)
    for kind, finders in _CALENDAR:
        for finder in finders:
            if digits if finder.words is None else not words.isdisjoint(finder.words):
                left = take(_dated(kind, finder, left), left)
    if digits:
        left = take(_codes(left), left)
        left = take(_numbers(left), left)
    if counts:
        found += _spelled(left)
    return tuple(sorted(found, key=lambda claim: claim.start))


_remembered = lru_cache(maxsize=4096)(_read)


def _made(kind: ClaimKind, match: re.Match[str], readings: tuple[Reading, ...], *, tolerated: bool = False) -> Claim:
    return Claim(kind, match.group().strip(), match.start(), match.end(), readings, tolerated)


def _idioms(text: str) -> Iterator[Claim]:
    for match in _IDIOM.finditer(text):
        yield _made("number", match, (), tolerated=True)


def _emails(text: str) -> Iterator[Claim]:
    for match in _EMAIL.finditer(text):
        address = re.sub(r"\s+at\s+", "@", match.group().lower())
        address = re.sub(r"\s+dot\s+", ".", address).strip(".")
        yield _made("email", match, ((Atom("email", address),),))


def _dated(kind: ClaimKind, finder: Finder, text: str) -> Iterator[Claim]:
    for match in finder.pattern.finditer(text):
        if readings := finder.read(match):
            yield _made(kind, match, readings)


def _codes(text: str) -> Iterator[Claim]:
    for match in _CODE.finditer(text):
        squashed = match.group().replace("-", "").lower()
        if unit := _UNIT.fullmatch(match.group()):
            tail = match.group()[len(unit[1]) :].lower()
            value = unit[1] + "000" if tail == "k" else unit[1]
            bare = (Atom("ordinal", unit[1]),) if tail in _ORDINAL_ENDS else number(unit[1])
            yield _made("number", match, (number(value), bare))
        else:
            free = squashed in _KNOWN_CODES or len(squashed) < _SHORTEST_CODE
            yield _made("id", match, ((Atom("id", squashed),),), tolerated=free)


def _numbers(text: str) -> Iterator[Claim]:
    for match in _DIGITS.finditer(text):
        tokens = _TOKEN.findall(match.group())
        readings = [tuple(number(re.sub(r"\D", "", match.group())))] if len(tokens) > 1 else []
        readings += _product([_token_readings(token) for token in tokens])
        small = len(tokens) == 1 and tokens[0].isdigit() and int(tokens[0]) <= _FREE_DIGIT
        free = small and _FILLER.match(text, match.end()) is not None
        yield _made("number", match, tuple(readings), tolerated=free)


def _token_readings(token: str) -> list[Reading]:
    """`1,200` and `1.200` may be twelve hundred or one and a fifth."""
    forms = {token.replace(",", ""), token.replace(".", "").replace(",", "."), token.replace(",", ".")}
    return [number(form) for form in sorted(forms) if form.count(".") <= 1]


def _product(choices: list[list[Reading]]) -> list[Reading]:
    readings: list[Reading] = [()]
    for options in choices[:6]:  # longer rows are one long number, which the joined reading covers
        readings = [(*before, *option) for before in readings for option in options]
    return readings if len(choices) <= 6 else []  # noqa: PLR2004 - as above


def number(digits: str) -> Reading:
    """A reading of one number: no leading zeros, no trailing ones behind the point."""
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return (Atom("digits", digits),)


def _spelled(text: str) -> Iterator[Claim]:
    for start, end, words in runs(text):
        if is_only_scale(words):
            continue
        readings = {number(value) for value in (digit_string(words), _amount(words)) if value}
        yield Claim("number", text[start:end], start, end, tuple(sorted(readings)), _is_free(text, start, end, words))


def _amount(words: list[str]) -> str | None:
    value = amount(words)
    return None if value is None else str(value)


def _is_free(text: str, start: int, end: int, words: list[str]) -> bool:
    """Whether a spelled number only counts along: "one moment", "the two of those"."""
    if len(words) > 1 or UNITS.get(words[0], SMALL + 1) > SMALL:
        return False
    value = UNITS[words[0]]
    if value > 1 and _PARTY.search(text, 0, start):
        return False
    return not any(value >= least and unit.match(text, end) for least, unit in _QUANTITIES)
