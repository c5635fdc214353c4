"""When a persona may hang up: by a tool call that states why, with the agent's words as its ground."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ringback.callers.likeness import alike, words_of

_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
_CLOSING_QUESTION = re.compile(
    r"\b(?:anything|something) (?:else|more)\b|\bhow else\b|\bother questions?\b", re.IGNORECASE
)
_AGREES = re.compile(
    r"\b(?:yes|yeah|yep|sure|ok(?:ay)?|alright|agreed|deal|that works|works for me|sounds good|perfect|fine|correct"
    r"|sí|claro|vale|oui|d'accord|ja|gerne|einverstanden|va bene|sim)\b",
    re.IGNORECASE,
)
_ORDERS = re.compile(
    r"\b(?:go ahead|please do|book it|i(?:'| wi)ll take (?:it|that|the)|let's (?:do|go with)|sign me up|do it"
    r"|confirm it|put me down|i accept|i agree|make it so|schedule it|send it)\b",
    re.IGNORECASE,
)
_REFUSES = re.compile(
    r"\b(?:can't|cannot|can not|unable|not able|won't|will not|don't|do not|doesn't|isn't|aren't|no|none|nothing|sorry"
    r"|not (?:possible|allowed|available|permitted)|unfortunately|declin\w+|refus\w+|den(?:y|ied)|impossible)\b",
    re.IGNORECASE,
)
_TRANSFERS = re.compile(r"\btransferr?\w*|\bconnect(?:ing)? you\b|\bput(?:ting)? you through\b", re.IGNORECASE)
_FEWEST_WORDS = 2
_CIRCLE = 3
"""Agent lines among which two must be alike for "going in circles"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSoFar:
    """What a hang-up is judged by."""

    agent_lines: Sequence[str]
    caller_turns: int
    """Utterances of the caller, the last words of the hang-up included."""
    min_turns: int = 0
    only_on_transfer: bool = False
    english: bool = True
    """Whether the agent speaks English, so that a refusal can be told by its words."""


def refusal(arguments: Mapping[str, Any], words: str, call: CallSoFar) -> str | None:
    """Why the caller may not hang up now, as a sentence to the model; None where it may.

    Args:
        arguments: of the tool call.
        words: what the caller says while hanging up; may be empty.
        call: the conversation so far.
    """
    if not call.agent_lines:
        return "the agent has not said anything yet."
    if call.caller_turns < call.min_turns:
        return f"you have spoken {call.caller_turns} times, and this call takes at least {call.min_turns}."
    last = call.agent_lines[-1]
    if call.only_on_transfer and not _TRANSFERS.search(last):
        return "you may hang up only when the agent transfers you."
    if _agrees(words, last):
        return "you have just agreed to something; wait for what the agent makes of it."
    return _unfounded(str(arguments.get("reason", "")), str(arguments.get("agent_words") or ""), call)


def _agrees(words: str, last: str) -> bool:
    straight = words.replace("\u2019", "'")
    if _ORDERS.search(straight):
        return True
    open_question = "?" in last and not _CLOSING_QUESTION.search(last)
    return open_question and _AGREES.search(straight) is not None


def _unfounded(reason: str, quote: str, call: CallSoFar) -> str | None:
    if reason == "going_in_circles":
        return None if _circles(call.agent_lines) else "the agent has not repeated itself; answer what it said."
    if reason not in ("outcome_reported", "refused"):
        return "a hang-up states its reason: outcome_reported, refused or going_in_circles."
    sentences = _quoted_sentences(quote, call.agent_lines)
    if not sentences:
        return "`agent_words` must be words of the agent, copied exactly, that show why you hang up."
    if reason == "refused":
        refused = not call.english or any(_REFUSES.search(text.replace("\u2019", "'")) for text in sentences)
        return None if refused else "those words of the agent refuse nothing."
    asked = all(text.rstrip().endswith("?") for text in sentences)
    return "the agent asked you something there, and that is no outcome; answer it." if asked else None


def _circles(lines: Sequence[str]) -> bool:
    recent = [words_of(line) for line in lines[-_CIRCLE - 1 :]]
    return any(alike(one, other) for at, one in enumerate(recent) for other in recent[at + 1 :])


def _quoted_sentences(quote: str, lines: Sequence[str]) -> list[str]:
    """Sentences of the agent in which the quote, or a part of it, really stands."""
    words = words_of(quote)
    if len(words) < _FEWEST_WORDS:
        return []
    sought = f" {' '.join(words)} "
    found: list[str] = []
    for line in lines:
        if sought not in f" {' '.join(words_of(line))} ":
            continue
        for sentence in _SENTENCE.findall(line):
            own = f" {' '.join(words_of(sentence))} "
            if own.strip() and (own in sought or sought in own):
                found.append(sentence)
        found = found or [line]
    return found
