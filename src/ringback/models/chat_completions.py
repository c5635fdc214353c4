"""OpenAI's chat completions, without I/O: requests made, answers and refusals read."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from pydantic import BaseModel

from ringback.models.model import Message, Tool
from ringback.models.provider import Answer, Cause, ToolRequest, Trouble
from ringback.models.retrying import retry_after
from ringback.models.shape import strict_schema, with_instruction

_LONGEST_QUOTE = 300
_RETRYABLE = frozenset({408, 409, 425, 429})
_NO_QUOTA = b"insufficient_quota"
_QUOTA_WITHIN = 4096


def request(
    model: str,
    messages: Sequence[Message],
    shape: type[BaseModel] | None,
    tools: Sequence[Tool],
    *,
    schema_known: bool,
    temperature: float | None,
) -> bytes:
    """The body of a request; the shape goes into `response_format`, or into the prompt for servers without it."""
    prompt = messages if shape is None or schema_known else with_instruction(messages, shape)
    sent = [{"role": message.role, "content": message.content} for message in prompt]
    body: dict[str, Any] = {"model": model, "messages": sent}
    if temperature is not None:
        body["temperature"] = temperature
    if tools:
        body["tools"] = [_tool(tool) for tool in tools]
    if shape is not None and schema_known:
        schema, strict = strict_schema(shape)
        named = {"name": shape.__name__, "schema": schema, "strict": strict}
        body["response_format"] = {"type": "json_schema", "json_schema": named}
    return json.dumps(body).encode()


def _tool(tool: Tool) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": function}


def answer(body: bytes) -> Answer:
    """The answer in the body of a 200. Raises `Trouble`."""
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise (
            _nonsense("it is a web page", retryable=False) if _is_page(body) else _nonsense("it is not JSON")
        ) from None
    completion = _object(value)
    if completion is None:
        raise _nonsense("it is not a JSON object")
    if completion.get("error"):
        # Some gateways report their troubles under a 200.
        raise Trouble(Cause.SERVER, _message(completion) or "it reports an error", retryable=True)
    choices = completion.get("choices")
    choice = _object(cast("Any", choices[0])) if isinstance(choices, list) and choices else None
    message = _object((choice or {}).get("message"))
    if message is None:
        raise _nonsense("it has no choices with a message")
    return Answer(
        text=_text(message),
        tool_requests=_tool_requests(message.get("tool_calls")),
        input_tokens=_count(completion, "prompt_tokens"),
        output_tokens=_count(completion, "completion_tokens"),
    )


def refusal(status: int, headers: Mapping[str, str], body: bytes) -> Trouble:
    """What an HTTP status other than 200 means."""
    said = _said(body)
    detail = f"HTTP {status}: {said}" if said else f"HTTP {status}"
    if _NO_QUOTA in body[:_QUOTA_WITHIN]:
        return Trouble(Cause.QUOTA, detail, retryable=False)
    cause = {401: Cause.KEY, 403: Cause.KEY, 404: Cause.NOT_FOUND, 408: Cause.TIMEOUT, 429: Cause.RATE}.get(status)
    if cause is None:
        cause = Cause.SERVER if status >= 500 else Cause.NOT_FOUND if status < 400 else Cause.REQUEST  # noqa: PLR2004 - HTTP statuses are known by number
    retryable = status in _RETRYABLE or (status >= 500 and status != 501)  # noqa: PLR2004 - HTTP statuses are known by number
    return Trouble(cause, detail, retryable=retryable, retry_after=retry_after(headers) if retryable else None)


def _said(body: bytes) -> str:
    """The server's own words about a refusal, in one printable line."""
    try:
        said = _message(_object(json.loads(body)) or {})
    except (ValueError, RecursionError):
        said = "a web page" if _is_page(body) else body[:_LONGEST_QUOTE].decode(errors="replace")
    line = " ".join("".join(c if c.isprintable() else " " for c in said).split())
    return line if len(line) <= _LONGEST_QUOTE else line[:_LONGEST_QUOTE] + "…"


def _message(value: Mapping[str, Any]) -> str:
    error = value.get("error")
    inner = _object(error) or value
    for words in (inner.get("message"), inner.get("detail"), error):
        if isinstance(words, str):
            return words
    return ""


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if content is None:
        refused = message.get("refusal")
        return _clean(refused) if isinstance(refused, str) else ""
    if isinstance(content, str):
        return _clean(content)
    if isinstance(content, list):
        parts = [_object(part) or {} for part in cast("list[Any]", content)]
        return _clean("".join(text for part in parts if isinstance(text := part.get("text"), str)))
    raise _nonsense("its content is no text")


def _clean(text: str) -> str:
    """Without halves of surrogate pairs: JSON can spell them, but nothing can send or store them."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def _tool_requests(calls: Any) -> tuple[ToolRequest, ...]:
    if calls is None:
        return ()
    if not isinstance(calls, list):
        raise _nonsense("its tool calls are no list")
    requests: list[ToolRequest] = []
    for call in cast("list[Any]", calls):
        function = _object((_object(call) or {}).get("function")) or {}
        name, arguments = function.get("name"), function.get("arguments")
        if not isinstance(name, str):
            raise _nonsense("it has a tool call without a name")
        # Some servers send the arguments as an object.
        text = arguments if isinstance(arguments, str) else json.dumps({} if arguments is None else arguments)
        requests.append(ToolRequest(name=name, arguments=text))
    return tuple(requests)


def _count(completion: Mapping[str, Any], key: str) -> int | None:
    count = (_object(completion.get("usage")) or {}).get(key)
    return count if isinstance(count, int) and not isinstance(count, bool) and count >= 0 else None


def _object(value: Any) -> dict[str, Any] | None:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _is_page(body: bytes) -> bool:
    return body[:64].lstrip().lower().startswith((b"<!doctype", b"<html"))


def _nonsense(detail: str, *, retryable: bool = True) -> Trouble:
    return Trouble(Cause.ANSWER, detail, retryable=retryable)
