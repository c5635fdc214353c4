"""Where commands print: a terminal with colour and wrapping, or plain whole lines elsewhere."""

import os
import sys
from pathlib import Path
from shutil import which

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

WIDE = 160
"""Columns of tables where there is no terminal (and `COLUMNS` does not say)."""


def open_console() -> Console:
    """Standard output; `NO_COLOR` is honoured."""
    terminal = sys.stdout.isatty()
    width = None if terminal or "COLUMNS" in os.environ else WIDE
    return Console(highlight=False, markup=False, soft_wrap=not terminal, width=width)


def typed_command() -> str:
    """What a person here has to type for `ringback`: the program's path where it is not on theirs."""
    if which("ringback"):
        return "ringback"
    program = Path(sys.argv[0])
    return str(Path(os.path.relpath(program)) if program.name == "ringback" else "ringback")


def show(console: Console, line: RenderableType) -> None:
    """Print one thing; line breaks in what others said cannot pass for lines of ours.

    On a terminal, lines that begin with blanks wrap below where their words begin. Elsewhere everything stays on its
    line, for a log's reader may take what begins a line for a command.
    """
    if isinstance(line, Text):
        line = _hanging(line) if console.is_terminal else Text(" ⏎ ").join(line.split("\n"))
    console.print(line)


def _hanging(line: Text) -> RenderableType:
    indent = len(line.plain) - len(line.plain.lstrip())
    return Padding(line[indent:], (0, 0, 0, indent)) if indent else line
