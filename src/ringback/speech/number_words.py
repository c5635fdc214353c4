"""Numbers in English words, as people say them: `212` is `two hundred twelve`."""

from typing import Final

# fmt: off
_SMALL: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)
_TENS: Final = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
# fmt: on
_THOUSANDS: Final = (("trillion", 10**12), ("billion", 10**9), ("million", 10**6), ("thousand", 10**3))
LIMIT: Final = 10**15
"""Numbers under it can be said."""
_ORDINALS: Final = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}


def cardinal(number: int, *, hundred_and: bool = False) -> tuple[str, ...]:
    """A whole number from 0 to below `LIMIT`, in words without hyphens.

    Args:
        number: Which.
        hundred_and: Whether `and` stands before what is left of a number over a hundred, as British speakers say it.
    """
    if number < len(_SMALL):
        return (_SMALL[number],)
    if number < 100:  # noqa: PLR2004 - tens
        return (_TENS[number // 10], *_rest(number % 10))
    joint = ("and",) if hundred_and else ()
    if number < 1000:  # noqa: PLR2004 - hundreds
        return (_SMALL[number // 100], "hundred", *_rest(number % 100, joint))
    name, unit = next(each for each in _THOUSANDS if number >= each[1])
    high, low = divmod(number, unit)
    # The last `and` of 1,005; in 1,205 it stands behind the hundred.
    tail = _rest(low, joint) if low < 100 else cardinal(low, hundred_and=hundred_and)  # noqa: PLR2004 - tens
    return (*cardinal(high, hundred_and=hundred_and), name, *tail)


def ordinal(number: int) -> tuple[str, ...]:
    """What place it is, as `twenty first`; from 0 to below `LIMIT`."""
    *before, last = cardinal(number)
    place = _ORDINALS.get(last) or (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")
    return (*before, place)


def _rest(number: int, joint: tuple[str, ...] = ()) -> tuple[str, ...]:
    return (*joint, *cardinal(number)) if number else ()
