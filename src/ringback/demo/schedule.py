"""The clinic's appointment book: a week of slots, some of them taken."""

import re
from dataclasses import dataclass, field

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
TIMES = ("9:00", "10:00", "11:00", "14:00", "15:00", "16:00")
WEEKEND = ("Saturday", "Sunday")

_CLOCK = re.compile(r"\b([01]?\d|2[0-3])(?:[:.h]([0-5]\d))?\s*(o'?clock|am|pm|a\.m\.|p\.m\.)?", re.IGNORECASE)
_HOURS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_SPOKEN = re.compile(rf"\b(?:at|for|maybe|around|to)\s+({'|'.join(_HOURS)})\b", re.IGNORECASE)
_NOON = 12
_OPENING_HOUR = 8


@dataclass(frozen=True, slots=True)
class Slot:
    """A weekday and a time, `9:00` to `16:00`."""

    day: str
    time: str

    def __str__(self) -> str:
        return f"{self.day} at {self.time}"


def _taken() -> set[Slot]:
    return {Slot("Monday", "9:00"), Slot("Tuesday", "9:00"), Slot("Tuesday", "14:00"), Slot("Friday", "16:00")}


def _appointments() -> dict[str, Slot]:
    return {
        "grace hopper": Slot("Thursday", "14:00"),
        "alan turing": Slot("Wednesday", "10:00"),
    }


@dataclass(slots=True)
class AppointmentBook:
    """What is taken, and who has an appointment; each connection has a book of its own."""

    taken: set[Slot] = field(default_factory=_taken)
    appointments: dict[str, Slot] = field(default_factory=_appointments)

    def __post_init__(self) -> None:
        self.taken.update(self.appointments.values())

    def free(self, day: str) -> list[str]:
        """Times that are free on a day, early ones first."""
        return [time for time in TIMES if Slot(day, time) not in self.taken]

    def book(self, patient: str, slot: Slot) -> None:
        """Take the slot for the patient."""
        self.taken.add(slot)
        self.appointments[patient.casefold()] = slot

    def cancel(self, patient: str) -> None:
        """Free the patient's slot."""
        slot = self.appointments.pop(patient.casefold(), None)
        self.taken.discard(slot) if slot else None

    def of(self, patient: str) -> Slot | None:
        """The patient's appointment."""
        return self.appointments.get(patient.casefold())


def day_in(text: str) -> str | None:
    """The last weekday that the text names (people correct themselves), weekends included."""
    found = [(text.casefold().rfind(day.casefold()), day) for day in (*DAYS, *WEEKEND)]
    position, day = max(found)
    return day if position >= 0 else None


def time_in(text: str) -> str | None:
    """The last time of day that the text names, as `14:00`."""
    found: list[tuple[int, str]] = []
    for clock in _CLOCK.finditer(text):
        hour, suffix = int(clock[1]), (clock[3] or "").casefold()
        if suffix or clock[2] or re.search(r"\b(at|for|around|maybe|to)\s*$", text[: clock.start()], re.IGNORECASE):
            found.append((clock.start(), f"{_of_day(hour, suffix)}:{clock[2] or '00'}"))
    found += [
        (word.start(), f"{_of_day(_HOURS.index(word[1].casefold()) + 1, '')}:00") for word in _SPOKEN.finditer(text)
    ]
    return max(found)[1] if found else None


def _of_day(hour: int, suffix: str) -> int:
    if suffix.startswith("p") and hour < _NOON:
        return hour + _NOON
    # "At two" is in the afternoon: nobody sees a doctor at night.
    return hour + _NOON if not suffix.startswith("a") and hour < _OPENING_HOUR else hour
