"""Everything that the clinic's front desk can say to the patients of its demo suite: what hears it needs the lines."""

from typing import Final

from ringback.demo.schedule import DAYS, TIMES

PATIENTS: Final = ("Ada Byron", "Alan Turing", "Grace Hopper", "Katherine Johnson", "Rosalind Franklin")

_OTHER_TIMES: Final = ("8:00", "12:00", "13:00", "17:00", "18:00")
"""Not those of the schedule, but asked for."""

_LAST_TWO: Final = "11:00 and 14:00 | (11:00 | 14:00) and 15:00 | (11:00 | 14:00 | 15:00) and 16:00"
"""Of the times that are free on a day, which are named in their order."""

KNOWN_LINES: Final = (
    f"<patient> = {' | '.join(PATIENTS)}",
    f"<day> = {' | '.join(DAYS)}",
    f"<time> = {' | '.join(TIMES)}",
    f"<asked> = <time> | {' | '.join(_OTHER_TIMES)}",
    f"<free> = (9:00, | ) (10:00, | ) (11:00, | ) (14:00, | ) ({_LAST_TWO})",
    "(Hello, | Hello <patient>,) this is the Riverside Clinic.",
    "How can I help you?",
    "Sorry, I did not hear you.",
    "This sounds like an emergency. Please hang up and dial 112 at once.",
    "We are open from Monday to Friday, 8:00 to 17:00, and closed at the weekend.",
    "You find us at 12 River Street, with parking behind the house.",
    "A visit is covered by every public insurance.",
    "I am the clinic's automatic front desk; a person calls you back if you leave your number.",
    "Is there anything else?",
    "I am sorry, I cannot help you with this. Goodbye.",
    "Sorry, I did not understand that.",
    "I can book, cancel or move an appointment, and tell you our opening hours.",
    "Certainly. May I have your name?",
    "I find no appointment for <patient>.",
    "You have an appointment on <day> at <time>.",
    "Shall I cancel it?",
    "We are closed at the weekend. Which day from Monday to Friday suits you?",
    "Which day would you like?",
    "<day> at <time> is free. Shall I (book | move your appointment to) <day> at <time> for <patient>?",
    "<day> at <asked> (is already taken. | is not a time when we see patients.)",
    "On <day> I have (nothing | <time> | <free>) free. What time suits you?",
    "All right, I leave it as it is.",
    "All right. Which day and what time would you like instead?",
    "One moment, please.",
    "Done: your appointment is moved from <day> at <time> to <day> at <time>.",
    "Your appointment is booked: <day> at <time>.",
    "Your appointment on <day> at <time> is cancelled.",
    "Thank you for calling the Riverside Clinic. Goodbye!",
)
"""In the form of known lines (docs/how-to/known-lines.md)."""
