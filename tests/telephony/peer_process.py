"""What peers that are programs of their own have in common: free ports, a start that is waited for, a sure end.

free_port() -> int
until(what, condition) -> what the condition gave
PeerProcess(*command, folder=Path): start(listens_on=port), log(), end()
"""

import asyncio
import contextlib
import os
import random
import socket
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import psutil

PATIENCE = 60.0
"""Seconds after which a test that waits has failed."""
FIRST_PORT, LAST_PORT = 10_000, 16_384
"""Below those that Linux gives to sockets that name none, so that nobody gets one between our look and its use."""
BLOCK = 16
"""Ports from one that is given to the next: all but the last are for who is given the first, the last is the claim."""
ATTEMPTS = 5
TAKEN = "Address already in use"
"""What programs print that do not get a port, also those that go on without it."""

_T = TypeVar("_T")

chance = random.Random(os.getpid() * 1_000_003 + time.monotonic_ns())  # noqa: S311 - for other ports than other workers


class PortTaken(Exception):
    """Somebody else was quicker."""


def free_port() -> int:
    """An even port of the loopback: on it and those of its block that follow nobody listens, UDP or TCP.

    It is given once, to whichever process of this machine asks here, and is the caller's as long as its process lives.
    """
    for _ in range(1000):
        port = chance.randrange(FIRST_PORT, LAST_PORT, BLOCK)
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_STREAM) as claim:
            claim.bind(("127.0.0.1", port + BLOCK - 1))
            if all(_is_free(port + further) for further in range(BLOCK - 1)):
                claim.detach()  # stays open until this process ends
                return port
    raise AssertionError("no port is free")


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


async def until(what: str, condition: Callable[[], _T | None], *, within: float = PATIENCE) -> _T:
    """Look again and again until the condition gives something that is true; `what` is said where it never does."""
    end = time.monotonic() + within
    while not (found := condition()):
        assert time.monotonic() < end, what
        await asyncio.sleep(0.02)
    return found


async def on_free_ports(start: Callable[[], Awaitable[None]]) -> None:
    """Start something that takes free ports for itself, again where somebody else was quicker."""
    for _ in range(ATTEMPTS - 1):
        with contextlib.suppress(PortTaken):
            return await start()
    return await start()


def _listens(process: int, port: int) -> bool:
    with contextlib.suppress(psutil.Error):
        used = psutil.Process(process).net_connections("inet")
        own = [each for each in used if each.type == socket.SOCK_DGRAM or each.status == psutil.CONN_LISTEN]
        return any(each.laddr and each.laddr.port == port for each in own)
    return False


class PeerProcess:
    """One program, with a log of all that it prints, which does not outlive its test."""

    def __init__(self, *command: str, folder: Path) -> None:
        self.folder = folder
        self._command = command
        self._log = folder / "log"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, *, listens_on: int | None) -> None:
        """Return when it listens on the port; raises PortTaken if it cannot. None: return at once."""
        with self._log.open("w") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                cwd=self.folder,
                env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "TERM": "xterm", "LANG": "C.UTF-8"},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
            )
        if listens_on is not None:
            process, port = self._process, listens_on
            await until(
                f"{self._command[0]} does not listen: {self.log()}",
                lambda: self._gave_up or _listens(process.pid, port),
            )
            if self._gave_up:
                await self.end()  # some go on without the port
                raise PortTaken(self.log())

    @property
    def _gave_up(self) -> bool:
        return not self.running or TAKEN in self.log()

    def log(self) -> str:
        """All that it has printed."""
        return self._log.read_text(errors="replace")

    @property
    def running(self) -> bool:
        """Whether it has not ended by itself."""
        return self._process is not None and self._process.returncode is None

    async def over(self) -> int:
        """Wait until it has ended by itself; its exit status."""
        assert self._process is not None
        async with asyncio.timeout(PATIENCE):
            return await self._process.wait()

    async def end(self) -> None:
        """Kill it, if it is still there."""
        if self._process is None:
            return
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        await self._process.wait()
