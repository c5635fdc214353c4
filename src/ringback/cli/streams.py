"""Standard output and standard error that neither an encoding nor a full disk nor an absent reader can break.

Conversations under way must not fail because a line about them could not be printed: output that is lost is noted, and
told at the end. What the encoding of the terminal lacks is written in plain signs.
"""

import codecs
import io
import os
import sys
from typing import Any, TextIO, cast

_PLAIN = {
    "✓": "+",
    "✗": "x",
    "→": "->",
    "⏎": "|",
    "“": '"',
    "”": '"',
    "·": "-",
    "…": "...",
    "━": "=",
    "╸": "=",
    "╺": "=",
}
"""What Ringback itself prints beyond ASCII; all else is shown by its number."""

_PLAINLY = "ringback_plainly"


def _plainly(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_PLAIN.get(c) or c.encode("ascii", "backslashreplace").decode() for c in lacking), error.end


class _Output(io.TextIOWrapper):
    """A stream whose first failure is kept in `lost`; what is written from then on goes nowhere."""

    lost: OSError | None = None

    def write(self, text: str, /) -> int:
        try:
            return super().write(text)
        except OSError as error:
            self._give_up(error)
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self.lost = self.lost or error
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())  # what is buffered still has to go somewhere
        os.close(nowhere)


def prepare_streams() -> None:
    """Make both streams safe; those that the process was started without lead nowhere."""
    codecs.register_error(_PLAINLY, _plainly)
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
    sys.stdout = _safe(sys.stdout, 1)
    sys.stderr = _safe(sys.stderr, 2)


def _safe(stream: TextIO | None, number: int) -> TextIO:
    if stream is None:
        stream = open(number, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - a descriptor, kept open
    if not isinstance(stream, io.TextIOWrapper) or isinstance(stream, _Output):
        return stream  # somebody captures what is printed
    buffering, encoding = stream.line_buffering, stream.encoding
    bare: Any = cast("Any", stream.detach())
    return _Output(bare, encoding=encoding, errors=_PLAINLY, line_buffering=buffering)


def lost_output() -> str | None:
    """Why standard output could not be written to its end; None where it could, or where its reader went away."""
    sys.stdout.flush()
    lost = sys.stdout.lost if isinstance(sys.stdout, _Output) else None
    if lost is None or isinstance(lost, BrokenPipeError):
        return None
    return f"The output could not be written to its end: {lost.strerror}."
