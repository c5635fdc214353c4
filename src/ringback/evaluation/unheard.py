"""What follows from words of the agent that our ear could not make out: no fault of the agent's.

Where something was asserted about what the agent said, and it would not hold, entries that were not recognised may
have had the words: nobody can tell.
"""

from collections.abc import Sequence
from dataclasses import replace

from ringback.domain.conversation import Entry
from ringback.evaluation.standing import Assertion, Standing

NOT_RECOGNISED = "(not recognised)"
"""What stands in transcripts for words that could not be made out."""

_SHOWN = 5


def is_unheard(entry: Entry) -> bool:
    """Whether an entry is words of a voice that could not be made out."""
    return entry.recognition is not None and not entry.recognition.matched


def unheard_words(entries: Sequence[int]) -> str:
    """`Entry 3 of the agent was not recognised`, `Entries 3, 5 of the agent were not recognised`."""
    if len(entries) == 1:
        return f"Entry {entries[0]} of the agent was not recognised"
    more = f" and {len(entries) - _SHOWN} more" if len(entries) > _SHOWN else ""
    return f"Entries {', '.join(map(str, entries[:_SHOWN]))}{more} of the agent were not recognised"


def excused(assertion: Assertion, unheard: Sequence[int]) -> Assertion:
    """The same assertion about the agent's words, but where it does not hold and words are missing: nobody can tell."""
    if assertion.standing is not Standing.BROKEN or not unheard:
        return assertion
    why = f"{unheard_words(unheard)}, so it cannot be told. {assertion.why}"
    return replace(assertion, standing=Standing.UNKNOWN, why=why)
