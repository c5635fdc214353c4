"""Keeps API keys: of a token only its SHA-256 digest and its first characters.

A token has 256 random bits, so nobody finds one by trying: a slow hash, which protects short passwords, would protect
nothing here and cost every request some time. Looking up by digest also leaves nothing to measure: what an attacker can
vary is the token, and its digest jumps about with every bit of it.
"""

import hashlib
import hmac
import secrets
from datetime import UTC, datetime

from sqlalchemy import Connection, Row, func, insert, select, update

from ringback.domain.api_key import ApiKey, Scope
from ringback.errors import NotFound
from ringback.storage.database import Database
from ringback.storage.tables import api_keys

MARK = "rbk_"
"""Begins every token, so that scanners of leaked secrets can know one."""

LONGEST_NAME = 200
"""Characters."""

_SHOWN = len(MARK) + 8
_COLUMNS = (
    api_keys.c.id,
    api_keys.c.name,
    api_keys.c.prefix,
    api_keys.c.scope,
    api_keys.c.created_at,
    api_keys.c.revoked_at,
)


def digest_of(token: str) -> str:
    """What is kept of a token, as 64 hexadecimal digits."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class KeyStore:
    """The API keys of one database. Every method raises `StorageError` where it cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, name: str, scope: Scope) -> tuple[ApiKey, str]:
        """A new key and its token, which cannot be had again."""
        token = MARK + secrets.token_urlsafe(32)
        now = datetime.now(UTC)
        row = {
            "name": name,
            "prefix": token[:_SHOWN],
            "digest": digest_of(token),
            "scope": scope.value,
            "created_at": now,
        }

        def work(connection: Connection) -> int:
            key = connection.execute(insert(api_keys).values(row)).inserted_primary_key
            return int(key[0]) if key else 0

        key_id = await self._database.write(work)
        return ApiKey(id=key_id, name=name, prefix=token[:_SHOWN], scope=scope, created_at=now), token

    async def list(self, *, limit: int | None = None, offset: int = 0) -> list[ApiKey]:
        """All keys, revoked ones too, oldest first."""
        query = select(*_COLUMNS).order_by(api_keys.c.id).limit(limit).offset(offset)

        def work(connection: Connection) -> list[ApiKey]:
            return [_key(row) for row in connection.execute(query)]

        return await self._database.read(work)

    async def count(self) -> int:
        """How many keys there are, revoked ones too."""
        query = select(func.count()).select_from(api_keys)
        return await self._database.read(lambda connection: int(connection.execute(query).scalar_one()))

    async def get(self, key_id: int) -> ApiKey:
        """One key. Raises `NotFound`."""
        query = select(*_COLUMNS).where(api_keys.c.id == key_id)

        def work(connection: Connection) -> ApiKey:
            row = connection.execute(query).one_or_none()
            if row is None:
                raise NotFound(f"There is no API key {key_id}.")
            return _key(row)

        return await self._database.read(work)

    async def edit(self, key_id: int, *, name: str | None = None, scope: Scope | None = None) -> ApiKey:
        """Give a key another name or scope; what is None stays. Raises `NotFound`."""
        values = {"name": name, "scope": None if scope is None else scope.value}
        changed = {column: value for column, value in values.items() if value is not None}
        if changed:
            query = update(api_keys).where(api_keys.c.id == key_id).values(changed)
            await self._database.write(lambda connection: connection.execute(query) and None)
        return await self.get(key_id)

    async def revoke(self, key_id: int) -> ApiKey:
        """No request with it is answered from now on, by any server of this database. Raises `NotFound`."""
        query = update(api_keys).where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
        query = query.values(revoked_at=datetime.now(UTC))
        await self._database.write(lambda connection: connection.execute(query) and None)
        return await self.get(key_id)

    async def find(self, token: str) -> ApiKey | None:
        """The key that a token belongs to; None where there is none or it was revoked."""
        digest = digest_of(token)
        query = select(*_COLUMNS, api_keys.c.digest).where(api_keys.c.digest == digest, api_keys.c.revoked_at.is_(None))

        def work(connection: Connection) -> ApiKey | None:
            row = connection.execute(query).one_or_none()
            return _key(row) if row is not None and hmac.compare_digest(row.digest, digest) else None

        return await self._database.read(work)


def _key(row: Row[*tuple[object, ...]]) -> ApiKey:
    return ApiKey(
        id=row.id,
        name=row.name,
        prefix=row.prefix,
        scope=Scope(row.scope),
        created_at=row.created_at,
        revoked_at=row.revoked_at,
    )
