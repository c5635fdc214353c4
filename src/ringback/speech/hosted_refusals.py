"""What a speech provider means by an HTTP status other than 200, in its own words.

Shapes of error bodies: OpenAI `{"error": {"message": …}}`; Deepgram `{"err_code": …, "err_msg": …}` or `{"category": …,
"message": …, "details": …}` (https://developers.deepgram.com/docs/errors); ElevenLabs `{"detail": {"status": …,
"message": …}}` (https://help.elevenlabs.io/hc/en-us/articles/19572237925521-API-Error-Code-400-or-401) and, for what
does not fit its schema, FastAPI's `{"detail": [{"loc": […], "msg": …}]}`.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from ringback.models import chat_completions
from ringback.models.provider import Cause, Trouble

_NO_QUOTA = ("quota_exceeded", "insufficient_quota", "ASR_PAYMENT_REQUIRED")
_NO_VOICE = ("voice_not_found", "model_not_found")
_BAD_KEY = ("invalid_api_key",)
_PAYMENT_REQUIRED = 402


def refusal(status: int, headers: Mapping[str, str], body: bytes) -> Trouble:
    """What the status means, with the server's own words."""
    text = body[:4096].decode(errors="replace")
    words = "; ".join(dict.fromkeys(_messages(body)))
    trouble = chat_completions.refusal(status, headers, json.dumps({"message": words}).encode() if words else body)
    # ElevenLabs answers 400 or 401 for all of these.
    if status == _PAYMENT_REQUIRED or any(code in text for code in _NO_QUOTA):
        return _otherwise(trouble, Cause.QUOTA)
    if any(code in text for code in _NO_VOICE):
        return _otherwise(trouble, Cause.NOT_FOUND)
    if any(code in text for code in _BAD_KEY):
        return _otherwise(trouble, Cause.KEY)
    return trouble


def _otherwise(trouble: Trouble, cause: Cause) -> Trouble:
    said = str(trouble).partition(" (")[2].removesuffix(")")
    return Trouble(cause, said, retryable=False)


def _messages(body: bytes) -> Iterator[str]:
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError):
        return
    yield from _words(value, depth=0)


def _words(value: Any, *, depth: int) -> Iterator[str]:
    """The sentences in an error body, wherever its provider puts them."""
    if depth > 3:  # noqa: PLR2004 - no provider goes deeper
        return
    if isinstance(value, list):
        for item in cast("list[Any]", value)[:5]:
            yield from _words(item, depth=depth + 1)
    elif isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        for key in ("error", "detail", "err_msg", "message", "msg", "reason", "details"):
            inner = fields.get(key)
            if isinstance(inner, str) and inner.strip():
                yield inner.strip()
            elif isinstance(inner, dict | list):
                yield from _words(inner, depth=depth + 1)
