"""Dates and times as people write and say them."""

import re

from ringback.callers.number_words import ORDINALS, TENS, UNITS
from ringback.callers.reading import Atom, Finder, Reading

_MONTHS = (
    "january jan enero janvier januar gennaio janeiro",
    "february feb febrero février fevrier februar febbraio fevereiro",
    "march mar marzo mars märz maerz março",
    "april apr abril avril aprile",
    "may mayo mai maggio maio",
    "june jun junio juin juni giugno junho",
    "july jul julio juillet juli luglio julho",
    "august aug agosto août aout",
    "september sep sept septiembre septembre settembre setembro",
    "october oct octubre octobre oktober ottobre outubro",
    "november nov noviembre novembre novembro",
    "december dec diciembre décembre decembre dezember dicembre dezembro",
)
MONTHS = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names.split()}
_LAST_MONTH, _LAST_DAY, _LAST_HOUR, _LAST_MINUTE = 12, 31, 24, 59
_HALF_DAY = 720
"""Minutes."""

_MONTH = rf"(?P<month>{'|'.join(sorted(MONTHS, key=len, reverse=True))})\b\.?"
_ONES = {word: value for word, value in UNITS.items() if 0 < value < 10}  # noqa: PLR2004 - single digits
_TENS_WORD = "|".join(TENS)
_DAY_WORDS = {**UNITS, **ORDINALS, "thirty": 30, "twenty": 20}
_DAY_WORD = "|".join(sorted(_DAY_WORDS, key=len, reverse=True))
_DAY = rf"(?P<day>\d{{1,2}}(?:st|nd|rd|th|\.|º|er)?|(?:(?:twenty|thirty)[ -])?(?:{_DAY_WORD}))"
_DAY_BEFORE = rf"(?P<day>\d{{1,2}}(?:st|nd|rd|th|\.|º|er)?|(?:(?:twenty|thirty)[ -])?(?:{'|'.join(ORDINALS)}))"
_YEAR = r"(?:\s*(?:,|de|of|in)?\s*(?P<year>(?:19|20)\d\d))?(?!\d)"

_HOUR_WORDS = {word: value for word, value in UNITS.items() if 0 < value <= 12}  # noqa: PLR2004 - hours of a clock
_HOUR_WORD = "|".join(sorted(_HOUR_WORDS, key=len, reverse=True))
_HOUR = rf"(?P<hour>\d{{1,2}}|{_HOUR_WORD})"
_MINUTE_WORD = rf"(?P<minute>(?:(?:{_TENS_WORD})(?:[ -](?:{'|'.join(_ONES)}))?|oh (?:{'|'.join(_ONES)})|fifteen|ten))"
_HALF = r"(?P<half>a\.?\s?m\b\.?|p\.?\s?m\b\.?)"
_HALF_AFTER = rf"(?:\s*{_HALF}|\s+(?P<part>in the (?:morning|afternoon|evening)))"

_ANY_CASE = re.IGNORECASE


def _date(year: int, month: int, day: int) -> Atom | None:
    if not (0 < month <= _LAST_MONTH and 0 <= day <= _LAST_DAY):
        return None
    return Atom("date", f"{year}-{month}-{day}")


def _iso(match: re.Match[str]) -> tuple[Reading, ...]:
    atom = _date(int(match[1]), int(match[2]), int(match[3]))
    return ((atom,),) if atom else ()


def _numeric(match: re.Match[str]) -> tuple[Reading, ...]:
    """`3/4/2026`: which is the month depends on the country, so both readings count."""
    first, second, year = int(match["first"]), int(match["second"]), int(match.groupdict().get("year") or 0)
    year += 2000 if 0 < year < 100 else 0  # noqa: PLR2004 - two digits of a year
    atoms = (_date(year, first, second), _date(year, second, first))
    return tuple((atom,) for atom in atoms if atom)


def _named(match: re.Match[str]) -> tuple[Reading, ...]:
    month = MONTHS[match["month"].lower()]
    if match["month"] in ("may", "mar", "march") and not match["day"][0].isdigit():
        return ()  # "I may first ask": without its capital this is no month
    day = _day(match["day"])
    atom = _date(int(match["year"] or 0), month, day) if day else None
    if not atom:
        return ()
    year = (Atom("digits", match["year"]),) if match["year"] else ()
    return ((atom,), (Atom("month", str(month)), Atom("ordinal", str(day)), *year))


def _month_only(match: re.Match[str]) -> tuple[Reading, ...]:
    month = MONTHS[match["month"].lower()]
    year = match.groupdict().get("year")
    return ((Atom("month", str(month)), Atom("digits", year)),) if year else ((Atom("month", str(month)),),)


def _day(text: str) -> int:
    if text[0].isdigit():
        return int(re.sub(r"\D", "", text))
    words = re.split(r"[ -]", text.lower())
    return sum(_DAY_WORDS[word] for word in words)


