"""What a spoken agent can say, for speech to text that hears only lines that it knows."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ringback.errors import UsageError
from ringback.library.document import Unreadable, read_bytes

if TYPE_CHECKING:
    from ringback.speech.known_lines import UnreadableLine

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
        UsageError: the file cannot be read, is no text, has no line, too much of it, or one that cannot be understood.
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
    if problem := _amount_problem(lines):
        raise UsageError(f"{path}: {problem}")
    if problem := _meaning_problem(lines):
        raise UsageError(f"{path}{_place(problem.line, text)}: {problem}")
    return lines


def known_lines_problem(lines: Sequence[str]) -> str | None:
    """What is wrong with lines that an agent is said to have, in a sentence; None: nothing."""
    problem = _amount_problem(lines) or _meaning_problem(lines)
    return None if problem is None else str(problem)


def _amount_problem(lines: Sequence[str]) -> str | None:
    if len(lines) > MOST:
        return f"{len(lines):,} known lines are more than can be told apart ({MOST:,}). Leave some out."
    if sum(map(len, lines)) > LARGEST:
        return f"The known lines are longer than {LARGEST // 1024} KiB together. Leave some out."
    if len(lines) > 1 and any(line.lstrip().startswith(_GRAMMAR) for line in lines):
        return "A JSGF grammar stands alone: put the lines into it, or leave it out."
    if any("\0" in line for line in lines):
        return "A line of text has no NUL characters in it."
    return None


def _meaning_problem(lines: Sequence[str]) -> "UnreadableLine | None":
    if not lines:  # as of agents over text, which take nothing of the voice into the process
        return None
    from ringback.speech.known_lines import UnreadableLine, sorted_out  # noqa: PLC0415 - for spoken agents only

    try:
        sorted_out(lines)
    except UnreadableLine as error:
        return error
    except UsageError as error:
        return UnreadableLine(str(error))
    return None


def _place(line: str | None, text: str) -> str:
    numbers = (number for number, each in enumerate(text.splitlines(), start=1) if each.strip() == line)
    return next((f", line {number}" for number in numbers), "")


def _lines(text: str) -> tuple[str, ...]:
    stripped = (line.strip() for line in text.splitlines())
    return tuple(dict.fromkeys(line for line in stripped if line and not line.startswith("#")))
