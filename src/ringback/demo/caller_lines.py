"""What callers may say to the spoken desk, in the form of known lines: it hears these, and nothing else."""

from ringback.demo.schedule import DAYS, TIMES, WEEKEND

CALLER_LINES: tuple[str, ...] = (
    "(Hello, | Hi, |) <polite> (book | make) an appointment.",
    "(Hello, |) I have to (cancel | move) my appointment.",
    "(Hello, |) I have to move my appointment to another day.",
    "<polite> (cancel | move) my appointment.",
    "(My name is | This is | I am |) <name>.",
    "On <day>.",
    "On <day>, please.",
    "On <day> at <time>.",
    "On <day> at <time>, please.",
    "At <time>.",
    "At <time>, please.",
    "Yes.",
    "Yes, that is fine.",
    "Yes, cancel it.",
    "No.",
    "No, thank you.",
    "No, that is all. Goodbye.",
    "I have to go. Goodbye.",
    "(Thank you, |) goodbye.",
    "When are you open?",
    "Are you open at the weekend?",
    "Where are you?",
    "What does a visit cost?",
    "Are you still there?",
    "<polite> = I would like to | I want to | Please | Can I",
    f"<day> = {' | '.join((*DAYS, *WEEKEND))}",
    f"<time> = {' | '.join(TIMES)}",
    "<name> = Rosalind Franklin | Alan Turing | Grace Hopper | Katherine Johnson | Ada Byron",
)
