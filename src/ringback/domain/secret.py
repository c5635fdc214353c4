"""Secrets stay out of everything that is kept or shown."""

import json
import re
from collections.abc import Iterable, Iterator

_SHORTEST = 4
"""Shorter values occur by chance in ordinary text; replacing them would garble the record."""

MASK = "[secret]"


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
    """The secret as it is, and as it stands in JSON text."""
    yield secret
    escaped = json.dumps(secret)[1:-1]
    yield escaped
    yield escaped.replace("/", "\\/")
