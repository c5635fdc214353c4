"""Whether what a judge quotes stands in the record, where it says and said by whom it says.

A quote holds when, both texts folded (see `wording`: case, blanks, typographic signs), it stands in the named entry,
begins and ends at words, and the entry's speaker is the one named. With an ellipsis, each piece must stand there in
order, and what lies between must not deny anything. A quote shorter than two words and six characters must be the whole
entry. Quotes of tool calls, results and facts, which are JSON, may differ in their blanks.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ringback.domain.conversation import Entry, Role
from ringback.domain.evaluation import Evidence
from ringback.evaluation.arguments import as_json
from ringback.evaluation.record import Record
from ringback.evaluation.unheard import NOT_RECOGNISED, is_unheard
from ringback.evaluation.wording import excerpt, fold, has_negation, locate

FACTS_ENTRY = 0
"""The number under which ending, length and metadata are quoted."""

LONGEST_LINE = 50_000
"""Characters of one line that the judge may quote; of longer ones the middle is left out."""

LONGEST = 2_000
"""Characters of one quote; longer ones are no quotes but copies."""

_LEAST_WORDS = 2
_LEAST_CHARACTERS = 6
_ELLIPSIS = re.compile(r"\[\s*(?:\.{3,}|…)\s*\]|\(\s*(?:\.{3,}|…)\s*\)|\.{3,}|…")
_QUOTE_MARKS = "\"'`\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb"


class Speaker(StrEnum):
    """Who a line of the record belongs to."""

    CALLER = "caller"
    AGENT = "agent"
    TOOL_CALL = "tool_call"
    TOOL_RESULT = "tool_result"
    FACTS = "facts"


_SPEAKERS = {
    Role.CALLER: Speaker.CALLER,
    Role.AGENT: Speaker.AGENT,
    Role.TOOL_CALL: Speaker.TOOL_CALL,
    Role.TOOL_RESULT: Speaker.TOOL_RESULT,
}


@dataclass(frozen=True, slots=True)
class Quotable:
    """One line of the record as the judge sees it."""

    speaker: Speaker
    text: str
    heard: bool = True
    """False: words of a voice that could not be made out; there is nothing to quote."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A quote that stands in the record."""

    evidence: tuple[Evidence, ...]
    """The words as they stand there; several where the quote left something out."""
    speaker: Speaker


def quotables(record: Record) -> dict[int, Quotable]:
    """Every line that the judge may quote, by its number; 0 are the facts."""
    conversation = record.conversation
    ending = conversation.ending
    facts = (
        f"ended by {ending.ended_by.value} ({ending.code.value}): {ending.sentence} "
        f"Length: {conversation.duration:.1f} s. Caller's turns: {conversation.caller_turns}. "
        f"Metadata: {as_json(conversation.metadata)}"
    )
    lines = {FACTS_ENTRY: Quotable(Speaker.FACTS, cut(facts, LONGEST_LINE))}
    for entry in record.entries:
        if is_unheard(entry):
            lines[entry.number] = Quotable(_SPEAKERS[entry.role], NOT_RECOGNISED, heard=False)
        else:
            lines[entry.number] = Quotable(_SPEAKERS[entry.role], cut(shown_text(entry), LONGEST_LINE))
    return lines


def cut(text: str, longest: int) -> str:
    """The text without its middle where it is longer than `longest` characters."""
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]} [{len(text) - 2 * half} characters left out here] {text[-half:]}"


def shown_text(entry: Entry) -> str:
    """An entry's text as the judge sees it: words, or a tool's name with its arguments or result."""
    tool = entry.tool
    if tool is None:
        return entry.content
    words = f" {entry.content}" if entry.content else ""
    if entry.role is Role.TOOL_CALL:
        return f"{tool.name}({as_json(tool.arguments) if tool.arguments is not None else ''}){words}"
    result = tool.result if isinstance(tool.result, str) else as_json(tool.result)
    return f"{tool.name} → {result if tool.result is not None else ''}{words}"


def verify(entry: int, speaker: Speaker, quote: str, lines: Mapping[int, Quotable]) -> Verified | str:
    """The quote's place in the record, or why it does not hold, in words for the judge."""
    shown = f"“{excerpt(quote)}”"
    line = lines.get(entry)
    if line is None:
        return f"There is no entry {entry}; entries go from {min(lines)} to {max(lines)}."
    if refusal := _refusal(entry, speaker, quote, line):
        return refusal
    wanted = quote.strip().strip(_QUOTE_MARKS).strip()
    if not wanted:
        return f"The quote of entry {entry} is empty."
    pieces = _find(quote.strip(), line) or _find(wanted, line)
    if pieces is None:
        # The line itself is not shown here: the reason goes to the judge, outside the fences.
        return f"{shown} does not stand in entry {entry}."
    # Only words of the transcript can be highlighted verbatim; of tools and facts the whole line is meant.
    words = [piece for piece in pieces if piece and speaker in (Speaker.AGENT, Speaker.CALLER)]
    evidence = tuple(Evidence(entry=entry, quote=word) for word in words) or (
        Evidence(entry=entry, quote=pieces[0] if speaker is Speaker.FACTS else ""),
    )
    return Verified(evidence, speaker)


def _refusal(entry: int, speaker: Speaker, quote: str, line: Quotable) -> str:
    """Why a line cannot be quoted so, whatever the words; empty where it can."""
    if line.speaker is not speaker:
        return f"Entry {entry} is the {line.speaker.value}'s, not the {speaker.value}'s (quote “{excerpt(quote)}”)."
    if not line.heard:
        return f"Entry {entry} was not recognised, so nothing in it can be quoted."
    return f"The quote of entry {entry} is longer than {LONGEST} characters." if len(quote) > LONGEST else ""


def _find(wanted: str, line: Quotable) -> list[str] | None:
    """The pieces of a quote as they stand in a line; None where it does not hold."""
    folded = fold(wanted)
    if _long_enough(folded) or folded.strip(".!?") == fold(line.text).strip(".!?"):
        place = locate(folded, line.text, whole_words=True)
        if place is None and folded[-1] in ".,;!?":  # a full stop that ends the quoting sentence, not the quoted one
            place = locate(folded[:-1].rstrip(), line.text, whole_words=True)
        if place is not None:
            return [line.text[slice(*place)]]
        spoken = line.speaker in (Speaker.AGENT, Speaker.CALLER)
        if not spoken and locate(_without_blanks(folded), _without_blanks(line.text), whole_words=True):
            return [""]
    return _find_pieces([fold(piece) for piece in _ELLIPSIS.split(wanted)], line.text)


def _find_pieces(pieces: list[str], text: str) -> list[str] | None:
    """Pieces between ellipses, each long enough and in order, with nothing denied in what was left out."""
    pieces = [piece for piece in pieces if piece]
    if not pieces or not all(map(_long_enough, pieces)):
        return None
    found: list[str] = []
    at = 0
    for start, end in _places(pieces, text):
        if start < 0 or (found and has_negation(text[at:start])):
            return None
        found.append(text[start:end])
        at = end
    return found


def _places(pieces: list[str], text: str) -> Iterator[tuple[int, int]]:
    """Where each piece stands, after the one before; (-1, -1) where it does not."""
    at = 0
    for piece in pieces:
        place = locate(piece, text, whole_words=True, begin=at)
        yield place or (-1, -1)
        if place is None:
            return
        at = place[1]


def _long_enough(folded: str) -> bool:
    return len(folded.split()) >= _LEAST_WORDS or len(folded) >= _LEAST_CHARACTERS


def _without_blanks(text: str) -> str:
    return "".join(text.split())
