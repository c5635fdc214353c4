"""The chat protocol without a socket: one text frame in, one event out; one utterance in, one text frame out.

Whatever an agent sends becomes exactly one event, and nothing it sends raises: what breaks the protocol is told by the
event's remarks. An event is never empty-handed: it carries words, a tool frame, metadata, unknown keys or a remark.
"""

import json
import re
from collections.abc import Callable
from typing import Any, cast

from ringback.channels.channel import (
    CalledTool,
    ChannelEvent,
    EndedCall,
    Noted,
    Remark,
    ReportedError,
    Said,
    ToolReturned,
)
from ringback.channels.plain_data import LONGEST_DETAIL, read_json, shortened, storable
from ringback.domain.conversation import FindingCode, ToolData
from ringback.domain.secret import Redactor
from ringback.domain.utterance import Utterance

_KNOWN_KEYS = frozenset({"content", "metadata", "role", "type", "data"})
_quoted_text = json.JSONEncoder(ensure_ascii=False).encode
_BLANK = r"[ \t\n\r]*+"
_PLAIN_WORDS = re.compile(rf'{_BLANK}\{{{_BLANK}"content"{_BLANK}:{_BLANK}"([^"\\\x00-\x1f]++)"{_BLANK}\}}{_BLANK}')
"""Nearly every frame: words under `content`, nothing escaped, nothing else. What it matches means what JSON means."""
_CALL = "function call"
_RESULT = "function call result"
_EXACT_ROLES = frozenset({"agent", "Function Call", "Function Call Result"})


def encode(utterance: Utterance) -> str:
    """The one frame of an utterance: `{"content": …}`, with `"type": "end_call"` where the caller hangs up."""
    content = _quoted_text(storable(utterance.text))
    return f'{{"content": {content}, "type": "end_call"}}' if utterance.ends_call else f'{{"content": {content}}}'


def parse_frame(text: str, at: float, redactor: Redactor | None = None) -> ChannelEvent:
    """What a text frame means; never raises.

    Args:
        text: The frame as received.
        at: `time.monotonic()` at its arrival.
        redactor: Takes secrets out of everything that the event will carry.
    """
    clean = _cleaner(redactor)
    text = clean(text)
    if plain := _PLAIN_WORDS.fullmatch(text):
        return Said(at=at, text=plain[1])
    try:
        frame: Any = read_json(text, clean)
    except RecursionError:
        return _noted(at, FindingCode.NOT_JSON, "The frame is nested too deep to be read.", shortened(text))
    except ValueError:
        if not text.strip():
            return _noted(at, FindingCode.NOT_JSON, "The frame is empty: it is neither JSON nor words.", text)
        remark = Remark(
            code=FindingCode.NOT_JSON,
            sentence='The frame is not JSON; it was taken as content. Send {"content": "…"}.',
            detail=shortened(text),
        )
        return Said(at=at, text=text, remarks=(remark,))
    if not isinstance(frame, dict):
        return _noted(
            at,
            FindingCode.NOT_AN_OBJECT,
            f"The frame is {_kind(frame)}, not a JSON object; it was not answered.",
            _detail(frame, text),
        )
    return _Frame(cast("dict[str, Any]", frame), at, text).event()


def parse_binary(data: bytes, at: float, redactor: Redactor | None = None) -> ChannelEvent:
    """A binary frame, which the chat protocol does not have: recorded, never answered."""
    preview = _cleaner(redactor)(data.decode("utf-8", "replace"))
    return _noted(
        at,
        FindingCode.BINARY_FRAME,
        f"The agent sent a binary frame of {len(data)} bytes; the chat protocol has text frames only.",
        {"bytes": len(data), "as_text": shortened(preview, 200)},
    )


def _cleaner(redactor: Redactor | None) -> Callable[[str], str]:
    if redactor is None:
        return storable
    return lambda text: redactor.clean(storable(text))


def _noted(at: float, code: FindingCode, sentence: str, detail: Any) -> Noted:
    return Noted(at=at, remarks=(Remark(code=code, sentence=sentence, detail=detail),))


def _detail(frame: Any, text: str) -> Any:
    """The frame as it was read; never the text itself, in which a secret may hide behind escapes."""
    return frame if len(text) <= LONGEST_DETAIL else shortened(json.dumps(frame, ensure_ascii=False))


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a string"
    return "an array" if isinstance(value, list) else "an object"


