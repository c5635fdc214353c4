"""Comparing words as a person would: case, blanks and typographic signs do not matter.

Folding a text: canonical composition (NFC), typographic quotes, dashes and the ellipsis as their plain signs, invisible
characters left out, case folded, every run of blanks one space, none at the ends.
"""

import re
import unicodedata
from itertools import pairwise

_SAME_SIGN = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4\u0060", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        "\u2026": "...",
        **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff"),
    }
)

_UNSPACED_SCRIPTS_FROM = 0x0600
"""Latin, Greek, Cyrillic, Armenian and Hebrew, which put blanks between words, lie below."""

_NEGATIONS = frozenset(
    word
    for words in (
        "not never no none nobody nothing nor neither without cannot avoid avoids refrain refrains",  # English
        "nicht nie niemals kein keine keinen keinem keiner ohne nichts niemand weder",  # German
        "ne pas jamais sans aucun aucune rien",  # French
        "nunca sin nada nadie ningún ninguna ninguno jamás",  # Spanish
        "não sem nenhum nenhuma ninguém",  # Portuguese
        "non mai senza nessun nessuna nessuno niente",  # Italian
        "niet nooit geen zonder niets",  # Dutch
    )
    for word in words.split()
)


def fold(text: str) -> str:
    """The text in the form in which texts are compared."""
    if text.isascii():
        return " ".join(text.replace("`", "'").lower().split())
    return " ".join(unicodedata.normalize("NFC", text).translate(_SAME_SIGN).casefold().split())


def locate(folded: str, text: str, *, whole_words: bool = False, begin: int = 0) -> tuple[int, int] | None:
    """Where a folded text stands in an original one: start and end (exclusive) in the original, from `begin` on.

    With `whole_words` it must not begin or end inside a word, so "we can" is not found in "we cannot".
    """
    if not folded:
        return None
    if text.isascii():
        return _locate_ascii(folded, text, whole_words=whole_words, begin=begin)
    if folded not in fold(text):
        return None  # the common case, without walking through the text sign by sign
    plain, places = _fold_with_places(text)
    at = plain.find(folded)
    while at >= 0:
        end = at + len(folded)
        start = places[at][0]
        if start >= begin and not (whole_words and (_inside_word(plain, at) or _inside_word(plain, end))):
            return start, places[end - 1][1]
        at = plain.find(folded, at + 1)
    return None


def _locate_ascii(folded: str, text: str, *, whole_words: bool, begin: int) -> tuple[int, int] | None:
    """`locate` where folding moves nothing but blanks."""
    words = (re.escape(word).replace("'", "['`]") for word in folded.split())
    for found in re.compile(r"\s+".join(words), re.IGNORECASE).finditer(text, begin):
        inside = _inside_word(text, found.start()) or _inside_word(text, found.end())
        if not (whole_words and inside):
            return found.span()
    return None


def excerpt(text: str, limit: int = 120) -> str:
    """The text on one line, cut in the middle where it is longer than `limit` characters."""
    if len(text) > limit * 8:  # a frame may be a megabyte: do not walk through all of it
        text = f"{text[: limit * 2]} {text[-limit * 2 :]}"
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    tail = limit // 3
    return f"{line[: limit - tail - 3]} … {line[-tail:]}"


def has_negation(text: str) -> bool:
    """Whether a text denies something, in English, German, French, Spanish, Portuguese, Italian or Dutch."""
    return any(map(_denies, _words(text)))


def shares_negation(text: str, other: str) -> bool:
    """Whether a text denies the same as another: a word of denial, and the word it belongs to, stand in both.

    That word is the next one, or the one before where the text ends there.
    """
    words, pairs = _words(text), set(pairwise(_words(other)))
    for at, word in enumerate(words):
        if _denies(word):
            pair = tuple(words[at : at + 2]) if at + 1 < len(words) else tuple(words[at - 1 : at + 1])
            if pair in pairs:
                return True
    return False


def _words(text: str) -> list[str]:
    return [word.strip(".,;:!?\"'()") for word in fold(text).split()]


def _denies(word: str) -> bool:
    return word in _NEGATIONS or "n't" in word


def shared_share(text: str, other: str) -> float:
    """Share of the three-letter pieces of `text` that occur in `other`, 0 to 1: how far one speaks of the other."""
    pieces = _pieces(text)
    return len(pieces & _pieces(other)) / len(pieces) if pieces else 1.0


def _pieces(text: str) -> set[str]:
    folded = fold(text)
    return {folded[at : at + 3] for at in range(len(folded) - 2)}


def _inside_word(plain: str, at: int) -> bool:
    """Whether a word goes on across a place."""
    if at in (0, len(plain)):
        return False
    return all(sign.isalnum() and ord(sign) < _UNSPACED_SCRIPTS_FROM for sign in plain[at - 1 : at + 1])


def _fold_with_places(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The folded text and, for each of its characters, where in the original it comes from."""
    folded: list[str] = []
    places: list[tuple[int, int]] = []
    for start, end in pairwise(_clusters(text)):
        for sign in unicodedata.normalize("NFC", text[start:end]).translate(_SAME_SIGN).casefold():
            if not sign.isspace():
                folded.append(sign)
                places.append((start, end))
            elif folded and folded[-1] != " ":
                folded.append(" ")
                places.append((start, end))
    if folded and folded[-1] == " ":
        folded.pop()
        places.pop()
    return "".join(folded), places


def _clusters(text: str) -> list[int]:
    """Where each character begins, its combining marks with it; the text's end comes last."""
    if text.isascii():
        return list(range(len(text) + 1))
    return [at for at, sign in enumerate(text) if at == 0 or not unicodedata.combining(sign)] + [len(text)]
