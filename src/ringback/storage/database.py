"""A database and the threads that speak to it: each piece of work is one transaction and one trip to a thread.

A driver that goes back and forth between the event loop and its thread for every statement took twice the loop's CPU.

PostgreSQL may restart, and networks are cut. What was lost with a connection is done again from its start, for as long
as the set patience lasts, or as whoever asks waits (`asker_waits`):

- reads, always;
- writes whose COMMIT was not sent yet, or was refused: the server kept nothing of them;
- writes whose COMMIT was sent and never answered, only where the caller says `repeat=True`: that the work, done twice,
  comes to the same as done once. That holds for a write with a fence or with values that are fixed beforehand (saving
  a finished run, marking a result as over), and not for one that adds rows (a new result). The others raise
  `StorageError`, which then says that it is not known whether they were saved.

So work may be called more than once, and leaves nothing behind but through its connection.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, TypeVar

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from ringback.errors import StorageError
from ringback.storage import postgresql, sqlite, tables
from ringback.storage.failures import failures_as_sentences
from ringback.storage.letting_go import let_go
from ringback.storage.opening import create_or_check, engine_for
from ringback.storage.retrying import CommitCut, in_the_way, is_restarting, may_pass, patience, pauses, was_cut

_T = TypeVar("_T")

_COLLISIONS = 5
"""How often work begins again because another transaction won; more is no chance any longer."""


class Database:
    """An open database. What a transaction returns must be plain values: rows are gone when it is over."""

    def __init__(self, url: str, *, busy_timeout: float = 10.0, patience: float = 60.0) -> None:
        """Nothing is opened before `open`; see there, and `engine_for` for what it raises."""
        self._engine, self.place = engine_for(url, busy_timeout=busy_timeout)
        self.dialect: Literal["sqlite", "postgresql"] = (
            "postgresql" if self._engine.dialect.name == "postgresql" else "sqlite"
        )
        self._patience = patience
        # A snapshot, as SQLite gives: no finish of another process between two statements of one reading.
        self._reading = (
            self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            if self.dialect == "postgresql"
            else self._engine
        )
        connections = postgresql.CONNECTIONS if self.dialect == "postgresql" else sqlite.CONNECTIONS
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="ringback-storage")

    @classmethod
    async def open(
        cls, url: str, *, busy_timeout: float = 10.0, patience: float = 60.0, upgrade: bool | None = None
    ) -> "Database":
        """The database, with its tables made where there were none.

        Args:
            url: `sqlite:///relative/path.db`, `sqlite:////absolute/path.db` or `postgresql://user:password@host/name`.
            busy_timeout: how long to wait for another process's write or lock, in seconds.
            patience: how long to try again after a connection to PostgreSQL was lost, in seconds.
            upgrade: whether to bring tables of an older Ringback up to date; None: those of an SQLite file only.

        Raises:
            StorageError: it cannot be used; nobody waits for a server that cannot be reached at all.
        """
        database = await asyncio.to_thread(cls, url, busy_timeout=busy_timeout, patience=patience)
        try:
            await database._persevere(  # noqa: SLF001 - its own
                lambda: create_or_check(database._engine, database.place, upgrade=upgrade),  # noqa: SLF001 - its own
                lambda error: is_restarting(error) or in_the_way(error),
            )
        except BaseException:
            await database.close()
            raise
        return database

    async def close(self) -> None:
        """Let go of the file, or of the connections."""
        await self._in_thread(lambda: let_go(self._engine))
        self._threads.shutdown(wait=False)

    async def ping(self, within: float = 2.0) -> None:
        """Ask for a sign of life. Raises `StorageError` where none comes within so many seconds."""
        try:
            async with asyncio.timeout(within):
                await self.read(lambda connection: connection.execute(select(tables.schema.c.version)).scalar())
        except TimeoutError:
            raise StorageError(f"The database {self.place} does not answer.") from None

    async def read(self, work: Callable[[Connection], _T]) -> _T:
        """Do the work in one transaction that only reads. Raises `StorageError`, and what the work raises."""

        def reading() -> _T:
            with failures_as_sentences(self.place), self._reading.connect() as connection:
                return work(connection)

        return await self._persevere(reading, may_pass)

    async def write(self, work: Callable[[Connection], _T], *, repeat: bool = False, alone: str | None = None) -> _T:
        """Do the work in one transaction: all of it, or, where it raises, nothing. Raises as `read` does.

        Args:
            work: what to do; see the module for what it may rely on.
            repeat: whether the work, done twice, comes to the same as done once.
            alone: a name; of the writes with the same name one is carried out at a time, on whichever machine.
                On SQLite that holds for all writes.
        """

        def writing() -> _T:
            with failures_as_sentences(self.place), self._engine.connect() as plain:
                connection = plain.execution_options(**{sqlite.WRITES: True})
                transaction = connection.begin()
                with transaction:
                    if alone and self.dialect == "postgresql":
                        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(alone))))
                    answer = work(connection)
                    try:
                        transaction.commit()
                    except DBAPIError as error:
                        if was_cut(error):
                            raise CommitCut(
                                f"The connection to the database {self.place} was lost while something was being"
                                " saved: it is not known whether it was. Look before you try again."
                            ) from error
                        raise
                    return answer

        return await self._persevere(writing, may_pass, repeat=repeat)

    async def _persevere(
        self, work: Callable[[], _T], may_pass: Callable[[BaseException | None], bool], *, repeat: bool = True
    ) -> _T:
        """Do the work in a thread, again and again while what it fails with may pass."""
        deadline = time.monotonic() + patience(self._patience)
        collisions = 0
        for pause in pauses():
            try:
                return await self._in_thread(work)
            except StorageError as error:
                if (isinstance(error, CommitCut) and not repeat) or not may_pass(error.__cause__):
                    raise
                collisions += in_the_way(error.__cause__)
                if collisions > _COLLISIONS or time.monotonic() + pause > deadline:
                    raise
            await asyncio.sleep(pause)
        raise AssertionError  # pragma: no cover - pauses never end

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)
