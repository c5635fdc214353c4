"""Triggers of the form `contains "x" OR contains "y"`: decided here, without a model."""

import re
import unicodedata
from dataclasses import dataclass

_QUOTED = r"""(?:"((?:[^"\\]|\\.)+)"|'((?:[^'\\]|\\.)+)'|\u201c([^\u201d]+)\u201d|\u2018([^\u2019]+)\u2019)"""
_TERM = re.compile(rf"\s*(?:contains\s+)?{_QUOTED}\s*", re.IGNORECASE)
_JOINT = re.compile(r"(and|or)\b", re.IGNORECASE)
_START = re.compile(r"\s*contains\s", re.IGNORECASE)
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Trigger:
    """Alternatives, each of them texts that must all be there: AND binds closer than OR."""

    alternatives: tuple[tuple[str, ...], ...]

    def matches(self, words: str) -> bool:
        """Whether the words hold what is asked for; case, spacing and the shape of apostrophes do not matter."""
        searched = _levelled(words)
        return any(all(text in searched for text in texts) for texts in self.alternatives)


def parse_trigger(condition: str) -> Trigger | None:
    """The trigger that a condition writes, or None where it is a sentence in natural language."""
    if not _START.match(condition):
        return None
    alternatives: list[tuple[str, ...]] = []
    texts: list[str] = []
    at = 0
    while term := _TERM.match(condition, at):
        texts.append(_levelled(_unescaped(next(group for group in term.groups() if group is not None))))
        at = term.end()
        if at == len(condition):
            return Trigger((*alternatives, tuple(texts)))
        joint = _JOINT.match(condition, at)
        if joint is None:
            return None
        if joint[1].lower() == "or":
            alternatives.append(tuple(texts))
            texts = []
        at = joint.end()
    return None


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _levelled(text: str) -> str:
    """The text as comparisons see it."""
    text = unicodedata.normalize("NFKC", text).replace("\u2019", "'").replace("\u2018", "'")
    return _SPACE.sub(" ", text).casefold()
