"""PostgreSQL that restarts, is killed, fills up or refuses: what may pass is tried again, the rest is a sentence."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator
from typing import Any, Protocol

import psycopg
import pytest
from sqlalchemy import Connection, event, insert, select, text

from ringback.domain.run import Result, Run, RunStatus
from ringback.errors import StorageError
from ringback.storage import tables
from ringback.storage.database import Database
from ringback.storage.store import Store

Add = Callable[[Store, int], Awaitable[Result]]
Finish = Callable[[Run], Run]


class Server(Protocol):
    """`PostgreSQL` of the root's conftest."""

    url: str

    def database(self) -> str: ...

    def kill(self) -> None: ...

    def stop(self) -> None: ...

    def start(self) -> None: ...

    def restart(self) -> None: ...


@pytest.fixture
async def database(postgresql_url: str) -> AsyncGenerator[Database]:
    opened = await Database.open(postgresql_url, busy_timeout=0.2, patience=5)
    yield opened
    await opened.close()


@pytest.fixture
def admin(postgresql_url: str) -> Iterator[psycopg.Connection[Any]]:
    """Somebody else at the same database."""
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        yield connection


def add_name(name: str) -> Callable[[Connection], None]:
    """Work that adds one row."""

    def work(connection: Connection) -> None:
        connection.execute(insert(tables.scenario_ids).values(suite="s", key=name))

    return work


def names(connection: Connection) -> list[str]:
    return list(connection.execute(select(tables.scenario_ids.c.key).order_by(tables.scenario_ids.c.id)).scalars())


def cut_everybody(admin: psycopg.Connection[Any]) -> None:
    """Break every other connection to the database."""
    admin.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
async def test_each_usual_spelling_of_the_url_works(postgresql_url: str, scheme: str) -> None:
    database = await Database.open(postgresql_url.replace("postgresql", scheme, 1))
    await database.ping()
    assert database.dialect == "postgresql"
    await database.close()


async def test_two_that_open_an_empty_database_at_once_make_its_tables_once(empty_postgresql_url: str) -> None:
    for database in await asyncio.gather(*(Database.open(empty_postgresql_url) for _ in range(5))):
        await database.ping()
        await database.close()


async def test_a_character_that_postgresql_does_not_hold_is_replaced(database: Database) -> None:
    await database.write(add_name("a\0b"))
    assert await database.read(names) == ["a\ufffdb"]


async def test_moments_come_back_in_utc_whatever_the_server_thinks(postgresql_url: str, admin: Any, add: Add) -> None:
    admin.execute(f"alter database {postgresql_url.rpartition('/')[2]} set timezone to 'Asia/Kolkata'")
    store = await Store.open(postgresql_url)
    added = await add(store, 1)
    found = await store.result(added.id)
    await store.close()
    assert found.created_at == added.created_at
    assert found.created_at.utcoffset() == added.created_at.utcoffset()


async def test_a_reading_sees_one_moment(database: Database, admin: Any) -> None:
    def twice(connection: Connection) -> list[list[str]]:
        first = names(connection)
        admin.execute("insert into scenario_ids (suite, key) values ('s', 'meanwhile')")
        return [first, names(connection)]

    assert await database.read(twice) == [[], []]


async def test_connections_that_broke_while_nobody_looked_are_replaced(database: Database, admin: Any) -> None:
    await asyncio.gather(*(database.read(names) for _ in range(8)))
    cut_everybody(admin)
    await database.write(add_name("a"))
    cut_everybody(admin)
    assert await database.read(names) == ["a"]
    cut_everybody(admin)
    await database.ping()


async def test_a_write_that_was_cut_before_its_commit_is_done_again_once(database: Database, admin: Any) -> None:
    calls: list[str] = []

    def work(connection: Connection) -> None:
        calls.append("called")
        add_name("a")(connection)
        if len(calls) == 1:
            cut_everybody(admin)
            add_name("b")(connection)

    await database.write(work)
    assert len(calls) == 2
    assert await database.read(names) == ["a"]


@contextlib.contextmanager
def answers_to_commit_lost(database: Database, admin: Any, *, times: int) -> Generator[None]:
    """The server commits, and the connection breaks before it can say so."""
    left = times

    def commit_and_cut(connection: Connection) -> None:
        nonlocal left
        if left:
            left -= 1
            driver: Any = connection.connection.driver_connection
            driver.execute("commit")
            driver.execute("select 1")  # so that there is something to commit again
            cut_everybody(admin)

    engine = database._engine  # pyright: ignore[reportPrivateUsage] - the cut is planted inside
    event.listen(engine, "commit", commit_and_cut)
    try:
        yield
    finally:
        event.remove(engine, "commit", commit_and_cut)


async def test_a_write_whose_commit_was_not_answered_is_not_repeated_unasked(database: Database, admin: Any) -> None:
    unknown = pytest.raises(StorageError, match="it is not known whether it was")
    with answers_to_commit_lost(database, admin, times=1), unknown:
        await database.write(add_name("a"))
    assert await database.read(names) == ["a"]


