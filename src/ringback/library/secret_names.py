"""Which settings of other platforms are secrets: their names tell, for nothing else is known of them.

What sounds like a secret is never shown. Of the rest, truths and numbers are shown, and text under a name that says
that it is an identifier, a kind or an address; any other text may be a password, so it stays unseen.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from ringback.library.addresses import shown_url
from ringback.library.agent_fields import MASK

_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_SECRET = frozenset(
    {
        "authorization",
        "auth",
        "bearer",
        "cookie",
        "credential",
        "credentials",
        "key",
        "keys",
        "apikey",
        "jwt",
        "passphrase",
        "passwd",
        "pwd",
    }
    | {"password", "pin", "secret", "secrets", "signature", "token"}
)
_HARMLESS = frozenset({"id", "type", "name", "model", "language", "region", "mode"})
_URLS = frozenset({"url", "uri", "endpoint"})
_HEADERS = frozenset({"header", "headers"})
_NAMED = ("name", "key", "variable")
_VALUES = frozenset({"value", "values", "default", "default_value", "example"})


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(name)]


def sounds_secret(name: str) -> bool:
    """Whether a value under this name is a secret: `api_key`, `accessToken`, `Authorization`, `X-Signature`."""
    words = _words(name)
    return not _SECRET.isdisjoint(words) or any(word.endswith(("password", "secret", "token")) for word in words)


def harmless(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Those settings that may be shown; URLs without user info and query values."""
    shown: dict[str, Any] = {}
    for name, value in settings.items():
        last = (_words(name) or [""])[-1]
        if sounds_secret(name):
            continue
        if isinstance(value, bool | int | float) or (isinstance(value, str) and last in _HARMLESS):
            shown[name] = value
        elif isinstance(value, str) and last in _URLS:
            shown[name] = shown_url(value)
    return shown


def laid_over(before: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with others laid over them; null removes one, and what is written as it is shown stays as it is."""
    shown = harmless(before)
    kept = {name: before[name] for name, value in over.items() if name in shown and shown[name] == value}
    return {name: value for name, value in {**before, **over, **kept}.items() if value is not None}


def without_secrets(value: Any) -> Any:
    """Lists and objects with `***` in place of what sounds secret, also of `{"name": "api_key", "value": …}`."""
    if isinstance(value, Mapping):
        entry = cast("Mapping[str, Any]", value)
        valued = not _VALUES.isdisjoint(entry)
        naming = next((name for name in _NAMED if valued and isinstance(entry.get(name), str)), None)
        named = naming is not None and sounds_secret(entry[naming])
        return {name: inner if name == naming else _shown(name, inner, named=named) for name, inner in entry.items()}
    if isinstance(value, list | tuple):
        return [without_secrets(inner) for inner in cast("Sequence[Any]", value)]
    if isinstance(value, str) and "://" in value[:16]:
        return shown_url(value)
    return value


def _shown(name: str, value: Any, *, named: bool) -> Any:
    if value is None or isinstance(value, bool):
        return value
    words = _words(name)
    if words and words[-1] in _HEADERS and isinstance(value, Mapping):
        return dict.fromkeys(cast("Mapping[str, Any]", value), MASK)
    if named and name in _VALUES:
        return MASK
    return MASK if sounds_secret(name) else without_secrets(value)
