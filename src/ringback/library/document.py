"""A YAML or JSON file as plain values, with the line and column of each.

YAML 1.2's core schema, with two decisions for files that people write by hand: dates stay text, and numbers with
leading zeros (`00123`, a member number) stay text too. JSON is read by the JSON parser; its positions are found
only when a problem has to be shown.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from ringback.errors import Problem
from ringback.library.json_mistakes import first_mistake

Place = tuple[str | int, ...]
"""Where in a document: keys and indexes from the top."""

MAX_BYTES = 5 * 1024 * 1024
MAX_NODES = 100_000
"""Values in one document, each use of an alias counted with all that it stands for."""
MAX_DEPTH = 40

_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})|0x[0-9a-fA-F]{1,16}|0o[0-7]{1,21}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
_UNPRINTABLE = re.compile("[^\x09\x0a\x0d\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_TAGS = {
    "tag:yaml.org,2002:str",
    "tag:yaml.org,2002:map",
    "tag:yaml.org,2002:seq",
    "tag:yaml.org,2002:int",
    "tag:yaml.org,2002:float",
    "tag:yaml.org,2002:bool",
    "tag:yaml.org,2002:null",
    "!",
}


class Unreadable(Exception):
    """There is no document; the message is a whole sentence, the position (from 1) where it was seen, if anywhere."""

    def __init__(self, message: str, remedy: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.remedy = remedy
        self.line = line
        self.column = column

    @property
    def sentence(self) -> str:
        """The message as it stands behind a file's name and a colon."""
        message = str(self)
        return f"{message[0].lower()}{message[1:]}"


@dataclass(slots=True)
class Document:
    """Values and where they stand."""

    value: Any
    positions: dict[Place, tuple[int, int]] = field(default_factory=dict[Place, tuple[int, int]])
    """Line and column of each value, both from 1."""
    keys: dict[Place, tuple[int, int]] = field(default_factory=dict[Place, tuple[int, int]])
    """Line and column of each key of an object."""
    duplicates: list[Place] = field(default_factory=list[Place])
    """Keys that stand twice in one object, at the second."""

    def position(self, place: Place, *, key: bool = False) -> tuple[int, int]:
        """Line and column of a value (or of its key), or of the closest thing around it that has one."""
        while True:
            found = (self.keys.get(place) if key else None) or self.positions.get(place) or self.keys.get(place)
            if found or not place:
                return found or (1, 1)
            place = place[:-1]


def spell(place: Place) -> str:
    """A place as people read it: `scenarios[0].checks[2].tool`."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def read_bytes(path: Path) -> bytes:
    """The file's bytes. Raises `Unreadable` for what is no readable file or too large."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise Unreadable("There is no such file.", "Check the path.") from None
    except IsADirectoryError:
        raise Unreadable("This is a directory, not a file.", "Name a file in it.") from None
    except PermissionError:
        raise Unreadable("The file may not be read.", "Give yourself the right to read it.") from None
    except (OSError, ValueError) as error:
        cause = getattr(error, "strerror", None) or "no such path is possible"
        raise Unreadable(f"The file cannot be read: {cause}.", "Check the path.") from None
    if len(data) > MAX_BYTES:
        raise Unreadable(f"The file is larger than {MAX_BYTES // 2**20} MiB.", "Split it into several files.")
    return data


def sha256(data: bytes) -> str:
    """The file's fingerprint, in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def parse(data: bytes, *, is_json: bool = False) -> Document:
    """The document in a file's bytes. Raises `Unreadable`; `is_json`: the file's name says that it is JSON."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise Unreadable("The file is not UTF-8 text.", "Save it as UTF-8.", line, column) from None
    if not text.strip():
        raise Unreadable("The file is empty.", "Write a suite: `ringback init` makes one to start from.", 1, 1)
    if text.lstrip()[0] in "{[":
        document = _parse_json(text)
        if document is not None:
            return document
    try:
        return _parse_yaml(text)
    except Unreadable as error:
        if is_json and "not YAML" in error.sentence and (mistake := first_mistake(text)):
            raise Unreadable(*mistake) from None
        raise


def _parse_json(text: str) -> Document | None:
    """None where the text is no JSON: then the YAML reader takes it, or says what is wrong with it."""

    def number(digits: str) -> int | str:
        return int(digits) if len(digits) < 20 else digits  # noqa: PLR2004 - beyond 64 bits a number is an id, kept as text

    def refuse(name: str) -> Any:
        raise Unreadable(f"`{name}` is not a number that JSON knows.", "Write a finite number.")

    try:
        value = json.loads(text, parse_int=number, parse_constant=refuse)
    except (ValueError, RecursionError):
        return None
    # Tabs may separate JSON's tokens and not YAML's; one space for each keeps every column.
    try:
        located = _parse_yaml(text.replace("\t", " "))
    except Unreadable as error:
        if isinstance(error, TooMuch):
            raise
        located = Document(value)
    located.value = value
    if _has_lone_surrogate(text):
        raise Unreadable("The file has half a character (`\\ud800` to `\\udfff` alone).", "Write the character itself.")
    return located


