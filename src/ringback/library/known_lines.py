"""What a spoken agent can say, for speech to text that hears only lines that it knows."""

from collections.abc import Sequence
from pathlib import Path

from ringback.errors import UsageError
from ringback.library.document import Unreadable, read_bytes

LARGEST = 256 * 1024
"""Characters of all lines together: a grammar of this size takes seconds to build."""
MOST = 5000
"""Lines."""

_GRAMMAR = "#JSGF"


def read_known_lines(path: Path) -> tuple[str, ...]:
    """The lines of a file, or the one grammar in it.

    A file that begins with `#JSGF` is a grammar. In any other each line is one that the agent can say; empty lines and
    those that begin with `#` are passed over.

    Raises:
        UsageError: the file cannot be read, is no text, has no line, or too much of it.
    """
    try:
        text = read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{path}: the file of known lines is not UTF-8 text. Save it as UTF-8.") from None
    except Unreadable as error:
        raise UsageError(f"{path}, the file of known lines: {error.sentence} {error.remedy}") from None
    lines = (text,) if text.lstrip().startswith(_GRAMMAR) else _lines(text)
    if not lines:
        raise UsageError(f"{path}: the file of known lines has none. Write each line that the agent can say into it.")
    if problem := known_lines_problem(lines):
        raise UsageError(f"{path}: {problem}")
    return lines


def known_lines_problem(lines: Sequence[str]) -> str | None:
    """What is wrong with lines that an agent is said to have, in a sentence; None: nothing."""
    if len(lines) > MOST:
        return f"{len(lines):,} known lines are more than can be told apart ({MOST:,}). Leave some out."
    if sum(map(len, lines)) > LARGEST:
        return f"The known lines are longer than {LARGEST // 1024} KiB together. Leave some out."
    if len(lines) > 1 and any(line.lstrip().startswith(_GRAMMAR) for line in lines):
        return "A JSGF grammar stands alone: put the lines into it, or leave it out."
    if any("\0" in line for line in lines):
        return "A line of text has no NUL characters in it."
    return None


def _lines(text: str) -> tuple[str, ...]:
    stripped = (line.strip() for line in text.splitlines())
    return tuple(dict.fromkeys(line for line in stripped if line and not line.startswith("#")))
