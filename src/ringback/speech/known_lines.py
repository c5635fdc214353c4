"""Known lines as they are written: sorted into lines, rules and pronunciations, and checked. Needs no recogniser.

A known line is a text. In it `(one | two)` is a choice, an empty one included, and `<name>` what another line
`<name> = one | two` defines. A line `word /W ER D/` says how a word is pronounced, in the phones of the CMU dictionary.
Instead of lines there may be one JSGF grammar, in which `*` and `+` behind a piece repeat it.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import accumulate
from typing import Final

from ringback.errors import UsageError
from ringback.speech.jsgf import HEADER, rules_of

DEEPEST: Final = 20
"""Parentheses inside each other, and rules."""
_DEFINITION = re.compile(r"<([\w-]+)>\s*=\s*(.*)")
_PRONUNCIATION = re.compile(r"([^\s<>()|]+)\s+/([A-Z]+[0-2]?(?:\s+[A-Z]+[0-2]?)*)/")
_RULE = re.compile(r"<([\w-]+)>")
_NO_NAME = re.compile(r"<\s*[\w-]+(?:\s+[\w-]+)*\s*>")


class UnreadableLine(UsageError):
    """A known line that cannot be read, in a sentence with the remedy."""

    def __init__(self, sentence: str, line: str | None = None) -> None:
        """`line`: as it is written; None: it is in a JSGF grammar."""
        super().__init__(sentence)
        self.line = line


@dataclass(frozen=True, slots=True)
class KnownLines:
    """What was written, in order and without repetitions."""

    lines: tuple[str, ...]
    rules: Mapping[str, str]
    """What stands behind `<name> =`, by name."""
    pronunciations: Mapping[str, str]
    """Phones by word, in small letters."""
    repeats: bool = False
    """Whether `*` and `+` are signs, as in JSGF."""


def sorted_out(known_lines: Iterable[str]) -> KnownLines:
    """Known lines, or the one grammar that is given in place of them.

    Raises:
        UnreadableLine: parentheses without their other half, a rule that nothing defines or that contains itself.
    """
    texts = list(known_lines)
    if len(texts) == 1 and texts[0].lstrip().startswith(HEADER):
        grammar = rules_of(texts[0])
        known = KnownLines(tuple(f"<{name}>" for name in grammar.public), grammar.texts, {}, repeats=True)
        return _checked(known, {f"<{name}> = {text}": text for name, text in grammar.texts.items()})
    lines: list[str] = []
    rules: dict[str, str] = {}
    pronunciations: dict[str, str] = {}
    written: dict[str, str] = {}
    for line in filter(None, (line.strip() for text in texts for line in text.splitlines())):
        if definition := _DEFINITION.fullmatch(line):
            rules[definition[1]] = written[line] = definition[2]
        elif pronunciation := _PRONUNCIATION.fullmatch(line):
            pronunciations[pronunciation[1].lower()] = re.sub(r"\d", "", pronunciation[2])
        else:
            lines.append(line)
            written[line] = line
    return _checked(KnownLines(tuple(dict.fromkeys(lines)), rules, pronunciations), written)


def _checked(known: KnownLines, written: Mapping[str, str]) -> KnownLines:
    """What was given. Raises `UnreadableLine`."""
    inside = {name: frozenset(_RULE.findall(text)) for name, text in known.rules.items()}
    for line, text in written.items():
        if problem := _problem(text, known.rules):
            what = "The rule" if known.repeats else "The known line"
            raise UnreadableLine(f"{what} {_short(line)!r} {problem}", None if known.repeats else line)
    try:
        TopologicalSorter(inside).prepare()
    except CycleError as error:
        name = str(error.args[1][0])
        line = next((line for line in written if line.startswith(f"<{name}>") and line != f"<{name}>"), None)
        raise UnreadableLine(f"The known lines define <{name}> by itself.", None if known.repeats else line) from None
    return known


def _problem(text: str, rules: Collection[str]) -> str | None:
    depths = list(accumulate((1 if sign == "(" else -1 for sign in text if sign in "()"), initial=0))
    if min(depths) < 0:
        return "has a parenthesis too many: remove the ) that no ( opens."
    if depths[-1] > 0:
        return "lacks a closing parenthesis: write ) behind the last choice."
    if max(depths) > DEEPEST:
        return f"has more than {DEEPEST} parentheses inside each other."
    if unknown := next((name for name in _RULE.findall(text) if name not in rules), None):
        return f"names <{unknown}>, which no line defines: add a line <{unknown}> = one | two."
    if (wrong := _NO_NAME.search(text)) and not _RULE.fullmatch(wrong[0]):
        return f"has {_short(wrong[0])!r}: the name of a rule has no blanks, as <day> has none."
    return None


def _short(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:99]}…"  # noqa: PLR2004 - what a sentence bears
