"""Worker processes beside a server: begun again where they die, and gone when the server is."""

import asyncio
import contextlib
import logging
import os
import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from ringback.errors import UsageError

log = logging.getLogger(__name__)

_BESIDE = "BESIDE_RINGBACK_SERVER"
"""In a worker's environment: the process with which it ends. Between the two; not a setting."""

_LOOK = 0.5
"""Seconds between two looks for the process that began this one."""

_PAUSE = 1.0
"""Seconds before a worker that died is begun again."""

_AT_ONCE = 5.0
"""Seconds: a worker that dies sooner than that has a trouble that the next one will have as well."""

_TRIES = 5
"""Workers one after another that die at once, before the server says so and ends."""


class WorkersBeside:
    """So many `ringback worker` processes while a context lasts."""

    def __init__(self, count: int) -> None:
        """They begin with `begin`."""
        # In sessions of their own: Ctrl-C in a terminal goes to the server, which tells them.
        self._command = [sys.executable, "-c", "from ringback.cli.entry import main; main()", "worker"]
        self._environment = {**os.environ, _BESIDE: str(os.getpid())}
        self._count = count
        self._processes: list[asyncio.subprocess.Process] = []
        self._stopping = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []
        """One a worker; ends with `UsageError` where it dies whenever it begins."""

    async def __aenter__(self) -> Self:
        return self

    def begin(self) -> None:
        """Begin them, and go on doing so."""
        self.tasks = [asyncio.create_task(self._keep_one(), name="worker beside") for _ in range(self._count)]

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.tell()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def tell(self) -> None:
        """Have them stop in order; the end of the context waits for them."""
        self._stopping.set()
        for process in self._processes:
            if process.returncode is None:
                process.terminate()

    async def _keep_one(self) -> None:
        died_at_once = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            process = await asyncio.create_subprocess_exec(
                *self._command, env=self._environment, start_new_session=True
            )
            self._processes.append(process)
            if self._stopping.is_set():
                process.terminate()
            code = await process.wait()
            self._processes.remove(process)
            if self._stopping.is_set():
                return
            died_at_once = died_at_once + 1 if time.monotonic() - began < _AT_ONCE else 1
            if died_at_once >= _TRIES:
                raise UsageError(
                    f"Workers end as soon as they are begun (exit code {code}). What they wrote says why; `ringback"
                    " worker` shows it alone."
                )
            log.warning("A worker process ended (exit code %d); another is begun.", code)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PAUSE):
                    await self._stopping.wait()


async def until_orphaned(environ: Mapping[str, str]) -> None:
    """Return when the server that began this process is gone, however it ended; never where none did."""
    if _BESIDE not in environ:
        await asyncio.Event().wait()
    while str(os.getppid()) == environ[_BESIDE]:  # noqa: ASYNC110 - nobody tells a process that its parent died
        await asyncio.sleep(_LOOK)
