"""Links by which people without a key read one result, until a date.

A token is the result's number and the date, sealed with the service's key (encrypted and signed, see
`storage/sealing.py`): it can neither be made nor changed by anybody else, and nothing has to be kept for it.
"""

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from ringback.errors import Forbidden, InvalidFields, StorageError
from ringback.storage.sealing import Seal

DEFAULT_LIFE = timedelta(days=7)
LONGEST_LIFE = timedelta(days=366)

_PURPOSE = "share result"
"""Tells these from everything else that is sealed with the same key."""

_LONGEST_TOKEN = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What a token lets its bearer read."""

    result_id: int
    expires_at: datetime


class ShareLinks:
    """Makes tokens and reads them."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal
        self.one_page = asyncio.Semaphore(1)
        """Pages are made one after the other: each takes memory by the size of its result."""

    def token(self, result_id: int, expires_at: datetime | None = None, *, now: datetime | None = None) -> str:
        """A token for one result; it holds for a week where no date is given.

        Raises:
            InvalidFields: the date is in the past, or more than a year ahead.
        """
        now = now or datetime.now(UTC)
        if expires_at is None:
            expires_at = now + DEFAULT_LIFE
        elif expires_at.tzinfo is None:
            expires_at = expires_at.replace(tzinfo=UTC)
        if expires_at <= now:
            raise InvalidFields({"expire_at": ["The date has to be in the future."]})
        if expires_at > now + LONGEST_LIFE:
            raise InvalidFields({"expire_at": ["A link may hold for a year at most."]})
        content = {"purpose": _PURPOSE, "result": result_id, "expires": expires_at.timestamp()}
        return self._seal.close(json.dumps(content))

    def read(self, token: str, *, now: datetime | None = None) -> Shared:
        """What a token stands for. Raises `Forbidden` where it is none of ours, or has expired."""
        content = self._open(token)
        if content.get("purpose") != _PURPOSE:
            raise Forbidden("This link is not valid.")
        expires_at = datetime.fromtimestamp(content["expires"], UTC)
        if expires_at <= (now or datetime.now(UTC)):
            raise Forbidden("This link has expired. Ask whoever sent it for a new one.")
        return Shared(result_id=content["result"], expires_at=expires_at)

    def _open(self, token: str) -> dict[str, Any]:
        if not token.isascii() or len(token) > _LONGEST_TOKEN:
            return {}
        try:
            content = json.loads(self._seal.open(token))
        except (StorageError, ValueError):
            return {}
        return cast("dict[str, Any]", content) if isinstance(content, dict) else {}