def _has_lone_surrogate(text: str) -> bool:
    """Whether an escape stands for half a character. (A pair of escapes makes a whole one.)"""
    escapes = re.findall(r"\\\\|((?:\\u[dD][89a-fA-F][0-9a-fA-F]{2})+)", text)
    halves = "".join(json.loads(f'"{run}"') for run in escapes if run)
    return any("\ud800" <= half <= "\udfff" for half in halves)


class TooMuch(Unreadable):
    """Too many values, or too deep."""


def _parse_yaml(text: str) -> Document:
    from ruamel.yaml import YAML  # noqa: PLC0415 - only those who read a file pay for it
    from ruamel.yaml.error import MarkedYAMLError, YAMLError  # noqa: PLC0415 - as above
    from ruamel.yaml.reader import ReaderError  # noqa: PLC0415 - as above

    reader = YAML(typ="safe", pure=True)
    try:
        events = cast("Iterator[Any]", reader.parse(text))  # pyright: ignore[reportUnknownMemberType] - half typed
        return _Builder(events).document()
    except MarkedYAMLError as error:
        raise _explain(error) from None
    except ReaderError as error:
        found = next((number for number, sign in enumerate(text) if _UNPRINTABLE.match(sign)), 0)
        line, column = text.count("\n", 0, found) + 1, found - text.rfind("\n", 0, found)
        message = f"The file holds a control character (U+{ord(text[found]):04X})."
        raise Unreadable(message, "Remove it.", line, column) from error
    except YAMLError as error:
        raise Unreadable(f"The file is not YAML: {_one_line(str(error))}.", "Remove what does not belong.") from None
    except (ValueError, TypeError, AttributeError, AssertionError, RecursionError, IndexError, KeyError):
        # The YAML reader's own defects on hostile text must not reach a user as a traceback.
        raise Unreadable("The file is not YAML.", "Check its syntax.") from None


_EXPLAINED = {
    "mapping values are not allowed": (
        "A colon followed by a space stands where no key can be.",
        "Put text that contains `: ` in quotes, and check the indentation.",
    ),
    "cannot start any token": (
        "A character stands here that YAML cannot begin a value with (a tab, `@`, `` ` `` or `%`).",
        "Indent with spaces, and put text that begins so in quotes.",
    ),
    "expected <block end>": (
        "The indentation does not fit the lines above, or a quote or bracket is not closed before.",
        "Indent the entries of one list or object alike.",
    ),
    "unexpected end of stream": ("A quote is opened and never closed.", "Close it."),
    "could not find expected ':'": ("A key stands here without a colon behind it.", "Write `key: value`."),
    "undefined alias": (
        "An alias (`*name`) has no anchor (`&name`) before it.",
        "Define the anchor, or quote the `*`.",
    ),
    "but found '<stream end>'": ("A bracket is opened and never closed.", "Close it."),
    "expected ',' or": ("A comma or a closing bracket is missing.", "Add it."),
    "expected the node content": (
        "A value is missing here: there is a comma too many, or a bracket is not closed.",
        "Remove the comma, or close the bracket.",
    ),
    "expected a single document": ("The file holds more than one document (`---`).", "Make it one."),
}


def _explain(error: Any) -> Unreadable:
    problem = _one_line(str(error.problem or error.context or "it cannot be read"))
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
    for part, (message, remedy) in _EXPLAINED.items():
        if part in problem:
            return Unreadable(f"The file is not YAML: {message[0].lower()}{message[1:]}", remedy, line, column)
    return Unreadable(f"The file is not YAML: {problem}.", "Check the line and the one above.", line, column)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]


