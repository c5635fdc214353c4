"""Text from outside, made safe to show in a terminal or a file: what would steer the display is shown instead."""

import re

_UNSAFE = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but tab and line feed: escape sequences begin with one
    "\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"  # direction overrides and what has no width
    "\u2028\u2029"  # line and paragraph separators
    "\ud800-\udfff\ufffe\uffff"  # lone surrogates and what no text may hold
    "\U000e0000-\U000e007f"  # invisible tags
    "]"
)
_ESCAPE_SEQUENCE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]"  # colours, cursor movement, erasing
    r"|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # title, clipboard, links and other strings
    r"|[ -/]*[0-~]?)"
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
_PICTURES = 0x2400
"""Unicode's pictures of the control characters begin here, in the same order."""


def visible(text: str) -> str:
    """The text with escape sequences removed and other invisible characters turned into visible ones.

    Tab and line feed stay; carriage return and line feed together become a line feed. Other control characters become
    their Unicode pictures (`␀`), direction overrides, characters without width and lone surrogates their code point
    (`[U+202E]`). Joiners stay, for emoji and some scripts are written with them.
    """
    if text.isprintable():  # nothing that is looked for below is
        return text
    return _UNSAFE.sub(_shown, _ESCAPE_SEQUENCE.sub("", text.replace("\r\n", "\n")))


def every_sign(text: str) -> str:
    """As `visible`, with escape sequences shown, too: for a name that would look like another without them."""
    return _UNSAFE.sub(_shown, text)


def one_line(text: str) -> str:
    """As `visible`, with every run of white space as one blank: for headings and table cells."""
    return " ".join(visible(text).split())


def _shown(found: re.Match[str]) -> str:
    point = ord(found.group())
    if point < ord(" "):
        return chr(_PICTURES + point)
    if point == 0x7F:  # noqa: PLR2004 - delete, whose picture stands apart
        return "␡"
    return f"[U+{point:04X}]"
