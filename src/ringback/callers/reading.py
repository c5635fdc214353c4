"""The smallest things that a claim is made of."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, order=True)
class Atom:
    """One fact of a reading: `digits`, `ordinal`, `hour`, `email` and `id` as text; `month` as its number.

    `ordinal` is a number that may be the day of a date, `hour` one that may be an hour; `digits` stands for itself.

    A `date` is `year-month-day` with `0` for what is left out; a `time` is `minutes/half`, minutes of a half day and
    `am`, `pm` or nothing where the half is not said.
    """

    kind: Literal["digits", "ordinal", "hour", "email", "id", "date", "month", "time"]
    value: str


Reading = tuple[Atom, ...]
"""Atoms that must all be known for the reading to stand."""


@dataclass(frozen=True, slots=True)
class Finder:
    """A pattern of dates or times, what its matches mean, and what a text must hold for it to be tried at all."""

    pattern: re.Pattern[str]
    read: Callable[[re.Match[str]], tuple[Reading, ...]]
    """Readings of a match; none: it is no date or time after all."""
    words: frozenset[str] | None = None
    """One of these words; None: a digit."""