class _Builder:
    """Values from the parser's events."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self._document = Document(None)
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._open: set[str] = set()
        self._nodes = 0

    def document(self) -> Document:
        event = next(self._events)
        while type(event).__name__ in {"StreamStartEvent", "DocumentStartEvent", "CommentEvent"}:
            event = next(self._events)
        if type(event).__name__ == "StreamEndEvent":
            raise Unreadable("The file is empty.", "Write a suite: `ringback init` makes one to start from.", 1, 1)
        self._document.value = self._value(event, ())
        for rest in self._events:
            if type(rest).__name__ == "DocumentStartEvent":
                line = rest.start_mark.line + 1
                raise Unreadable("The file holds more than one document (`---`).", "Make it one.", line, 1)
        return self._document

    def _value(self, event: Any, place: Place) -> Any:
        mark = event.start_mark
        self._count(1, mark, len(place))
        self._document.positions[place] = (mark.line + 1, mark.column + 1)
        kind = type(event).__name__
        if kind == "AliasEvent":
            return self._alias(event)
        before = self._nodes
        anchor = event.anchor
        tag = str(event.ctag) if event.ctag else None
        if tag is not None and tag not in _TAGS:
            raise Unreadable(f"The tag `{tag}` is not known here.", "Remove it.", mark.line + 1, mark.column + 1)
        if anchor:
            self._open.add(anchor)
        if kind == "ScalarEvent":
            value = self._scalar(event, tag)
        elif kind == "SequenceStartEvent":
            value = self._list(place)
        else:
            value = self._object(place)
        if anchor:
            self._open.discard(anchor)
            self._anchors[anchor] = (value, self._nodes - before + 1)
        return value

    def _count(self, nodes: int, mark: Any, depth: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            message = f"The file stands for more than {MAX_NODES:,} values."
            raise TooMuch(message, "Split it, or use fewer aliases.", mark.line + 1, mark.column + 1)
        if depth > MAX_DEPTH:
            message = f"Values are nested more than {MAX_DEPTH} deep."
            raise TooMuch(message, "Make it flatter.", mark.line + 1, mark.column + 1)

    def _alias(self, event: Any) -> Any:
        mark = event.start_mark
        if event.anchor in self._open:
            message = f"`*{event.anchor}` stands inside of what it names."
            raise Unreadable(message, "Write the value out.", mark.line + 1, mark.column + 1)
        if event.anchor not in self._anchors:
            message = f"The alias `*{event.anchor}` has no anchor `&{event.anchor}` before it."
            raise Unreadable(message, "Define the anchor, or put the text in quotes.", mark.line + 1, mark.column + 1)
        value, nodes = self._anchors[event.anchor]
        self._count(nodes, mark, 0)
        return value

    def _scalar(self, event: Any, tag: str | None) -> Any:
        text = cast("str", event.value)
        if any("\ud800" <= character <= "\udfff" for character in text):
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        plain = not event.style and tag is None
        return core_value(text) if plain or (tag and not tag.endswith(("str", "!"))) else text

    def _list(self, place: Place) -> list[Any]:
        values: list[Any] = []
        for event in self._events:
            if type(event).__name__ == "SequenceEndEvent":
                break
            values.append(self._value(event, (*place, len(values))))
        return values

    def _object(self, place: Place) -> dict[str, Any]:
        values: dict[str, Any] = {}
        merged: list[Any] = []
        for event in self._events:
            kind = type(event).__name__
            if kind == "MappingEndEvent":
                break
            mark = event.start_mark
            name = self._alias(event) if kind == "AliasEvent" else getattr(event, "value", None)
            if not isinstance(name, str):
                raise Unreadable("A key must be text.", "Write `key: value`.", mark.line + 1, mark.column + 1)
            if name == "<<" and not event.style:
                merged.append((self._value(next(self._events), (*place, name)), mark))
                continue
            inner = (*place, name)
            if name in values:
                self._document.duplicates.append(inner)
            self._document.keys[inner] = (mark.line + 1, mark.column + 1)
            values[name] = self._value(next(self._events), inner)
        return self._merge(merged, values)

    def _merge(self, merged: list[Any], values: dict[str, Any]) -> dict[str, Any]:
        for source, mark in merged:
            parts = cast("list[Any]", source) if isinstance(source, list) else [source]
            for part in parts:
                if not isinstance(part, dict):
                    message = "`<<` merges objects only."
                    raise Unreadable(message, "Name an anchor of an object.", mark.line + 1, mark.column + 1)
                values = {**cast("dict[str, Any]", part), **values}
        return values


def core_value(text: str) -> Any:
    """What plain text stands for in YAML 1.2's core schema (dates, huge numbers and leading zeros stay text)."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text, 0) if text[:2] in {"0x", "0o"} else int(text)
    if _FLOAT.fullmatch(text) and text not in {"+", "-"}:
        value = float(text)
        return value if abs(value) != float("inf") else text
    return text


def problem(document: Document, file: str, place: Place, message: str, remedy: str, *, key: bool = False) -> Problem:
    """A problem at a place of a document; `key` points at the key instead of its value."""
    line, column = document.position(place, key=key)
    return Problem(file=file, line=line, column=column, path=spell(place), message=message, remedy=remedy)