class _Frame:
    """One JSON object on its way to becoming an event."""

    __slots__ = ("at", "extra", "frame", "remarks", "text")

    def __init__(self, frame: dict[str, Any], at: float, text: str) -> None:
        self.frame = frame
        self.at = at
        self.text = text
        self.remarks: list[Remark] = []
        self.extra: dict[str, Any] = (
            {} if frame.keys() <= _KNOWN_KEYS else {k: v for k, v in frame.items() if k not in _KNOWN_KEYS}
        )

    def event(self) -> ChannelEvent:
        """The event, by `type` first, then by `role`, then by `content`."""
        kind = self.frame.get("type")
        if kind in ("end_call", "error"):
            self._keep("role", "data")
            words = self._content() or ""
            if kind == "end_call":
                return EndedCall(text=words, **self._arrival())
            return ReportedError(text=words, **self._arrival())
        role = self._role()
        if role in (_CALL, _RESULT):
            self._keep("type")
            return self._tool_event(role)
        self._keep("data")
        if kind is not None and kind != "":
            what = f"{_quoted(kind)} is unknown" if isinstance(kind, str) else f"is {_kind(kind)}, not a string"
            self.remark(FindingCode.UNKNOWN_TYPE, f"The frame's type {what}; it was not answered.")
            return Noted(**self._arrival())
        words = self._content()
        if words:
            return Said(text=words, **self._arrival())
        return self._without_words(words)

    def _without_words(self, words: str | None) -> Noted:
        arrival = self._arrival()
        if arrival["metadata"] is None and not self.remarks:
            if words is None:
                self.remark(
                    FindingCode.UNKNOWN_TYPE, "The frame has neither content nor metadata nor a role that is known."
                )
            else:
                self.remark(FindingCode.BAD_CONTENT, "The frame's content is empty; there was nothing to answer.")
            arrival["remarks"] = tuple(self.remarks)
        return Noted(**arrival)

    def remark(self, code: FindingCode, sentence: str) -> None:
        self.remarks.append(Remark(code=code, sentence=sentence, detail=_detail(self.frame, self.text)))

    def _keep(self, *keys: str) -> None:
        """Known keys that have no meaning in this kind of frame are kept like unknown ones."""
        for key in keys:
            if key in self.frame and key not in self.extra and not (key == "role" and self.frame[key] == "agent"):
                self.extra[key] = self.frame[key]

    def _role(self) -> str:
        role = self.frame.get("role")
        if role is None:
            return ""
        if role not in _EXACT_ROLES if isinstance(role, str) else True:
            self.extra["role"] = role
        return role.strip().lower().replace("_", " ") if isinstance(role, str) else ""

    def _content(self) -> str | None:
        content = self.frame.get("content")
        if content is None or isinstance(content, str):
            return content
        self.remark(FindingCode.BAD_CONTENT, f"The frame's content is {_kind(content)}; it must be a string.")
        return None

    def _arrival(self) -> dict[str, Any]:
        metadata = None
        if "metadata" in self.frame:
            metadata = self.frame["metadata"]
            if not isinstance(metadata, dict):
                kind = _kind(metadata)
                self.remark(FindingCode.BAD_METADATA, f"The metadata is {kind}, not an object; it was ignored.")
                metadata = None
        return {
            "at": self.at,
            "metadata": metadata,
            "remarks": tuple(self.remarks),
            "extra": self.extra or None,
        }

    def _tool_event(self, role: str) -> ChannelEvent:
        words = self._content() or ""
        data = self.frame.get("data")
        if not isinstance(data, dict):
            self.remark(
                FindingCode.BAD_TOOL_FRAME, "The function frame has no object under data; it was only recorded."
            )
            self._keep("role", "content", "data")
            return Noted(**self._arrival())
        fields = cast("dict[str, Any]", data)
        identifier = self._identifier(fields)
        name = self._name(fields, required=role == _CALL)
        if role == _CALL:
            tool = ToolData(id=identifier, name=name, arguments=self._arguments(fields))
            self._keep_fields(fields, {"id", "name", "arguments"})
            return CalledTool(tool=tool, text=words, **self._arrival())
        if "result" not in fields:
            self.remark(FindingCode.BAD_TOOL_FRAME, "The function result has no result.")
        tool = ToolData(id=identifier, name=name, result=fields.get("result"))
        self._keep_fields(fields, {"id", "name", "result"})
        return ToolReturned(tool=tool, text=words, **self._arrival())

    def _keep_fields(self, fields: dict[str, Any], known: set[str]) -> None:
        if not fields.keys() <= known:
            self.extra["data"] = {key: value for key, value in fields.items() if key not in known}

    def _identifier(self, fields: dict[str, Any]) -> str:
        identifier = fields.get("id")
        if isinstance(identifier, str) and identifier:
            return identifier
        if isinstance(identifier, int) and not isinstance(identifier, bool):
            return str(identifier)
        self.remark(
            FindingCode.BAD_TOOL_FRAME, "The function frame has no id, so a result cannot be joined to its call."
        )
        return ""

    def _name(self, fields: dict[str, Any], *, required: bool) -> str:
        name = fields.get("name")
        if isinstance(name, str) and name:
            return name
        if required or name not in (None, ""):
            self.remark(FindingCode.BAD_TOOL_FRAME, "The function frame has no name.")
        return ""

    def _arguments(self, fields: dict[str, Any]) -> Any:
        if "arguments" not in fields:
            self.remark(
                FindingCode.BAD_TOOL_FRAME, "The function call has no arguments; a tool without input sends {}."
            )
            return {}
        arguments = fields["arguments"]
        if not isinstance(arguments, str):
            return arguments
        try:
            parsed = read_json(arguments)
        except (ValueError, RecursionError):
            return arguments
        return cast("dict[str, Any]", parsed) if isinstance(parsed, dict) else arguments


def _quoted(value: Any) -> str:
    return json.dumps(shortened(value, 40)) if isinstance(value, str) else _kind(value)
