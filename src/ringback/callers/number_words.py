"""Numbers written as English words: "twenty-five", "four one five", "two thousand and six", "double seven"."""

import re
from collections.abc import Sequence

_UNIT_WORDS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS_WORDS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINAL_WORDS = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh"),
    *("twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth"),
    "twentieth",
)
UNITS = {word: value for value, word in enumerate(_UNIT_WORDS)}
TENS = {word: value * 10 for value, word in enumerate(_TENS_WORDS, start=2)}
ORDINALS = {word: value for value, word in enumerate(_ORDINAL_WORDS, start=1)} | {"thirtieth": 30}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
_REPEATS = {"double": 2, "triple": 3}
_ZEROS = {"oh": 0}
NUMBER_WORDS = frozenset((*UNITS, *TENS, *_SCALES, *_REPEATS))
_BASE = 10
_SIMPLE = {**UNITS, **TENS, **_ZEROS}
_WORD = "|".join(sorted((*_SIMPLE, *_SCALES, *_REPEATS), key=len, reverse=True))
RUN = re.compile(rf"\b(?:{_WORD})(?:(?:[\s,-]+|\s+and\s+)(?:{_WORD}))*\b", re.IGNORECASE)
"""Number words in a row."""
_SPOKEN_WITH_COMMAS = 4
"""So many words in a row with commas between them are one dictated number; fewer are an enumeration."""


def digit_string(words: Sequence[str]) -> str | None:
    """The digits that the words dictate: `twenty five` is 25, `four one five` is 415; None where there is a scale."""
    digits = ""
    repeat = 1
    tens: int | None = None
    for word in words:
        if word in _SCALES:
            return None
        if word in _REPEATS:
            repeat = _REPEATS[word]
            continue
        value = _SIMPLE[word]
        if tens is not None and 0 < value < _BASE:
            digits = f"{digits[:-2]}{tens + value}"
            tens = None
            continue
        digits += str(value) * repeat
        repeat = 1
        tens = value if word in TENS else None
    return digits or None


def amount(words: Sequence[str]) -> int | None:
    """What the words add up to: `two thousand twenty six` is 2026; None where they do not form an amount."""
    total = current = 0
    for word in words:
        if word in _REPEATS:
            return None
        if word in _SCALES:
            scale = _SCALES[word]
            current = max(current, 1) * scale
            if scale > 100:  # noqa: PLR2004 - hundreds go on inside a thousand
                total, current = total + current, 0
        else:
            current += _SIMPLE[word]
    return total + current


def is_only_scale(words: Sequence[str]) -> bool:
    """Whether no amount is named: `a hundred`, `thousands`."""
    return all(word in _SCALES for word in words)


def runs(text: str) -> list[tuple[int, int, list[str]]]:
    """Start, end and words of every run of number words."""
    found: list[tuple[int, int, list[str]]] = []
    for match in RUN.finditer(text):
        words = _words(match.group())
        if "," in match.group() and len(words) < _SPOKEN_WITH_COMMAS:
            at = match.start()
            for piece in match.group().split(","):
                found.append((at, at + len(piece), _words(piece)))
                at += len(piece) + 1
        else:
            found.append((match.start(), match.end(), words))
    return [run for run in (_without_leading_oh(text, *run) for run in found) if run[2]]


def _without_leading_oh(text: str, start: int, end: int, words: list[str]) -> tuple[int, int, list[str]]:
    while words and words[0] in (*_ZEROS, "zero") and len(words) <= 2:  # noqa: PLR2004 - "oh, one thing" is no number
        start = text.lower().index(words[0], start) + len(words[0])
        words = words[1:]
    return start, end, words


def _words(text: str) -> list[str]:
    return [word for word in re.findall(r"[a-z]+", text.lower()) if word != "and"]
