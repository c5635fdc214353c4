"""What a request's body may be: not too large, and JSON that everything behind it can hold.

JSON may be nested without end and hold NUL, halves of surrogate pairs and numbers without a value: databases and
encoders choke on each of them, so they are refused here, once, with the place where they are.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Any, cast

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ringback.api.fields import WHOLE
from ringback.errors import InvalidFields, TooLarge, UsageError

DEEPEST = 64
"""Levels of nesting of a JSON body."""

_UNFIT = re.compile("[\x00\ud800-\udfff]")
_NOT_JSON = ("multipart/", "application/x-www-form-urlencoded", "application/octet-stream")


class Bodies:
    """Limits and examines the body of each request."""

    def __init__(self, app: ASGIApp, largest: int) -> None:
        self._app = app
        self._largest = largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. Raises `TooLarge`, `InvalidFields` and `UsageError`."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if b"%00" in scope.get("query_string", b""):
            raise UsageError("Null characters are not allowed.")
        if "\x00" in scope["path"]:
            raise HTTPException(404)
        headers = Headers(scope=scope)
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._largest:
            raise TooLarge(self._sentence)
        limited = self._limited(receive)
        if scope["method"] in ("POST", "PUT", "PATCH", "DELETE") and not _is_other(headers.get("content-type", "")):
            limited = await _examined(limited)
        await self._app(scope, limited, send)

    @property
    def _sentence(self) -> str:
        return f"The request's body is larger than {self._largest} bytes."

    def _limited(self, receive: Receive) -> Receive:
        taken = 0

        async def limited() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._largest:
                raise HTTPException(413, self._sentence)  # the one kind that passes through FastAPI's reading of bodies
            return message

        return limited


def _is_other(content_type: str) -> bool:
    return content_type.lower().startswith(_NOT_JSON)


async def _examined(receive: Receive) -> Receive:
    """The same body again, after a look at it."""
    parts: list[bytes] = []
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            break
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    body = b"".join(parts)
    if body:
        _examine(body)
    handed_on = False

    async def again() -> Message:
        nonlocal handed_on
        if handed_on:
            return await receive()
        handed_on = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _examine(body: bytes) -> None:
    """Refuse what cannot be kept; what is no JSON at all is left to the route, which may want none."""
    try:
        value = json.loads(body)
    except UnicodeDecodeError:
        raise UsageError("JSON parse error - the body is not encoded in UTF-8.") from None
    except RecursionError:
        raise UsageError(_too_deep()) from None
    except json.JSONDecodeError:
        return
    except ValueError:  # more digits than Python reads
        raise UsageError("JSON parse error - a number has too many digits.") from None
    fields: dict[str, list[str]] = {}
    for place, sentence in _unfit(value):
        fields.setdefault(place or WHOLE, []).append(sentence)
    if fields:
        raise InvalidFields(fields)


def _unfit(value: Any) -> Iterator[tuple[str, str]]:
    """Places in a document that cannot be kept, with the reason."""
    waiting: list[tuple[str, int, Any]] = [("", 0, value)]
    while waiting:
        place, depth, one = waiting.pop()
        if isinstance(one, str):
            if _UNFIT.search(one):
                yield place, "Null characters and halves of surrogate pairs are not allowed."
        elif isinstance(one, float):
            if not math.isfinite(one):
                yield place, "A number has to be finite."
        elif isinstance(one, dict | list):
            if depth == DEEPEST:
                raise UsageError(_too_deep())
            waiting.extend(_inside(place, depth, cast("dict[str, Any] | list[Any]", one)))


def _inside(place: str, depth: int, whole: dict[str, Any] | list[Any]) -> Iterator[tuple[str, int, Any]]:
    if isinstance(whole, list):
        yield from ((f"{place}[{index}]", depth + 1, item) for index, item in enumerate(whole))
        return
    for key, item in whole.items():
        if _UNFIT.search(key):
            raise UsageError("Null characters and halves of surrogate pairs are not allowed in names.")
        yield f"{place}.{key}" if place else key, depth + 1, item


def _too_deep() -> str:
    return f"JSON parse error - the body is nested deeper than {DEEPEST} levels."
