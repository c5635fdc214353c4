"""Processes that recognise speech, so that the calls' clock never waits for it; shared by all ears of a process.

They start with the first turn and are bounded in number. One that dies takes the turn along that it was at, and no
more: the others and the next turns go on in new ones. They never see the Ctrl-C that is meant for Ringback.
"""

import asyncio
import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.process import BaseProcess
from typing import ParamSpec, TypeVar

from ringback.errors import SpeechUnavailable

_P = ParamSpec("_P")
_T = TypeVar("_T")


class SpeechWorkers:
    """A pool of processes that is made when it is first needed, and made again when one of them has died."""

    def __init__(self, count: int | None = None) -> None:
        """`count`: processes; by default one for each processor, 4 at most."""
        self._count = count or min(4, os.cpu_count() or 1)
        self._pool: ProcessPoolExecutor | None = None

    async def run(self, seconds: float, work: Callable[_P, _T], *arguments: _P.args, **keywords: _P.kwargs) -> _T:
        """What `work` returns in one of the processes; errors that it raises are raised here.

        Raises:
            SpeechUnavailable: the process died, or took longer than `seconds`.
        """
        pool = self._pool = self._pool or _new_pool(self._count)
        try:
            with _interrupts_kept_out():
                future: Future[_T] = pool.submit(work, *arguments, **keywords)
            async with asyncio.timeout(seconds):
                return await asyncio.wrap_future(future)
        except BrokenProcessPool:
            self._replace(pool)
            raise SpeechUnavailable("The process that recognises speech died.") from None
        except TimeoutError:
            self._replace(pool)
            raise SpeechUnavailable(f"Recognising a turn took longer than {seconds:g} s.") from None

    def _replace(self, pool: ProcessPoolExecutor) -> None:
        if self._pool is pool:
            self._pool = None
        _end(pool)

    async def close(self) -> None:
        """End all processes; turns that are being recognised are given up."""
        pool, self._pool = self._pool, None
        if pool is not None:
            for process in _end(pool):
                await asyncio.to_thread(process.join)


def _new_pool(count: int) -> ProcessPoolExecutor:
    # Not forked: the process that asks has threads and an event loop.
    return ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn"))


def _end(pool: ProcessPoolExecutor) -> list[BaseProcess]:
    # `kill_workers` comes with Python 3.14 only; until then the pool tells nobody else its processes.
    workers: dict[int, BaseProcess] = getattr(pool, "_processes", None) or {}
    processes = list(workers.values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.kill()
    return processes


@contextlib.contextmanager
def _interrupts_kept_out() -> Generator[None]:
    """Processes started meanwhile never see SIGINT: they inherit the mask of the thread that starts them."""
    if not hasattr(signal, "pthread_sigmask") or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Shared:
    """The workers of this process, for as long as any ear holds them."""

    _workers: SpeechWorkers | None = None
    _holders = 0

    @classmethod
    def take(cls) -> SpeechWorkers:
        """The workers; `give_back` once for each time."""
        cls._workers = cls._workers or SpeechWorkers()
        cls._holders += 1
        return cls._workers

    @classmethod
    async def give_back(cls) -> None:
        """Let go; the last holder ends the processes."""
        cls._holders -= 1
        if cls._holders == 0 and cls._workers is not None:
            workers, cls._workers = cls._workers, None
            await workers.close()
