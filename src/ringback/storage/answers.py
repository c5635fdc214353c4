"""Which request was answered with which result: what makes a repeated request harmless.

The row is written in the transaction that stores the result, so there is never a key without its result: a request
that died half-way leaves nothing behind, and of twenty that arrive at once the database lets one through.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import IntegrityError

from ringback.errors import Conflict, NotFound
from ringback.storage.database import Database
from ringback.storage.tables import answers, results

KEPT = timedelta(days=1)
"""How long a key stands for its first request."""

_CLEANED_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey:
    """What a client calls one request of its own, so that it can send it again."""

    key_id: int
    """The API key that asks: each has its own names. 0: the key of the settings."""
    name: str
    request_digest: str
    """SHA-256 of what was asked, in hexadecimal digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRequest:
    """What a result was asked for with."""

    name: str
    """The result's, which people may have changed."""
    document: dict[str, Any] | None
    """None for a result of the command line."""
    sealed_agent: str | None


class AlreadyAnswered(Exception):
    """Another request of this name was first."""


class Answers:
    """Remembers for a day which result a request led to."""

    def __init__(self, database: Database) -> None:
        """Over an open database."""
        self._database = database
        self._cleaned_at = datetime.min.replace(tzinfo=UTC)

    async def find(self, key: IdempotencyKey) -> int | None:
        """The result of an earlier request of this name; None where there was none within a day.

        Raises:
            Conflict: the earlier one asked for something else.
            StorageError: the database cannot be used.
        """
        of_that_name = select(answers.c.request_digest, answers.c.result_id).where(
            answers.c.key_id == key.key_id,
            answers.c.idempotency_key == key.name,
            answers.c.created_at > datetime.now(UTC) - KEPT,
        )
        await self._clean_now_and_then()
        row = await self._database.read(lambda connection: connection.execute(of_that_name).one_or_none())
        if row is None:
            return None
        if row.request_digest != key.request_digest:
            raise Conflict(
                f"The Idempotency-Key {key.name!a} already stands for another request of the last 24 hours. Send the"
                " same body again, or choose a new key."
            )
        return row.result_id

    async def request_of(self, result_id: int) -> KeptRequest:
        """What a result was asked for with. Raises `NotFound` where there is no such result."""
        row = await self._database.read(
            lambda connection: connection.execute(
                select(results.c.name, results.c.request, results.c.agent).where(
                    results.c.id == result_id, results.c.deleted_at.is_(None)
                )
            ).one_or_none()
        )
        if row is None:
            raise NotFound(f"There is no result {result_id}.")
        return KeptRequest(name=row.name, document=json.loads(row.request or "null"), sealed_agent=row.agent)

    def keep(self, connection: Connection, key: IdempotencyKey, result_id: int) -> None:
        """Note the result, in the transaction that stores it.

        Raises:
            AlreadyAnswered: another request of this name was first; the transaction must not be kept.
        """
        now = datetime.now(UTC)
        connection.execute(
            delete(answers).where(
                answers.c.key_id == key.key_id,
                answers.c.idempotency_key == key.name,
                answers.c.created_at <= now - KEPT,
            )
        )
        try:
            connection.execute(
                insert(answers).values(
                    key_id=key.key_id,
                    idempotency_key=key.name,
                    request_digest=key.request_digest,
                    result_id=result_id,
                    created_at=now,
                )
            )
        except IntegrityError:
            raise AlreadyAnswered from None

    async def _clean_now_and_then(self) -> None:
        now = datetime.now(UTC)
        if now - self._cleaned_at < _CLEANED_EVERY:
            return
        self._cleaned_at = now
        # Other processes clean too: what one of them holds is left to it.
        old = select(answers.c.id).where(answers.c.created_at <= now - KEPT).with_for_update(skip_locked=True)
        await self._database.write(
            lambda connection: connection.execute(delete(answers).where(answers.c.id.in_(old))).rowcount
        )
