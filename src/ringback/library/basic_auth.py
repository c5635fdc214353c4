"""Basic authentication of an agent's connection for voice, as the reference product keeps it: in no stated form."""

import base64
from collections.abc import Mapping
from typing import Any, cast

FORM = 'Write {"username": "…", "password": "…"}, or the text user:password.'


def basic_auth(value: Any) -> str | None:
    """The value of the header `Authorization`; None where the form is none that is understood.

    Args:
        value: an object with `username` and `password`, the text `user:password`, or a whole value `Basic …`.
    """
    if isinstance(value, str) and value.lower().startswith("basic ") and value.isascii() and value.isprintable():
        return value
    found = user_and_password(value)
    return None if found is None else _encoded(*found)


def user_and_password(value: Any) -> tuple[str, str] | None:
    """User and password of an object or of the text `user:password`; None where the form is none of these."""
    if isinstance(value, str):
        user, colon, password = value.partition(":")
        return (user, password) if colon else None
    if not isinstance(value, Mapping):
        return None
    said = cast("Mapping[str, Any]", value)
    user, password = said.get("username", said.get("user", "")), said.get("password", "")
    if not isinstance(user, str) or not isinstance(password, str) or not (user or password) or ":" in user:
        return None
    return user, password


def _encoded(user: str, password: str) -> str:
    """As RFC 7617 has it, in UTF-8."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
