"""Secrets stay out of everything that is kept or shown."""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, unquote, urlsplit

_SHORTEST = 4
"""Shorter values occur by chance in ordinary text; replacing them would garble the record."""

MASK = "[secret]"

_CREDENTIALS = re.compile(r"(?:apikey|basic|bearer|digest|token) +(\S{4,})", re.IGNORECASE)
"""The value of a header with its scheme (RFC 9110, section 11.4): who quotes it mostly quotes what comes behind it."""

_SECRET_FIELD = re.compile(r"auth|code|cred|key|pass|pwd|secret|sig|token", re.IGNORECASE)
_LOOKS_RANDOM = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z]).{16,}")


class Redactor:
    """Replaces known secret values in text that is about to be recorded or shown."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets if len(secret) >= _SHORTEST for form in _forms(secret)}
        self._secrets = tuple(sorted(forms, key=len, reverse=True))
        self._any = re.compile("|".join(map(re.escape, self._secrets)))

    def clean(self, text: str) -> str:
        """The text with every known secret replaced by `[secret]`."""
        for secret in self._secrets:
            if secret in text:
                return self._any.sub(MASK, text)
        return text


def _forms(secret: str) -> Iterator[str]:
    """The secret as it is, and as it stands in JSON text; without its scheme, too, where it has one."""
    yield secret
    if credentials := _CREDENTIALS.fullmatch(secret):
        yield from _forms(credentials.group(1))
    escaped = json.dumps(secret)[1:-1]
    yield escaped
    yield escaped.replace("/", "\\/")


def secrets_of_url(url: str) -> Iterator[str]:
    """What a URL carries that is nobody else's business: its password, as sent too, and tokens in its query.

    Of the query, only what is called or looks like a secret: `?language=english` must not garble what is said.
    """
    try:
        parts = urlsplit(url)
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
    except ValueError:
        return
    if password:
        yield password
        yield parts.password or ""
    if user or password:
        yield base64.b64encode(f"{user}:{password}".encode()).decode()
    for field in parts.query.split("&"):
        name, _, written = field.partition("=")
        for _, value in parse_qsl(field):
            if _SECRET_FIELD.search(name) or _LOOKS_RANDOM.fullmatch(value):
                yield value
                yield written
