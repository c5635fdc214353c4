"""A grammar in JSGF (the Java Speech Grammar Format 1.0, W3C note of 5 June 2000) as rules of known lines.

Read here and not by the recogniser's own parser, which is native code that follows `import` to other files. Weights and
tags are passed over, and so is the difference between rules that are public in several grammars: nothing is imported.
"""

import re
from dataclasses import dataclass
from typing import Final

from ringback.errors import UsageError

HEADER: Final = "#JSGF"
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_TAG = re.compile(r"\{(?:[^{}\\]|\\.)*\}")
_WEIGHT = re.compile(r"/\s*\d+(?:\.\d*)?\s*/")
_RULE = re.compile(r"(public\s+)?<([\w.-]+)>\s*=\s*(.+)", re.DOTALL)
_REFERENCE = re.compile(r"<[\w-]+(?:\.[\w-]+)*\.([\w-]+)>")


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a grammar, in the signs of known lines."""

    public: tuple[str, ...]
    """Names of those that a line may be."""
    texts: dict[str, str]
    """By name."""


def rules_of(grammar: str) -> Rules:
    """The rules of a JSGF grammar.

    Raises:
        UsageError: it is none, imports another one, or has no public rule.
    """
    _, _, body = grammar.lstrip().partition(";")
    texts: dict[str, str] = {}
    public: list[str] = []
    for statement in _statements(_COMMENT.sub(" ", body)):
        if statement.startswith("grammar ") and not texts:
            continue
        rule = _RULE.fullmatch(statement)
        if statement.startswith("import ") or rule is None:
            raise UsageError(
                f"The JSGF grammar of known lines has {statement[:60]!r}, where a rule <name> = … is needed (imports "
                "of other grammars are not followed)."
            )
        texts[rule[2]] = _REFERENCE.sub(r"<\1>", rule[3].replace("[", "(").replace("]", "|)"))
        if rule[1]:
            public.append(rule[2])
    if not public:
        raise UsageError("The JSGF grammar of known lines has no public rule; write public <line> = … ; for one.")
    return Rules(tuple(public), texts)


def _statements(body: str) -> list[str]:
    plain = _WEIGHT.sub(" ", _TAG.sub(" ", body)).replace('"', " ")
    return [statement for part in plain.split(";") if (statement := part.strip())]