async def test_a_finished_run_whose_commit_was_not_answered_is_saved_once(
    postgresql_url: str, admin: Any, add: Add, finish: Finish
) -> None:
    """The fence tells the second time that the first one took."""
    store = await Store.open(postgresql_url)
    first, second = (await add(store, 2)).runs
    with answers_to_commit_lost(store._database, admin, times=2):  # pyright: ignore[reportPrivateUsage] - as above
        assert await asyncio.gather(store.finish_run(finish(first)), store.finish_run(finish(second))) == [True, True]
        await store.finish_result(first.result_id)
    assert {run.status for run in (await store.result(first.result_id)).runs} == {RunStatus.DONE}
    assert (await store.result(first.result_id)).finished_at is not None
    await store.close()


async def test_two_that_insert_the_same_key_agree(database: Database, admin: Any) -> None:
    """Reading and then inserting is safe on SQLite, where one writes at a time; here the loser begins again."""

    def work(connection: Connection) -> list[str]:
        if not names(connection):
            admin.execute("insert into scenario_ids (suite, key) values ('s', 'a') on conflict do nothing")
            add_name("a")(connection)
        return names(connection)

    assert await database.write(work) == ["a"]


async def test_the_same_key_again_and_again_is_given_up(database: Database) -> None:
    await database.write(add_name("a"))
    with pytest.raises(StorageError, match="duplicate key"):
        await database.write(add_name("a"))


async def test_a_deadlock_is_dissolved(database: Database) -> None:
    for name in ("a", "b"):
        await database.write(add_name(name))
    barrier = asyncio.Barrier(2)
    loop = asyncio.get_running_loop()

    def both(first: str, second: str) -> Callable[[Connection], None]:
        met = False

        def work(connection: Connection) -> None:
            nonlocal met
            touch = text("update scenario_ids set suite = suite where key = :key")
            connection.execute(text("set local lock_timeout = '10s'"))
            connection.execute(touch, {"key": first})
            if not met:
                met = True
                asyncio.run_coroutine_threadsafe(barrier.wait(), loop).result()
            connection.execute(touch, {"key": second})

        return work

    await asyncio.gather(database.write(both("a", "b")), database.write(both("b", "a")))


async def test_writes_of_one_name_wait_for_each_other(database: Database) -> None:
    inside, most = 0, 0

    def work(connection: Connection) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        connection.execute(text("select pg_sleep(0.005)"))
        inside -= 1

    await asyncio.gather(*(database.write(work, alone="admission") for _ in range(20)))
    assert most == 1


async def test_a_lock_that_is_never_let_go_is_named(postgresql_url: str, admin: Any) -> None:
    database = await Database.open(postgresql_url, busy_timeout=0.05, patience=0.2)
    with admin.transaction():
        admin.execute("lock table scenario_ids in access exclusive mode")
        with pytest.raises(StorageError, match="held by another transaction that does not let go"):
            await database.write(add_name("a"))
    await database.write(add_name("a"))
    await database.close()


async def test_a_database_that_is_read_only_is_named(postgresql_url: str, admin: Any) -> None:
    database = await Database.open(postgresql_url)
    admin.execute(f"alter database {postgresql_url.rpartition('/')[2]} set default_transaction_read_only = on")
    cut_everybody(admin)
    with pytest.raises(StorageError, match="cannot be written: it is read-only, a standby"):
        await database.write(add_name("a"))
    assert await database.read(names) == []
    await database.close()


async def test_a_full_disk_refuses_a_result_whole(postgresql_url: str, admin: Any, add: Add, finish: Finish) -> None:
    """What was there before stays readable, nothing of the new result is there, and with space it goes on."""
    store = await Store.open(postgresql_url)
    kept = await add(store, 1)
    admin.execute(
        """
        create function full_disk() returns trigger language plpgsql as $$
        begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$;
        create trigger full_disk before insert or update on runs execute function full_disk();
        """
    )
    with pytest.raises(StorageError, match=r"The disk of the database .* is full\. Free some space"):
        await add(store, 100)
    with pytest.raises(StorageError, match="is full"):
        await store.finish_run(finish(kept.runs[0]))
    assert [overview.result.id for overview in await store.results()] == [kept.id]
    admin.execute("drop trigger full_disk on runs")
    assert await store.finish_run(finish(kept.runs[0]))
    assert len((await add(store, 100)).runs) == 100
    await store.close()


async def test_a_server_without_room_for_another_connection_is_named(postgresql_url: str, admin: Any) -> None:
    role = "r" + postgresql_url.rpartition("/")[2]
    admin.execute(f"create role {role} login connection limit 0")
    try:
        with pytest.raises(StorageError, match="takes no more connections"):
            await Database.open(postgresql_url.replace("postgres@", f"{role}@"), patience=0.1)
    finally:
        admin.execute(f"drop role {role}")


