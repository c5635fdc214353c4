"""What a scripted agent does in one turn: frames and mischief, as plain values.

A step is a string (words: `{"content": …}`), a mapping (a frame as it stands) or one of the classes below; a reply is
one step or a list of them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RawText:
    """A text frame as it stands; need not be JSON."""

    text: str


@dataclass(frozen=True, slots=True)
class RawBytes:
    """A frame of bytes: binary, or (with `as_text`) a text frame that need not be valid UTF-8."""

    data: bytes
    as_text: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """Do nothing for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class CloseLine:
    """Close with a close frame."""

    code: int = 1000
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DropLine:
    """Cut the connection without a close frame."""


Step = str | Mapping[str, Any] | RawText | RawBytes | Pause | CloseLine | DropLine
Reply = Step | Sequence[Step]


def steps_of(reply: Reply) -> Sequence[Step]:
    """The steps of a reply."""
    if isinstance(reply, str) or not isinstance(reply, Sequence):
        return (reply,)
    return reply


def content(text: str, metadata: Mapping[str, Any] | None = None, **extra: Any) -> dict[str, Any]:
    """A frame with words, perhaps with metadata or keys of its own."""
    frame: dict[str, Any] = {"content": text, **extra}
    return frame if metadata is None else {**frame, "metadata": dict(metadata)}


def metadata(**values: Any) -> dict[str, Any]:
    """A frame with metadata alone."""
    return {"metadata": values}


def tool_call(name: str, arguments: Any = None, *, id: str = "call-1") -> dict[str, Any]:  # noqa: A002 - the key's name on the wire
    """A Function Call frame; arguments that are no string go out as JSON text, as the protocol's examples have it."""
    text = arguments if isinstance(arguments, str) else json.dumps({} if arguments is None else arguments)
    return {"role": "Function Call", "data": {"id": id, "name": name, "arguments": text}}


def tool_result(result: Any, *, id: str = "call-1", name: str | None = None) -> dict[str, Any]:  # noqa: A002 - the key's name on the wire
    """A Function Call Result frame; `name` is left out unless given."""
    data: dict[str, Any] = {"id": id, "result": result}
    return {"role": "Function Call Result", "data": data if name is None else {**data, "name": name}}


def end_call(text: str | None = None) -> dict[str, Any]:
    """The frame that ends the call, perhaps with last words."""
    return {"type": "end_call"} if text is None else {"content": text, "type": "end_call"}
