"""What a caller may say: every number, date, time, address and code that stands in its sources."""

import re
from collections.abc import Iterable

from ringback.callers.claims import Claim, claims
from ringback.callers.reading import Atom

_PART = 3
"""Digits from which on the beginning or the end of a longer number counts as known ("the last four are …")."""
_INSIDE = 4


class Ground:
    """Sources, read once; a claim stands when one of its readings is found in them.

    A number is known as what it is: the 3 of "March 3rd" makes "the 3rd" known, but not "three people".
    """

    def __init__(self, sources: Iterable[str] = ()) -> None:
        self._digits: set[str] = set()
        """Numbers that stand for themselves."""
        self._days: set[str] = set()
        self._hours: set[str] = set()
        self._atoms: set[Atom] = set()
        self._dates: set[tuple[int, int, int]] = set()
        self._times: set[tuple[int, str]] = set()
        self._squashed = ""
        for source in sources:
            self.add(source)

    def add(self, source: str) -> None:
        """One more text whose claims count as known."""
        if not source:
            return
        self._squashed += " " + re.sub(r"[^0-9a-z]", "", source.lower())
        for claim in claims(source):
            if claim.kind in ("id", "email"):
                self._digits.update(re.findall(r"\d+", claim.text))
            for reading in claim.readings:
                for atom in reading:
                    self._add(atom)

    def _add(self, atom: Atom) -> None:
        self._atoms.add(atom)
        match atom.kind:
            case "digits":
                self._digits |= {atom.value, _bare(atom.value)}
            case "ordinal":
                self._days.add(_bare(atom.value))
            case "hour":
                self._hours.add(atom.value)
            case "date":
                self._add_date(*(int(part) for part in atom.value.split("-")))
            case "time":
                minutes, half = atom.value.split("/")
                self._add_time(int(minutes), half)
            case _:
                pass

    def _add_date(self, year: int, month: int, day: int) -> None:
        self._dates.add((year, month, day))
        self._atoms.add(Atom("month", str(month)))
        self._days.add(str(day))
        if year:
            self._digits |= {str(year), *(f"{one}{two}{y}" for one, two in _orders(month, day) for y in _years(year))}
        self._digits |= {f"{one}{two}" for one, two in _orders(month, day)}

    def _add_time(self, minutes: int, half: str) -> None:
        self._times.add((minutes, half))
        hour, minute = divmod(minutes, 60)
        if minute:
            self._hours |= {f"{hour or 12}{minute:02}", f"{hour + 12}{minute:02}"}
        else:
            self._hours.add(str(hour or 12))

    def holds(self, claim: Claim) -> bool:
        """Whether the claim is known (or tolerated)."""
        return claim.tolerated or self.knows(claim)

    def knows(self, claim: Claim) -> bool:
        """Whether one reading of the claim stands in the sources."""
        return any(all(self._has(atom) for atom in reading) for reading in claim.readings)

    def _has(self, atom: Atom) -> bool:
        value = atom.value
        match atom.kind:
            case "digits":
                known = self._has_digits(value) or value in self._hours
            case "ordinal":
                known = _bare(value) in self._days or self._has_digits(value)
            case "hour":
                return self._has_digits(value)  # a known time is no number: 5 pm does not make 5 am known
            case "date":
                known = self._has_date(value)
            case "time":
                known = self._has_time(value)
            case "id":
                known = value in self._squashed
            case _:
                known = False
        return known or atom in self._atoms

    def _has_digits(self, digits: str) -> bool:
        if digits in self._digits or _bare(digits) in self._digits:
            return True
        if len(digits) >= _INSIDE and digits in self._squashed:
            return True
        return len(digits) >= _PART and any(run.startswith(digits) or run.endswith(digits) for run in self._digits)

    def _has_date(self, value: str) -> bool:
        year, month, day = (int(part) for part in value.split("-"))
        if year and str(year) not in self._digits:
            return False
        return any(
            known_month == month and known_day in (0, day) and (not year or known_year in (0, year))
            for known_year, known_month, known_day in self._dates
        )

    def _has_time(self, value: str) -> bool:
        minutes, half = value.split("/")
        return any(
            int(minutes) == known and (half == known_half or not half or not known_half)
            for known, known_half in self._times
        )


def _bare(digits: str) -> str:
    return digits.lstrip("0") or "0"


def _orders(month: int, day: int) -> Iterable[tuple[str, str]]:
    """Month and day in either order, with and without leading zeros, as people dictate them."""
    return (
        pair for one, two in ((str(month), str(day)), (f"{month:02}", f"{day:02}")) for pair in ((one, two), (two, one))
    )


def _years(year: int) -> tuple[str, str]:
    return str(year), f"{year % 100:02}"
