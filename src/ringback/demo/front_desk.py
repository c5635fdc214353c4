"""The front desk of a clinic: rules that book, cancel and move appointments. No I/O: words in, frames out.

One fault is planted, for the demo suite to find: whoever moves an appointment gets the new one, and hears that the
old one is gone, but `cancel_appointment` is never called for it.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ringback.demo.schedule import TIMES, WEEKEND, AppointmentBook, Slot, day_in, time_in

Frame = dict[str, Any]

_LONGEST = 2000
"""Characters of an utterance that are looked at."""
_PATIENCE = 4
"""Utterances in a row that are not understood before the desk hangs up."""
_NAME = re.compile(
    r"(?:my name is|my name's|this is|i am|i'm|it is|it's|name:)\s+([^\W\d_][\w'-]*(?:\s+[^\W\d_][\w'-]*){0,2})",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_][\w'.-]*")
_NAME_WORDS = 4
_NAME_LENGTH = 60


class Task(StrEnum):
    """What the caller wants."""

    BOOK = "book"
    CANCEL = "cancel"
    MOVE = "move"


_TASKS = (
    (Task.MOVE, re.compile(r"\b(move|resched\w*|change my|another (day|time)|postpone)\b", re.IGNORECASE)),
    (Task.CANCEL, re.compile(r"\b(cancel\w*|call off)\b", re.IGNORECASE)),
    (Task.BOOK, re.compile(r"\b(book|appointment|see (a|the) doctor|visit|check-?up)\b", re.IGNORECASE)),
)
_YES = re.compile(r"\b(yes|yeah|yep|sure|ok|okay|please do|correct|right|go ahead|perfect|fine)\b", re.IGNORECASE)
_NO = re.compile(r"\b(no|nope|don't|do not|not that|wrong|stop|leave it)\b", re.IGNORECASE)
_BYE = re.compile(r"\b(bye|goodbye|that's all|that is all|nothing else|have a nice day)\b", re.IGNORECASE)
_EMERGENCY = re.compile(
    r"\b(emergency|chest pain|can't breathe|cannot breathe|unconscious|bleeding heavily)\b", re.IGNORECASE
)
_ANSWERS = (
    (
        re.compile(r"\b(open|opening|hours|close)\b", re.IGNORECASE),
        "We are open from Monday to Friday, 8:00 to 17:00, and closed at the weekend.",
    ),
    (
        re.compile(r"\b(where|address|parking)\b", re.IGNORECASE),
        "You find us at 12 River Street, with parking behind the house.",
    ),
    (re.compile(r"\b(price|cost|insurance|pay)\b", re.IGNORECASE), "A visit is covered by every public insurance."),
    (
        re.compile(r"\b(who are you|robot|human|person|machine)\b", re.IGNORECASE),
        "I am the clinic's automatic front desk; a person calls you back if you leave your number.",
    ),
)
_HELP = "I can book, cancel or move an appointment, and tell you our opening hours."


@dataclass(slots=True)
class FrontDesk:
    """One conversation at the front desk."""

    patient: str = ""
    patient_id: str = ""
    book: AppointmentBook = field(default_factory=AppointmentBook)
    ended: bool = False
    _task: Task | None = None
    _day: str | None = None
    _time: str | None = None
    _asked: str = ""
    """What the desk asked last: `name`, `slot`, `confirm` or `more`."""
    _calls: int = 0
    _lost: int = 0

    @classmethod
    def for_headers(cls, headers: Mapping[str, str]) -> "FrontDesk":
        """A desk that knows what the caller's test profile sent along: `X-Patient-Name`, `X-Patient-Id`."""
        return cls(
            patient=_name_in(headers.get("X-Patient-Name", "")) or "",
            patient_id=re.sub(r"[^\w-]", "", headers.get("X-Patient-Id", ""))[:40],
        )

    def greet(self) -> list[Frame]:
        """First words, with metadata about the call."""
        hello = f"Hello {self.patient}, this" if self.patient else "Hello, this"
        metadata = {"clinic": "Riverside", "language": "en"}
        if self.patient_id:
            metadata["patient_id"] = self.patient_id
        return [{"content": f"{hello} is the Riverside Clinic. How can I help you?", "metadata": metadata}]

    def hear(self, words: str) -> list[Frame]:
        """The frames that answer an utterance."""
        words = words[:_LONGEST].replace("\u2019", "'").strip()
        if not words:
            return [_say("Sorry, I did not hear you.")]
        if _EMERGENCY.search(words):
            return [_say("This sounds like an emergency. Please hang up and dial 112 at once.")]
        task = next((task for task, pattern in _TASKS if pattern.search(words)), None)
        if self._asked == "confirm" and task in {None, self._task} and (_YES.search(words) or _NO.search(words)):
            return self._confirmed(yes=not _NO.search(words))
        if self._asked == "more" and task is None and (_NO.search(words) or _BYE.search(words)):
            return self._goodbye()
        if self._task is None and task is None:
            return self._small_talk(words)
        if task is not None and task is not self._task:
            self._task, self._day, self._time = task, None, None
        self._lost = 0
        self._listen(words)
        return self._next()

    def _listen(self, words: str) -> None:
        """Take name, day and time from what was said."""
        spoken = _NAME.search(words)
        if name := _name_in(spoken[1] if spoken else words if self._asked == "name" else ""):
            self.patient = name
        self._day = day_in(words) or self._day
        self._time = time_in(words) or self._time

    def _small_talk(self, words: str) -> list[Frame]:
        for pattern, answer in _ANSWERS:
            if pattern.search(words):
                self._lost, self._asked = 0, "more"
                return [_say(f"{answer} Is there anything else?")]
        if _BYE.search(words):
            return self._goodbye()
        self._lost += 1
        if self._lost >= _PATIENCE:
            self.ended = True
            return [{"content": "I am sorry, I cannot help you with this. Goodbye.", "type": "end_call"}]
        return [_say(f"Sorry, I did not understand that. {_HELP}")]

    def _next(self) -> list[Frame]:
        """Ask for what is missing, or for the caller's consent."""
        intent = {"intent": str(self._task)}
        if not self.patient:
            return self._ask("name", "Certainly. May I have your name?", intent)
        current = self.book.of(self.patient)
        if self._task is not Task.BOOK and current is None:
            self._task, self._asked = None, "more"
            return [_say(f"I find no appointment for {self.patient}. Is there anything else?", intent)]
        if self._task is Task.CANCEL:
            return self._ask("confirm", f"You have an appointment on {current}. Shall I cancel it?", intent)
        return self._ask_for_slot(current, intent)

    def _ask_for_slot(self, current: Slot | None, intent: Frame) -> list[Frame]:
        if self._day in WEEKEND:
            self._day = None
            return self._ask("slot", "We are closed at the weekend. Which day from Monday to Friday suits you?", intent)
        if self._day is None:
            lead = f"You have an appointment on {current}. " if self._task is Task.MOVE else ""
            return self._ask("slot", f"{lead}Which day would you like?", intent)
        free = self.book.free(self._day)
        if self._time in free:
            slot = Slot(self._day, self._time)
            verb = "book" if self._task is Task.BOOK else "move your appointment to"
            return self._ask("confirm", f"{slot} is free. Shall I {verb} {slot} for {self.patient}?", intent)
        lead = ""
        if self._time is not None:
            reason = "is already taken" if self._time in TIMES else "is not a time when we see patients"
            lead = f"{self._day} at {self._time} {reason}. "
            self._time = None
        question = f"{lead}On {self._day} I have {_listed(free)}. What time suits you?"
        return self._ask("slot", question, intent)

    def _ask(self, what: str, question: str, metadata: Frame) -> list[Frame]:
        self._asked = what
        return [_say(question, metadata)]

    def _confirmed(self, *, yes: bool) -> list[Frame]:
        task, slot = self._task, Slot(self._day or "", self._time or "")
        old = self.book.of(self.patient)
        self._asked = "more"
        if not yes:
            self._time = None
            if task is Task.CANCEL:
                self._task = None
                return [_say("All right, I leave it as it is. Is there anything else?")]
            return self._ask("slot", "All right. Which day and what time would you like instead?", {})
        self._task = self._day = self._time = None
        if task is Task.CANCEL:
            return self._cancelled(old)
        booked = self._booked(slot)
        if task is Task.MOVE:
            # The planted fault: the old appointment should be cancelled by the tool, and is not.
            return [*booked, _say(f"Done: your appointment is moved from {old} to {slot}. Is there anything else?")]
        metadata = {"booking": {"day": slot.day, "time": slot.time, "patient": self.patient}}
        return [*booked, _say(f"Your appointment is booked: {slot}. Is there anything else?", metadata)]

    def _booked(self, slot: Slot) -> list[Frame]:
        arguments = {"patient": self.patient, "day": slot.day, "time": slot.time}
        self.book.book(self.patient, slot)
        outcome = {"status": "booked", "confirmation": f"RC-{slot.day[:2].upper()}{slot.time.replace(':', '')}"}
        return [_say("One moment, please."), *self._tool("book_appointment", arguments, outcome)]

    def _cancelled(self, slot: Slot | None) -> list[Frame]:
        arguments = {"patient": self.patient, "day": slot.day if slot else "", "time": slot.time if slot else ""}
        self.book.cancel(self.patient)
        frames = self._tool("cancel_appointment", arguments, {"status": "cancelled"})
        last = _say(f"Your appointment on {slot} is cancelled. Is there anything else?", {"cancelled": True})
        return [_say("One moment, please."), *frames, last]

    def _tool(self, name: str, arguments: Frame, result: Frame) -> list[Frame]:
        self._calls += 1
        number = f"call_{self._calls}"
        call = {"id": number, "name": name, "arguments": json.dumps(arguments, ensure_ascii=False)}
        returned = {"id": number, "name": name, "result": json.dumps(result)}
        return [{"role": "Function Call", "data": call}, {"role": "Function Call Result", "data": returned}]

    def _goodbye(self) -> list[Frame]:
        self.ended = True
        return [{"content": "Thank you for calling the Riverside Clinic. Goodbye!", "type": "end_call"}]


def _say(text: str, metadata: Frame | None = None) -> Frame:
    return {"content": text, "metadata": metadata} if metadata else {"content": text}


def _listed(times: list[str]) -> str:
    if not times:
        return "nothing free"
    return f"{', '.join(times[:-1])} and {times[-1]} free" if len(times) > 1 else f"{times[0]} free"


def _name_in(text: str) -> str | None:
    """A name of a few words; never control characters, markup or a whole speech."""
    words = _WORD.findall(text[:_NAME_LENGTH])
    name = " ".join(word.rstrip(".") for word in words)
    return name if 0 < len(words) <= _NAME_WORDS else None
