"""Draws what a command prints on a terminal as an SVG picture: `python tools/terminal_picture.py OUT.svg COMMAND…`."""

import io
import os
import pty
import re
import sys
from pathlib import Path

import pyte
from rich.console import Console
from rich.text import Text

WIDTH = 104
HEIGHT = 200
COLOURS = {"brown": "yellow"}
"""Names that the terminal emulator has and the drawing library has not."""


def recorded(command: list[str]) -> bytes:
    """The command's output on a terminal of its own, colours included."""
    os.environ.update(COLUMNS=str(WIDTH), LINES="40", TERM="xterm-256color")
    chunks: list[bytes] = []

    def read(descriptor: int) -> bytes:
        chunk = os.read(descriptor, 65536)
        chunks.append(chunk)
        return chunk

    pty.spawn(command, read)
    return b"".join(chunks)


def final_screen(output: bytes) -> Text:
    """What is left to be read when a live display has come and gone."""
    screen = pyte.Screen(WIDTH, HEIGHT)
    pyte.ByteStream(screen).feed(output)
    text = Text()
    for row in range(max(screen.buffer) + 1):
        for column in range(WIDTH):
            cell = screen.buffer[row][column]
            colour = "" if cell.fg == "default" else COLOURS.get(cell.fg, cell.fg)
            text.append(cell.data, style=f"{'bold ' if cell.bold else ''}{colour}".strip() or None)
        text.append("\n")
    return text


def main() -> None:
    """Run, draw, write."""
    target, command = Path(sys.argv[1]), sys.argv[2:]
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(Text("$ make demo\n", style="bold") + final_screen(recorded(command)))
    svg = console.export_svg(title="ringback")
    # The picture has to work offline: no fonts from elsewhere.
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    target.write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