async def test_a_server_that_hangs_does_not_answer_a_ping(database: Database, admin: Any) -> None:
    with admin.transaction():
        admin.execute("lock table ringback_schema in access exclusive mode")
        with pytest.raises(StorageError, match="does not answer"):
            await database.ping(within=0.05)
    await database.ping()


async def test_a_role_without_rights_is_named(postgresql_url: str, admin: Any) -> None:
    await (await Database.open(postgresql_url)).close()
    role = "r" + postgresql_url.rpartition("/")[2]
    admin.execute(f"create role {role} login")
    try:
        with pytest.raises(StorageError, match=r"refuses: permission denied for table .*Grant the role"):
            await Database.open(postgresql_url.replace("postgres@", f"{role}@"))
    finally:
        admin.execute(f"drop role {role}")


async def test_a_number_that_no_database_holds_is_a_sentence(postgresql_url: str) -> None:
    store = await Store.open(postgresql_url)
    with pytest.raises(StorageError, match="no number as large"):
        await store.results(limit=10**30)
    await store.close()


async def test_a_server_that_cannot_be_reached_is_named_at_once(postgresql_url: str) -> None:
    nowhere = postgresql_url.replace("127.0.0.1:", "127.0.0.1:1").replace("postgres@", "me:secret@")
    host, _, _ = nowhere.rpartition(":")
    with pytest.raises(StorageError, match=r"Nobody answers for the database x on 127\.0\.0\.1:1: .*refused") as caught:
        await Database.open(f"{host}:1/x")
    assert "secret" not in str(caught.value)
    with pytest.raises(StorageError, match="No machine of that name is known"):
        await Database.open("postgresql://me:secret@nowhere.invalid/x")


async def test_a_database_or_user_that_is_not_there_is_named(postgresql_url: str) -> None:
    with pytest.raises(StorageError, match="There is no database nothing on 127"):
        await Database.open(postgresql_url.rpartition("/")[0] + "/nothing")
    with pytest.raises(StorageError, match="does not know the user"):
        await Database.open(postgresql_url.replace("postgres@", "nobody@"))


async def test_a_wrong_password_is_told_and_never_repeated(postgresql_server: Server) -> None:
    with psycopg.connect(postgresql_server.url) as connection:
        connection.execute("drop role if exists guarded")
        connection.execute("create role guarded login password 'right'")
    with pytest.raises(StorageError, match="refuses the user or the password") as caught:
        await Database.open(postgresql_server.url.replace("postgres@", "guarded:planted-secret@"))
    assert "planted-secret" not in str(caught.value)
    with pytest.raises(StorageError, match="asks for a password"):
        await Database.open(postgresql_server.url.replace("postgres@", "guarded@"))


async def test_a_server_that_is_gone_for_longer_than_patience_is_named(postgresql_server: Server) -> None:
    database = await Database.open(postgresql_server.url, patience=0.3)
    postgresql_server.kill()
    for work in (database.read(names), database.write(add_name("a")), database.ping()):
        with pytest.raises(StorageError, match=r"Nobody answers for the database test_[0-9a-f]+ on 127"):
            await work
    postgresql_server.start()
    await database.write(add_name("a"))
    assert await database.read(names) == ["a"]
    await database.close()


async def test_a_ping_is_answered_or_refused_in_time(postgresql_server: Server) -> None:
    database = await Database.open(postgresql_server.url)
    postgresql_server.stop()
    with pytest.raises(StorageError, match="does not answer"):
        await database.ping(within=0.2)
    await database.close()


@pytest.mark.parametrize("how", ["restart", "kill"])
async def test_nothing_is_lost_or_doubled_when_the_server_dies_again_and_again(
    postgresql_server: Server, add: Add, finish: Finish, how: str
) -> None:
    store = await Store.open(postgresql_server.url)
    result = await add(store, 300)
    few = asyncio.Semaphore(5)  # so that the server dies in the middle of it

    async def save(run: Run) -> bool:
        async with few:
            return await store.finish_run(finish(run))

    saving = [asyncio.create_task(save(run)) for run in result.runs]
    for done in (30, 120, 210):
        await saving[done]
        if how == "restart":
            await asyncio.to_thread(postgresql_server.restart)
        else:
            await asyncio.to_thread(postgresql_server.kill)
            await asyncio.to_thread(postgresql_server.start)
    assert all(await asyncio.gather(*saving))
    found = await store.result(result.id)
    assert [run.status for run in found.runs] == [RunStatus.DONE] * 300
    (overview,) = await store.results()
    assert overview.done == 300
    await store.close()


async def test_who_is_still_at_work_when_the_database_is_closed_leaves_no_connection_open(postgresql_url: str) -> None:
    database = await Database.open(postgresql_url)
    begun, told, used = threading.Event(), threading.Event(), list[Any]()

    def work(connection: Connection) -> list[str]:
        used.append(connection.connection.dbapi_connection)
        begun.set()
        told.wait()
        return names(connection)

    working = asyncio.create_task(database.read(work))
    await asyncio.to_thread(begun.wait)
    await database.close()
    assert not used[0].closed
    told.set()
    assert await working == []
    assert used[0].closed
