"""Processes that recognise speech, so that the calls' clock never waits for it; shared by all ears of a process.

They start with the first turns and are bounded in number. One that dies takes the turn along that it was at, and no
more: the next turns go on in a new one. They never see the Ctrl-C that is meant for Ringback, and end with it, however
it ends.
"""

import asyncio
import contextlib
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing.process import BaseProcess
from typing import Any, ParamSpec, TypeVar

from ringback.errors import SpeechUnavailable
from ringback.speech.bound_process import end_with_the_process_that_asks

_P = ParamSpec("_P")
_T = TypeVar("_T")


class SpeechWorkers:
    """Processes that are started when they are first needed, and again when one of them has died."""

    def __init__(self, count: int | None = None) -> None:
        """`count`: processes; by default one for each processor, 4 at most."""
        self.count = count or min(4, os.cpu_count() or 1)
        """How many there may be."""
        # Each is a pool of its own: where one process of a pool dies, the pool gives up the turns of all.
        self._idle: list[ProcessPoolExecutor] = []
        self._at_work: set[ProcessPoolExecutor] = set()
        self._waiting: deque[asyncio.Future[ProcessPoolExecutor]] = deque()

    async def run(self, seconds: float, work: Callable[_P, _T], *arguments: _P.args, **keywords: _P.kwargs) -> _T:
        """What `work` returns in one of the processes; errors that it raises are raised here.

        What is asked for at the same moment is done by different processes, as far as there are some.

        Raises:
            SpeechUnavailable: the process died, or it took longer than `seconds`, waiting for a process included.
        """
        deadline = asyncio.get_running_loop().time() + seconds
        try:
            async with asyncio.timeout_at(deadline):
                process, future = await self._begun(partial(work, *arguments, **keywords))
        except TimeoutError:
            raise _late(seconds) from None
        try:
            async with asyncio.timeout_at(deadline):
                return await asyncio.wrap_future(future)
        except BrokenProcessPool:
            self._drop(process)
            raise SpeechUnavailable("The process that recognises speech died.") from None
        except TimeoutError:
            self._drop(process)
            raise _late(seconds) from None
        finally:
            if future.done():
                self._free(process)
            else:  # nobody waits for the answer any more, but the process is at work until it has it
                future.add_done_callback(partial(self._free_soon, asyncio.get_running_loop(), process))

    async def run_in_each(
        self, at_once: int | None, seconds: float, work: Callable[_P, _T], *arguments: _P.args, **keywords: _P.kwargs
    ) -> list[_T]:
        """The same in `at_once` processes (None: in all), as to load something there; raises as `run` does."""
        processes = range(min(self.count, at_once or self.count))
        return await asyncio.gather(*(self.run(seconds, work, *arguments, **keywords) for _ in processes))

    async def _begun(self, work: Callable[[], _T]) -> tuple[ProcessPoolExecutor, Future[_T]]:
        while True:
            process = await self._taken()
            try:
                with _interrupts_kept_out():
                    return process, process.submit(work)
            except BrokenProcessPool:  # it died while it had nothing to do
                self._drop(process)

    async def _taken(self) -> ProcessPoolExecutor:
        if self._idle or len(self._at_work) < self.count:
            process = self._idle.pop() if self._idle else _new_process()
            self._at_work.add(process)
            return process
        waiter: asyncio.Future[ProcessPoolExecutor] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._free(waiter.result())
            raise

    def _free(self, process: ProcessPoolExecutor) -> None:
        """It is at nobody's work any more; one that was dropped is not there to be freed."""
        if process not in self._at_work:
            return
        for waiter in self._next_waiting():
            waiter.set_result(process)
            return
        self._at_work.discard(process)
        self._idle.append(process)

    def _free_soon(self, loop: asyncio.AbstractEventLoop, process: ProcessPoolExecutor, _: Future[Any]) -> None:
        """The same from another thread."""
        try:
            loop.call_soon_threadsafe(self._free, process)
        except RuntimeError:  # that loop is closed: no other thread frees processes now
            self._free(process)

    def _drop(self, process: ProcessPoolExecutor) -> None:
        """End a process that is of no more use; who waits for one gets a new one."""
        if process not in self._at_work:
            return
        self._at_work.discard(process)
        _end(process)
        for waiter in self._next_waiting():
            self._at_work.add(fresh := _new_process())
            waiter.set_result(fresh)
            return

    def _next_waiting(self) -> Iterator[asyncio.Future[ProcessPoolExecutor]]:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                yield waiter

    async def close(self) -> None:
        """End all processes; turns that are being recognised are given up."""
        for waiter in self._next_waiting():
            waiter.set_exception(SpeechUnavailable("What recognises speech was closed."))
        pools = [*self._idle, *self._at_work]
        self._idle.clear()
        self._at_work.clear()
        for process in [process for pool in pools for process in _end(pool)]:
            await asyncio.to_thread(process.join)


def _late(seconds: float) -> SpeechUnavailable:
    return SpeechUnavailable(f"Recognising a turn took longer than {seconds:g} s.")


def _new_process() -> ProcessPoolExecutor:
    # Not forked: the process that asks has threads and an event loop.
    return ProcessPoolExecutor(
        1, mp_context=multiprocessing.get_context("spawn"), initializer=end_with_the_process_that_asks
    )


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
