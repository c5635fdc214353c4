"""Words that are said in place of another: the days of the week, months, numbers, and opposites.

What hears known lines hears a line in almost any speech that resembles one. Where a line has one of these words, the
others are listened for too: a turn in which one of them fits far better is no match, unless a line has it there.
"""

from typing import Final

_KINDS: Final = (
    "monday tuesday wednesday thursday friday saturday sunday",
    "january february march april may june july august september october november december",
    "one two three four five six seven eight nine ten eleven twelve",
    # Over a telephone fifteen is not told from sixteen, nor fifty from sixty: `s` and `f` are alike below 4 kHz.
    *(f"ten eleven twelve thirteen fourteen {each} seventeen eighteen nineteen" for each in ("fifteen", "sixteen")),
    *(f"twenty thirty forty {each} seventy eighty ninety" for each in ("fifty", "sixty")),
    *("thirteen thirty", "fourteen forty", "fifteen fifty", "sixteen sixty"),
    *("seventeen seventy", "eighteen eighty", "nineteen ninety"),
    "first second third fourth fifth sixth seventh eighth ninth tenth",
    "hundred thousand million",
    "first last next",
    "morning afternoon evening night",
    "yesterday today tonight tomorrow",
    *("new old", "can cannot can't", "do don't", "is isn't", "are aren't"),
)
_DECOYS: Final = {
    word: frozenset(other for kind in _KINDS if word in kind.split() for other in kind.split()) - {word}
    for kind in _KINDS
    for word in kind.split()
}


def decoys_of(word: str) -> frozenset[str]:
    """Words that may be said where a line has this one; none for most words."""
    return _DECOYS.get(word, frozenset())
