"""What is remembered of answered requests."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, Table, func, select, update

from ringback.domain.run import Provenance
from ringback.errors import Conflict, NotFound
from ringback.storage.answers import KEPT, AlreadyAnswered, Answers, IdempotencyKey
from ringback.storage.database import Database
from ringback.storage.owner import Owner
from ringback.storage.store import Store
from ringback.storage.tables import answers, results

KEY = IdempotencyKey(key_id=1, name="nightly", request_digest="a" * 64)


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    opened = await Database.open(database_url, busy_timeout=10)
    yield opened
    await opened.close()


async def add(database: Database, memory: Answers, key: IdempotencyKey, *, then: Exception | None = None) -> int:
    """Store an empty result together with its answer; optionally the transaction fails at its end."""
    store = Store(database, Owner.this_process("service"))

    def together(connection: Connection, result_id: int) -> None:
        memory.keep(connection, key, result_id)
        if then is not None:
            raise then

    result = await store.add_result(
        name="n",
        agent_name="a",
        agent_url="ws://a/",
        provenance=Provenance(ringback_version="0"),
        specifications=(),
        together_with=together,
    )
    return result.id


async def count(database: Database, table: Table) -> int:
    return await database.read(
        lambda connection: connection.execute(select(func.count()).select_from(table)).scalar_one()
    )


async def test_an_answer_is_found_by_key_and_name(database: Database) -> None:
    memory = Answers(database)
    assert await memory.find(KEY) is None
    number = await add(database, memory, KEY)
    assert await memory.find(KEY) == number
    assert await memory.find(IdempotencyKey(key_id=2, name="nightly", request_digest="a" * 64)) is None
    with pytest.raises(Conflict, match="nightly"):
        await memory.find(IdempotencyKey(key_id=1, name="nightly", request_digest="b" * 64))


async def test_the_second_of_a_name_stores_nothing(database: Database) -> None:
    memory = Answers(database)
    first = await add(database, memory, KEY)
    with pytest.raises(AlreadyAnswered):
        await add(database, memory, KEY)
    assert await memory.find(KEY) == first
    assert await count(database, results) == 1


async def test_a_request_that_died_half_way_does_not_block_its_name(database: Database) -> None:
    memory = Answers(database)
    with pytest.raises(RuntimeError):
        await add(database, memory, KEY, then=RuntimeError("the process died"))
    assert await memory.find(KEY) is None
    assert await count(database, results) == 0
    assert await memory.find(KEY) is None
    await add(database, memory, KEY)


async def test_answers_older_than_a_day_are_forgotten_and_cleaned(database: Database) -> None:
    memory = Answers(database)
    first = await add(database, memory, KEY)
    old = {"created_at": datetime.now(UTC) - KEPT - timedelta(seconds=1)}
    await database.write(lambda connection: connection.execute(update(answers).values(old)))
    assert await memory.find(KEY) is None
    assert await add(database, memory, KEY) != first
    other = IdempotencyKey(key_id=1, name="other", request_digest="a" * 64)
    await add(database, memory, other)
    await database.write(lambda connection: connection.execute(update(answers).values(old)))
    assert await Answers(database).find(KEY) is None
    assert await count(database, answers) == 0


async def test_there_is_no_request_of_a_result_that_is_not_there(database: Database) -> None:
    memory = Answers(database)
    with pytest.raises(NotFound):
        await memory.request_of(1)
    number = await add(database, memory, KEY)
    kept = await memory.request_of(number)
    assert (kept.name, kept.document, kept.sealed_agent) == ("n", None, None)
