"""Links by which people without a key hear one recording, until a date.

A link names one file and the time until which it holds, with an HMAC-SHA256 over both by a key that is derived from the
service's. So it opens nothing else, cannot be prolonged, and ceases to hold when the service gets another key.
"""

import hashlib
import hmac
import math
import time
from urllib.parse import quote, urlencode

from ringback.errors import Forbidden
from ringback.storage.sealing import Seal

_PURPOSE = "links to recordings"
_ROUNDED_TO = 3600
"""Seconds: answers of one hour name the same link, so that a client can tell that nothing has changed."""


class RecordingLinks:
    """Makes links and reads them."""

    def __init__(self, seal: Seal, life: float) -> None:
        """Args: what keys are derived from; seconds for which a link holds, at least."""
        self._key = seal.derived(_PURPOSE)
        self._life = life

    def path(self, file: str, *, now: float | None = None, latest: float | None = None) -> str:
        """Path and query of a link.

        Args:
            file: from the folder of recordings, `7/12-1.wav`.
            now: seconds since the epoch; None: now.
            latest: seconds since the epoch, beyond which it shall not hold; None: its whole life.
        """
        earliest = (time.time() if now is None else now) + self._life
        expires = math.ceil(earliest / _ROUNDED_TO) * _ROUNDED_TO
        if latest is not None:
            expires = min(expires, int(latest))
        query = urlencode({"expires": expires, "signature": self._signature(file, expires)})
        return f"/recordings/{quote(file)}?{query}"

    def check(self, file: str, expires: int, signature: str, *, now: float | None = None) -> None:
        """Let a link through. Raises `Forbidden` where it is not one of ours for this file, or has expired."""
        if not hmac.compare_digest(self._signature(file, expires).encode(), signature.encode("utf-8", "replace")):
            raise Forbidden("This link is not valid.")
        if expires <= (time.time() if now is None else now):
            raise Forbidden("This link has expired. Read the run again for a new one.")

    def _signature(self, file: str, expires: int) -> str:
        return hmac.new(self._key, f"{file}\n{expires}".encode(), hashlib.sha256).hexdigest()
