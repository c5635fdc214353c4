"""What a scripted model server may answer: words, objects, tool calls, and every kind of trouble."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class CallTool:
    """The model calls a tool, perhaps with words beside it."""

    name: str
    arguments: Mapping[str, Any] | str = field(default_factory=dict[str, Any])
    """An object, or the text that stands in place of its JSON (which may be malformed)."""
    text: str | None = None


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An HTTP answer as it stands."""

    status: int = 200
    body: str | bytes = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Stall:
    """No answer at all: the request hangs until the client gives up or the server is closed."""


@dataclass(frozen=True, slots=True)
class DropConnection:
    """The connection is cut without an answer, or in the middle of one."""

    after: bytes = b""
    """Bytes of an answer that still go out before the cut."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for a completion, as it came."""

    number: int
    """1 for the server's first."""
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    """The parsed JSON object."""

    @property
    def model(self) -> str:
        """The model's name as asked for."""
        return str(self.body.get("model", ""))

    @property
    def messages(self) -> Sequence[Mapping[str, Any]]:
        """The prompt."""
        messages: Any = self.body.get("messages")
        return messages if isinstance(messages, list) else []  # pyright: ignore[reportUnknownVariableType] - JSON

    def said_by(self, role: str | None = None) -> str:
        """The contents of all messages (of one role), one a paragraph."""
        return "\n\n".join(str(m.get("content") or "") for m in self.messages if role in (None, m.get("role")))

    @property
    def last(self) -> str:
        """The content of the last message."""
        return str(self.messages[-1].get("content") or "") if self.messages else ""

    @property
    def wants_object(self) -> bool:
        """The reply is to be a JSON object (`response_format` says `json_schema` or `json_object`), as judges ask."""
        return self._format.get("type") in ("json_schema", "json_object")

    @property
    def shape(self) -> str:
        """The name of the JSON Schema asked for; empty where there is none."""
        return str(self._schema.get("name", ""))

    @property
    def schema(self) -> Mapping[str, Any]:
        """The JSON Schema asked for; empty where there is none."""
        schema: Any = self._schema.get("schema")
        return schema if isinstance(schema, dict) else {}  # pyright: ignore[reportUnknownVariableType] - JSON

    @property
    def tools(self) -> tuple[str, ...]:
        """Names of the tools on offer."""
        return tuple(str(tool["function"]["name"]) for tool in self.body.get("tools", ()))

    @property
    def _format(self) -> Mapping[str, Any]:
        wanted: Any = self.body.get("response_format")
        return wanted if isinstance(wanted, dict) else {}  # pyright: ignore[reportUnknownVariableType] - JSON

    @property
    def _schema(self) -> Mapping[str, Any]:
        schema: Any = self._format.get("json_schema")
        return schema if isinstance(schema, dict) else {}  # pyright: ignore[reportUnknownVariableType] - JSON


Answer = str | Mapping[str, Any] | CallTool | RawAnswer | Stall | DropConnection
"""Words, an object (sent as its JSON text), a tool call, or trouble."""

Answering = Answer | Sequence[Answer] | Callable[[Asked], Answer | Awaitable[Answer]]
"""An answer, several to be given in turn (the last again and again), or a function that makes one."""


def rate_limited(retry_after: float | str | None = None) -> RawAnswer:
    """HTTP 429, perhaps with a Retry-After header (seconds, or a date as text)."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return RawAnswer(429, _error("Rate limit reached.", "rate_limit_exceeded"), headers)


def server_error(status: int = 500) -> RawAnswer:
    """An HTTP status of trouble on the server's side."""
    return RawAnswer(status, _error("The server had an error.", "server_error"))


def refused(status: int = 401, message: str = "Incorrect API key provided.") -> RawAnswer:
    """An HTTP status that another try does not change."""
    return RawAnswer(status, _error(message, "invalid_request"))


def malformed_json() -> RawAnswer:
    """An answer that stops in the middle of its JSON."""
    return RawAnswer(body='{"id": "chatcmpl-1", "choices": [{"message": {"role": "assist')


def html_page(status: int = 200) -> RawAnswer:
    """A page such as proxies send in place of the model's answer."""
    return RawAnswer(status, "<!doctype html><html><body><h1>Welcome</h1></body></html>", content_type="text/html")


def empty_choices() -> RawAnswer:
    """A well-formed answer without a choice in it."""
    return RawAnswer(body='{"id": "chatcmpl-1", "object": "chat.completion", "choices": []}')


def _error(message: str, code: str) -> str:
    return f'{{"error": {{"message": "{message}", "type": "{code}", "code": "{code}"}}}}'
