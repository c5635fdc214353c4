"""How alike two lines are, and whether a caller goes in circles or starts over."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from ringback.callers.guard_patterns import AlarmKind

_WORD = re.compile(r"\w+(?:['\u2019]\w+)?")
_ALIKE = 0.85
_LONGEST = 5_000
"""Characters of a line that are compared."""
_SHORT_LINE = 4
"""Lines of fewer words ("yes, please") come back in any conversation."""
_REPEATS = 2
"""So many earlier lines like it make a longer line a loop."""
_SHORT_REPEATS = 5
_SOME_TURNS = 2
_SENTENCE = 2
"""Words from which on a repeated sentence is more than an interjection."""
_STAMMER = 2
_OPENING_WORDS = re.compile(
    r"^\W*(?:hi|hello|hey|good (?:morning|afternoon|evening)|greetings|hola|bonjour|hallo|guten tag|ciao|buongiorno"
    r"|olá)\b",
    re.IGNORECASE,
)
_INTRODUCTION = re.compile(
    r"\b(?:I(?:'?| a)m calling (?:to|about|because|regarding|for)|I(?:'d| would) like to|I want to|I need to"
    r"|my name is|this is \w+|I have a question|llamo para|ich rufe|j'appelle)\b",
    re.IGNORECASE,
)
_ASKED_AGAIN = re.compile(
    r"\b(?:repeat|say (?:that )?again|didn'?t (?:quite )?(?:catch|hear|understand|get)|sorry\?|pardon|rephrase"
    r"|once more|come again|start over|from the (?:start|beginning))\b",
    re.IGNORECASE,
)
_NEW_VOICE = re.compile(
    r"\b(?:hi|hello|welcome|good (?:morning|afternoon|evening)|how (?:can|may) I (?:help|assist)|transferr?\w*"
    r"|connect\w*|who am I|who is (?:this|calling)|who's calling|what (?:are you|is your reason)"
    r"|reason for your call|this is \w+)\b",
    re.IGNORECASE,
)
"""The agent greets (again) or asks who calls and why: then a caller may introduce itself again."""


@dataclass(frozen=True, slots=True)
class Circle:
    """A reply that leads nowhere."""

    kind: AlarmKind
    sentence: str


@lru_cache(maxsize=4096)
def _short_words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.casefold().replace("\u2019", "'")))


def words_of(text: str) -> tuple[str, ...]:
    """The words of a line, as comparisons see them; of a very long one those at its beginning."""
    return _short_words(text[:_LONGEST])


def alike(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether two lines say the same in nearly the same words (shared pairs of neighbours)."""
    if first == second:
        return True
    one, other = _pairs(first), _pairs(second)
    if not one or not other:
        return False
    return 2 * len(one & other) / (len(one) + len(other)) >= _ALIKE


def _pairs(words: Sequence[str]) -> set[tuple[str, str]]:
    return set(pairwise(words))


def repeats_itself(lines: Sequence[str]) -> bool:
    """Whether a speaker's last line is like one of the three before it."""
    if not lines:
        return False
    last = words_of(lines[-1])
    return any(alike(last, words_of(line)) for line in lines[-4:-1])


def circle(reply: str, caller_lines: Sequence[str], agent_lines: Sequence[str]) -> Circle | None:
    """Whether the reply repeats the caller once too often, or starts the conversation over."""
    if _stammers(reply):
        return Circle(AlarmKind.LOOP, "it says the same over and over; say it once.")
    heard = agent_lines[-1].replace("\u2019", "'") if agent_lines else ""
    if _ASKED_AGAIN.search(heard) or repeats_itself(agent_lines):
        return None  # who is asked the same again may answer the same again
    words = words_of(reply)
    earlier = [words_of(line) for line in caller_lines]
    greeted = _NEW_VOICE.search(heard) is not None
    return _restart(reply, words, earlier, greeted=greeted) or _loop(words, earlier)


def _stammers(reply: str) -> bool:
    """Whether one sentence comes again and again within the reply."""
    sentences = [words_of(sentence) for sentence in re.split(r"[.!?\n]+", reply)]
    return any(len(words) >= _SENTENCE and count > _STAMMER for words, count in Counter(sentences).items())


def _loop(words: tuple[str, ...], earlier: list[tuple[str, ...]]) -> Circle | None:
    likes = sum(alike(words, line) for line in earlier)
    allowed = _REPEATS if len(words) >= _SHORT_LINE else _SHORT_REPEATS
    at_once = len(words) >= _SHORT_LINE and bool(earlier) and alike(words, earlier[-1])
    if likes >= allowed or at_once:
        return Circle(AlarmKind.LOOP, "you have said this before; go on from what the agent said last.")
    return None


def _restart(reply: str, words: tuple[str, ...], earlier: list[tuple[str, ...]], *, greeted: bool) -> Circle | None:
    if len(earlier) < _SOME_TURNS or greeted:
        return None
    opener_again = len(words) >= _SHORT_LINE and alike(words, earlier[0])
    if opener_again or (_OPENING_WORDS.search(reply) and _INTRODUCTION.search(reply.replace("\u2019", "'"))):
        return Circle(AlarmKind.RESTART, "the conversation is under way; do not start it over.")
    return None
