"""Values to JSON text, whatever agents put into them: no NaN, no lone surrogates, no number too large."""

from typing import Any

from pydantic_core import PydanticSerializationError, to_json

from ringback.storage.documents import plain


def json_bytes(value: Any, *, ascii_only: bool = False) -> bytes:
    """The value as JSON on one line; NaN and infinities become null, lone surrogates U+FFFD.

    Args:
        value: whatever JSON can hold, and moments.
        ascii_only: write other characters as escapes: in Python, a text with a single one of them takes twice the
            memory or more, and most of the time of putting many together.
    """
    try:
        return to_json(value, inf_nan_mode="null", ensure_ascii=ascii_only)
    except PydanticSerializationError:
        return to_json(plain(value), inf_nan_mode="null", ensure_ascii=ascii_only)


def json_text(value: Any, *, ascii_only: bool = False) -> str:
    """As `json_bytes`, as text."""
    return json_bytes(value, ascii_only=ascii_only).decode()