_MONTH_NAMES = frozenset(MONTHS)
DATES: tuple[Finder, ...] = (
    Finder(re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})(?=\D|$)"), _iso),
    Finder(
        re.compile(r"(?<![\d/.-])(?P<first>\d{1,2})([/.-])(?P<second>\d{1,2})\2(?P<year>\d{4}|\d\d)(?![\d/-])"),
        _numeric,
    ),
    Finder(re.compile(r"(?<![\d/.-])(?P<first>\d{1,2})/(?P<second>\d{1,2})(?![\d/-])"), _numeric),
    Finder(re.compile(rf"\b{_MONTH}\s+(?:the\s+)?{_DAY}\b{_YEAR}", _ANY_CASE), _named, _MONTH_NAMES),
    Finder(re.compile(rf"\b{_DAY_BEFORE}\s+(?:of\s+|de\s+|di\s+)?{_MONTH}{_YEAR}", _ANY_CASE), _named, _MONTH_NAMES),
    Finder(
        re.compile(rf"\b{_MONTH}\s+(?:of\s+|de\s+)?(?P<year>(?:19|20)\d\d)\b", _ANY_CASE), _month_only, _MONTH_NAMES
    ),
    Finder(re.compile(rf"\b(?:in|since|until|last|next)\s+{_MONTH}(?!\w)", _ANY_CASE), _month_only, _MONTH_NAMES),
)
"""Patterns of dates, the most telling first."""


def time_atom(hour: int, minute: int, half: str = "") -> Atom | None:
    """The time as an atom; an hour over 12 says the half of the day by itself."""
    if hour > _LAST_HOUR or minute > _LAST_MINUTE:
        return None
    if not half and (hour > 12 or hour == 0):  # noqa: PLR2004 - hours of a clock
        half = "pm" if 12 < hour < _LAST_HOUR else "am"  # noqa: PLR2004 - as above
    return Atom("time", f"{(hour * 60 + minute) % _HALF_DAY}/{half}")


def _clock(match: re.Match[str]) -> tuple[Reading, ...]:
    groups = match.groupdict()
    hour = _number(match["hour"], _HOUR_WORDS)
    minute = _minutes(groups.get("minute") or "0")
    atom = time_atom(hour, minute, _half(groups.get("half"), groups.get("part")))
    if not atom:
        return ()
    digits = f"{hour}{minute:02}" if minute else str(hour)
    return ((atom,), (Atom("hour", digits),))


def _relative(match: re.Match[str]) -> tuple[Reading, ...]:
    """`half past five`, `quarter to six`."""
    hour = _number(match["hour"], _HOUR_WORDS)
    offset = {"half": 30, "quarter": 15, "ten": 10, "five": 5, "twenty": 20}[match["offset"].lower()]
    minutes = hour * 60 + (offset if match["way"].lower() in ("past", "after") else -offset)
    atom = time_atom(minutes // 60, minutes % 60, _half(match.groupdict().get("half"), match.groupdict().get("part")))
    if not atom:
        return ()
    between = (Atom("digits", str(offset)), Atom("digits", str(hour)))  # "five to seven days"
    return ((atom,), between)


def _noon(match: re.Match[str]) -> tuple[Reading, ...]:
    half = "pm" if match.group().lower() == "noon" else "am"
    return ((Atom("time", f"0/{half}"),),)


def _number(text: str, words: dict[str, int]) -> int:
    return int(text) if text.isdigit() else words[text.lower()]


def _minutes(text: str) -> int:
    if text.isdigit():
        return int(text)
    return sum({**UNITS, **TENS, "oh": 0}[word] for word in re.split(r"[ -]", text.lower()))


def _half(half: str | None, part: str | None) -> str:
    if half:
        return "am" if half.lower().startswith("a") else "pm"
    if part:
        return "am" if "morning" in part.lower() else "pm"
    return ""


TIMES: tuple[Finder, ...] = (
    Finder(
        re.compile(rf"(?<![\d:])(?P<hour>\d{{1,2}})[:h](?P<minute>\d\d)(?::\d\d)?(?!\d){_HALF_AFTER}?", _ANY_CASE),
        _clock,
    ),
    Finder(
        re.compile(
            rf"\b(?P<offset>half|quarter|ten|five|twenty)\s+(?P<way>past|after|to)\s+{_HOUR}\b{_HALF_AFTER}?",
            _ANY_CASE,
        ),
        _relative,
        frozenset({"half", "quarter", "ten", "five", "twenty"}),
    ),
    Finder(
        re.compile(rf"\b{_HOUR}[ -]{_MINUTE_WORD}{_HALF_AFTER}", _ANY_CASE),
        _clock,
        frozenset({*TENS, "oh", "fifteen", "ten"}),
    ),
    Finder(re.compile(rf"\b(?P<hour>\d{{1,2}})[.](?P<minute>\d\d){_HALF_AFTER}", _ANY_CASE), _clock),
    Finder(
        re.compile(rf"\b(?!one (?:am|in)\b){_HOUR}{_HALF_AFTER}", _ANY_CASE),
        _clock,
        frozenset({"am", "pm", "m", "morning", "afternoon", "evening"}),
    ),
    Finder(
        re.compile(rf"\b{_HOUR}\s*(?:o['\u2019]?\s?clock|Uhr|heures?|uur)\b{_HALF_AFTER}?", _ANY_CASE),
        _clock,
        frozenset({"clock", "oclock", "uhr", "heure", "heures", "uur"}),
    ),
    Finder(
        re.compile(
            rf"(?<=\bat )(?P<hour>{_HOUR_WORD})(?=[.,!?;]|$| on\b| tomorrow| today| or\b| works| please| if\b)",
            _ANY_CASE,
        ),
        _clock,
        frozenset(_HOUR_WORDS),
    ),
    Finder(re.compile(r"\b(?:noon|midnight)\b", _ANY_CASE), _noon, frozenset({"noon", "midnight"})),
)
"""Patterns of times, the most telling first."""
