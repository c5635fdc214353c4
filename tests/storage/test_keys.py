"""API keys in a database: what is kept of a token, and that a key which was revoked opens nothing."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection, select

from ringback.domain.api_key import Scope
from ringback.errors import NotFound
from ringback.storage.database import Database
from ringback.storage.keys import KeyStore, digest_of
from ringback.storage.tables import api_keys
from ringback.storage.vitals import Vitals


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await Database.open(database_url, busy_timeout=10)
    yield opened
    await opened.close()


async def test_a_token_opens_its_key_and_is_nowhere_in_the_database(database: Database) -> None:
    keys = KeyStore(database)
    key, token = await keys.create("job", Scope.RUN)
    found = await keys.find(token)
    assert found == key
    assert await keys.get(key.id) == key
    assert key.scope is Scope.RUN
    assert token.startswith(key.prefix)

    def rows(connection: Connection) -> str:
        return repr(connection.execute(select(api_keys)).all())

    kept = await database.read(rows)
    assert token not in kept
    assert digest_of(token) in kept


async def test_tokens_are_long_and_never_the_same(database: Database) -> None:
    tokens = {(await KeyStore(database).create("job", Scope.READ))[1] for _ in range(20)}
    assert len(tokens) == 20
    assert all(len(token) == len("rbk_") + 43 for token in tokens)  # 256 bits


@pytest.mark.parametrize("token", ["", "rbk_", "x" * 10_000, "\udcff", "käse", "' or 1=1 --", "\0"])
async def test_what_is_no_token_opens_nothing(database: Database, token: str) -> None:
    await KeyStore(database).create("job", Scope.READ)
    assert await KeyStore(database).find(token) is None


async def test_neither_the_digest_nor_the_beginning_of_a_token_opens_its_key(database: Database) -> None:
    keys = KeyStore(database)
    key, token = await keys.create("job", Scope.READ)
    assert await keys.find(digest_of(token)) is None
    assert await keys.find(key.prefix) is None


async def test_a_revoked_key_opens_nothing_and_stays_in_the_list(database: Database) -> None:
    keys = KeyStore(database)
    first, token = await keys.create("first", Scope.READ)
    second, _ = await keys.create("second", Scope.ADMIN)
    revoked = await keys.revoke(first.id)
    assert revoked.revoked_at is not None
    assert await keys.find(token) is None
    assert (await keys.revoke(first.id)).revoked_at == revoked.revoked_at
    assert await keys.list() == [revoked, second]
    assert await keys.list(limit=1, offset=1) == [second]
    assert await keys.count() == 2


async def test_a_key_can_get_another_name_and_scope_and_keeps_its_token(database: Database) -> None:
    keys = KeyStore(database)
    key, token = await keys.create("old", Scope.READ)
    assert (await keys.edit(key.id)).name == "old"
    assert (await keys.edit(key.id, name="new")).scope is Scope.READ
    assert (await keys.edit(key.id, scope=Scope.ADMIN)).name == "new"
    found = await keys.find(token)
    assert found is not None
    assert (found.name, found.scope) == ("new", Scope.ADMIN)


async def test_a_key_that_is_not_there_is_not_found(database: Database) -> None:
    keys = KeyStore(database)
    for job in (keys.get(7), keys.revoke(7), keys.edit(7, name="x")):
        with pytest.raises(NotFound, match="There is no API key"):
            await job


async def test_an_empty_database_has_nothing_to_do(database: Database) -> None:
    liveness = await Vitals(database).liveness(silence=30)
    assert (liveness.workers, liveness.workers_alive) == (0, 0)
    counts = await Vitals(database).counts(silence=30)
    assert (counts.unfinished, counts.outcomes, counts.workers_alive) == ({}, {}, 0)
