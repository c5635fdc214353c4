"""A database and the threads that speak to it: each piece of work is one transaction and one trip to a thread.

A driver that goes back and forth between the event loop and its thread for every statement took twice the loop's CPU.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection

from ringback.storage.failures import failures_as_sentences
from ringback.storage.opening import create_or_check, engine_for
from ringback.storage.sqlite import CONNECTIONS, WRITES

_T = TypeVar("_T")


class Database:
    """An open database. What a transaction returns must be plain values: rows are gone when it is over."""

    def __init__(self, url: str, *, busy_timeout: float) -> None:
        """Nothing is opened before `open`; see `engine_for` for what it raises."""
        self._engine, self.place = engine_for(url, busy_timeout=busy_timeout)
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="ringback-storage")

    @classmethod
    async def open(cls, url: str, *, busy_timeout: float) -> "Database":
        """The database, with its tables made where there were none. Raises `StorageError`."""
        database = await asyncio.to_thread(cls, url, busy_timeout=busy_timeout)
        try:
            await database._in_thread(lambda: create_or_check(database._engine, database.place))  # noqa: SLF001 - its own
        except BaseException:
            await database.close()
            raise
        return database

    async def close(self) -> None:
        """Let go of the file."""
        await self._in_thread(self._engine.dispose)
        self._threads.shutdown(wait=False)

    async def read(self, work: Callable[[Connection], _T]) -> _T:
        """Do the work in one transaction that only reads. Raises `StorageError`, and what the work raises."""

        def reading() -> _T:
            with failures_as_sentences(self.place), self._engine.connect() as connection:
                return work(connection)

        return await self._in_thread(reading)

    async def write(self, work: Callable[[Connection], _T]) -> _T:
        """Do the work in one transaction: all of it, or, where it raises, nothing. Raises as `read` does."""

        def writing() -> _T:
            with failures_as_sentences(self.place), self._engine.connect() as plain:
                connection = plain.execution_options(**{WRITES: True})
                with connection.begin():
                    return work(connection)

        return await self._in_thread(writing)

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)
