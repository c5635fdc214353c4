"""How what is written in a line may be spoken: `10:30`, `$5`, `21st`, `Dr.`, `RC-12`, as words of a dictionary."""

import re
from itertools import product
from typing import Final

from ringback.speech.number_words import LIMIT, cardinal, ordinal

Form = tuple[str, ...]
"""Words as a dictionary of pronunciations has them, in small letters."""

_MOST_FORMS: Final = 24
_NOON: Final = 12
_ABBREVIATIONS: Final = {
    "dr.": "doctor",
    "mr.": "mister",
    "mrs.": "missus",
    "ms.": "miss",
    "prof.": "professor",
    "vs.": "versus",
    "etc.": "et cetera",
    "&": "and",
    "+": "plus",
    "=": "equals",
    "@": "at",
    "%": "percent",
    "a.m.": "a m",
    "p.m.": "p m",
    "e.g.": "for example",
}
_CLOCK = re.compile(r"([01]?\d|2[0-3])[:.h]([0-5]\d)(am|pm)?")
_HOUR = re.compile(r"(1[0-2]|[1-9])(am|pm)")
_MONEY = re.compile(r"([$€£])(\d[\d,]{0,14})(?:\.(\d\d))?")
_NUMBER = re.compile(r"(\d[\d,]*)(?:\.(\d+))?(%)?")
_ORDINAL = re.compile(r"(\d{1,15})(?:st|nd|rd|th)")
_PARTS = re.compile(r"[a-z']+|\d+")
_CURRENCIES: Final = {"$": ("dollar", "cent"), "€": ("euro", "cent"), "£": ("pound", "pence")}
_EDGES: Final = "\"'“”‘’.,;:!?…()[]{}«»*_-–—"  # noqa: RUF001 - the marks that texts have


def spoken_forms(token: str, *, after_number: bool = False) -> tuple[Form, ...]:
    """The ways to speak one token, the likeliest first; none where it is only punctuation.

    Args:
        token: What stands between two blanks of a line.
        after_number: Whether a number stands before it, as before `pm`.
    """
    plain = token.lower().replace("’", "'")  # noqa: RUF001 - the apostrophe that texts have
    for whole in (plain, plain.rstrip(",;:!?")):
        if whole in _ABBREVIATIONS:
            return (tuple(_ABBREVIATIONS[whole].split()),)
    bare = plain.strip(_EDGES)
    if not bare:
        return ()
    if after_number and bare in {"am", "pm", "a.m", "p.m"}:
        return ((bare[0], "m"),)
    for pattern, speak in _READERS:
        if found := pattern.fullmatch(bare):
            return tuple(dict.fromkeys(speak(found)))[:_MOST_FORMS]
    if bare.replace("'", "").isalpha():
        return ((bare,),)
    return _pieces(bare)


def spelled(word: str) -> Form:
    """A word letter by letter, as abbreviations are spoken."""
    return tuple(letter for letter in word.lower() if letter.isalpha())


def _digits(digits: str) -> list[Form]:
    """Singly, with both words for nought."""
    single = [cardinal(int(digit))[0] for digit in digits]
    return [tuple(single), tuple("oh" if word == "zero" else word for word in single)]


def _cardinals(digits: str) -> list[Form]:
    """An amount, then the number digit by digit, then in pairs as years are."""
    plain = digits.replace(",", "")
    if len(plain) >= len(str(LIMIT)) or (len(plain) > 1 and plain[0] == "0"):
        return _digits(plain)
    forms = [cardinal(int(plain)), cardinal(int(plain), hundred_and=True)]
    if len(plain) == 4 and plain[1:] != "000":  # noqa: PLR2004 - years and house numbers
        high, low = plain[:2], plain[2:]
        tail = (
            ("hundred",) if low == "00" else (("oh", *cardinal(int(low[1]))) if low[0] == "0" else cardinal(int(low)))
        )
        forms.append((*cardinal(int(high)), *tail))
    if len(plain) > 1:
        forms += _digits(plain)
    return forms


def _clock(found: re.Match[str]) -> list[Form]:
    hour, minute, half = int(found[1]), found[2], found[3]
    minutes: list[Form] = [(), ("o'clock",)] if minute == "00" else [cardinal(int(minute))]
    if minute[0] == "0" and minute != "00":
        minutes = [("oh", *cardinal(int(minute[1]))), ("zero", *cardinal(int(minute[1])))]
    day = (half[0], "m") if half else ()
    forms = [(*cardinal(hour), *spoken, *day) for spoken in minutes]
    if half is None:
        twelfth = hour - _NOON if hour > _NOON else hour or _NOON
        suffix = ("p" if hour >= _NOON else "a", "m")
        forms += [(*cardinal(twelfth), *spoken, *suffix) for spoken in minutes if spoken != ("o'clock",)]
        forms += [(*cardinal(twelfth), *spoken) for spoken in minutes]
        forms += [(*cardinal(hour), "hundred")] if minute == "00" else []
        forms += [(*cardinal(hour), "zero", "zero")] if minute == "00" else []
    return forms


def _hour(found: re.Match[str]) -> list[Form]:
    return [(*cardinal(int(found[1])), found[2][0], "m")]


def _money(found: re.Match[str]) -> list[Form]:
    unit, small = _CURRENCIES[found[1]]
    amount = int(found[2].replace(",", ""))
    whole = (*cardinal(amount), unit if amount == 1 else f"{unit}s")
    if found[3] is None or found[3] == "00":
        return [whole]
    cents = int(found[3])
    few = small if small == "pence" or cents == 1 else f"{small}s"
    return [
        (*whole, *cardinal(cents), few),
        (*whole, "and", *cardinal(cents), few),
        (*cardinal(amount), *cardinal(cents)),
    ]


def _number(found: re.Match[str]) -> list[Form]:
    forms = _cardinals(found[1])
    if found[2]:
        forms = [(*form, "point", *rest) for form, rest in product(forms[:1], _digits(found[2]))]
    return [(*form, "percent") for form in forms] if found[3] else forms


def _ordinal(found: re.Match[str]) -> list[Form]:
    return [ordinal(int(found[1]))]


def _pieces(token: str) -> tuple[Form, ...]:
    """`RC-WE1100`, `e-mail`: the parts one after the other."""
    parts = _PARTS.findall(token)
    choices = [[(part.strip("'"),)] if not part.isdigit() else _cardinals(part) for part in parts if part.strip("'")]
    forms = [tuple(word for form in chosen for word in form) for chosen in product(*choices)]
    return tuple(dict.fromkeys(forms))[:_MOST_FORMS] if choices else ()


_READERS = (
    (_CLOCK, _clock),
    (_HOUR, _hour),
    (_MONEY, _money),
    (_NUMBER, _number),
    (_ORDINAL, _ordinal),
)
