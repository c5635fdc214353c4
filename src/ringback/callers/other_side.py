"""Words of the other end of the line: a trade that is not the caller's, and what the agent said, said back."""

import re
from collections.abc import Iterator, Sequence

from ringback.callers.guard_patterns import levelled
from ringback.callers.likeness import words_of

_TRADES = (
    "dentist|doctor|physician|surgeon|pharmacist|veterinarian|receptionist|technician|mechanic|plumber|librarian"
    "|waiter|bank|clinic|hospital|pharmacy|hotel|restaurant|library"
)
"""Those who are called; "I'm a teacher" may be a caller's own idea of itself."""
_MIDDLE = r"(?:(?!(?:of|at|with|from|to|for|in|on|by|about|the|an?)\b)[\w-]+ ){0,2}?"
_END = r"(?=\s*(?:[.,;:!?\n]|$|(?:and|but|at|from|who|with|in|here|of)\b))"
_CLAIM = re.compile(
    rf"\b(?:i'm|i am|i work as) (?:just |only |actually |also )?(?:an?|the|your) {_MIDDLE}(?P<trade>{_TRADES})\b{_END}"
)
_TITLE = re.compile(
    r"\b(?:i'm|i am|my name is) (?:dr\b\.?|doctor) (?P<first>[\w-]+)(?: (?P<second>[\w-]+))?(?!\w|'s|-)"
)
_ABOUT_OTHERS = (
    r"\b(?:see|visit|find|call|phone|ring|contact|reach|ask|want|need|get|send|book|choose|for|to|with|from|by|at|of|your|the"
    r"|another|have|has|want|whether|if|any|no) (?:an?|the|your|another|any)? ?(?:[\w-]+ )?"
)
_SEGMENT = re.compile(r"[^.,;:!?\n]+")
_COURTESY_WORDS = (
    "hello hi hey there good morning afternoon evening day welcome thanks thank you for calling please guten tag"
    " morgen abend hallo buenos buenas días tardes noches bonjour bonsoir ciao buongiorno hola olá bom dia"
)
_COURTESY = frozenset(_COURTESY_WORDS.split())
_NAME_WORDS = 2
_LONGEST_GREETING = 200
"""Characters in which an agent has said its name."""
_QUESTION = re.compile(r"[^.!?\n]+\?")
_LONGEST_QUESTION = 500
"""Characters at the end of a line in which its last question stands."""
_SHORT_QUESTION = 3
"""Words from which on a question of the agent's that comes back is no accident."""
_POSSESSIVE_WORDS = "your ihr ihre ihren ihrem ihrer votre vos su sus tu tus usted vostro vostra sua seu uw"
_POSSESSIVE = frozenset(_POSSESSIVE_WORDS.split())


def claimed_trade(reply: str, *, directions: str, about: str) -> tuple[int, int] | None:
    """Where the caller says that it is a dentist, a bank, a Dr. So-and-so, and nothing that it was told says so.

    Args:
        reply: what it is about to say.
        directions: what it was told to be and do; those whom it is told to call do not count.
        about: its facts and its profile.
    """
    text = levelled(reply)
    for claim in _CLAIM.finditer(text):
        if not _has_trade(claim["trade"], levelled(directions), about):
            return claim.span()
    for claim in _TITLE.finditer(text):
        if not _has_title((claim["first"], claim["second"]), levelled(directions), about):
            return claim.span()
    return None


def _has_title(names: tuple[str, str | None], told: str, about: str) -> bool:
    if not {*names}.isdisjoint(words_of(about)):
        return True
    own = rf"\b(?:you're|you are|this is|i'm|i am|name is) (?:dr\b\.?|doctor) {re.escape(names[0])}\b"
    return re.search(own, told) is not None


def _has_trade(trade: str, told: str, about: str) -> bool:
    if trade in words_of(about):
        return True
    if re.search(rf"\b(?:you're|you are|you work|i'm|i am)\b[^.!?\n]*\b{trade}\b", told):
        return True
    return re.search(rf"\b{trade}\b", re.sub(rf"{_ABOUT_OTHERS}{trade}\b", " ", told)) is not None


def echoed(reply: str, agent_lines: Sequence[str], *, about: str = "") -> str | None:
    """What the agent said that the whole reply, a short one, says back: its name, or its last question."""
    said = words_of(reply)
    if not agent_lines or not said:
        return None
    asks = reply.rstrip().endswith("?")
    if not asks:
        bare = _bare(reply)
        if len(bare) >= _NAME_WORDS and not set(bare) & set(words_of(about)):
            return next((name for name in _names(agent_lines[0]) if _bare(name) == bare), None)
        return None
    return next((question for question in _questions(agent_lines[-1]) if words_of(question) == said), None)


def _bare(text: str) -> tuple[str, ...]:
    return tuple(word for word in words_of(text) if word not in _COURTESY)


def _names(line: str) -> Iterator[str]:
    """How the line begins, as far as each of its pauses, where that is a name: "City Bank card services"."""
    line = line[:_LONGEST_GREETING]
    for segment in _SEGMENT.finditer(line):
        beginning = line[: segment.end()]
        capitals = [word for word in beginning.split() if word[:1].isupper() and _bare(word)]
        if len(capitals) >= _NAME_WORDS:
            yield beginning


def _questions(line: str) -> Iterator[str]:
    for sentence in _QUESTION.findall(line[-_LONGEST_QUESTION:]):
        words = words_of(sentence)
        if len(words) >= _SHORT_QUESTION and not _POSSESSIVE.isdisjoint(words):
            yield sentence.strip()
