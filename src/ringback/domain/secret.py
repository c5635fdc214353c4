"""Secrets stay out of everything that is kept or shown."""

from collections.abc import Iterable

_SHORTEST = 4
"""Shorter values occur by chance in ordinary text; replacing them would garble the record."""

MASK = "[secret]"


class Redactor:
    """Replaces known secret values in text that is about to be recorded or shown."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = tuple(sorted({s for s in secrets if len(s) >= _SHORTEST}, key=len, reverse=True))

    def clean(self, text: str) -> str:
        """The text with every known secret replaced by `[secret]`."""
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, MASK)
        return text
