"""Values to JSON text, whatever agents put into them: no NaN, no lone surrogates, no number too large."""

from typing import Any

from pydantic_core import PydanticSerializationError, to_json

from ringback.storage.documents import plain


def json_bytes(value: Any) -> bytes:
    """The value as JSON on one line; NaN and infinities become null, lone surrogates U+FFFD."""
    try:
        return to_json(value, inf_nan_mode="null")
    except PydanticSerializationError:
        return to_json(plain(value), inf_nan_mode="null")


def json_text(value: Any) -> str:
    """As `json_bytes`, as text."""
    return json_bytes(value).decode()
