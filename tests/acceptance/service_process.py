"""`ringback serve` and `ringback worker` as processes that a test may kill, and a client as a script would have one."""

import asyncio
import os
import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from command_line import QUICK
from forked import to_be_measured
from service_server import LoadedProcess, start_loaded

KEY = "key-of-the-settings"
V1 = "/test_framework/v1"

QUICK_SERVICE = {
    **QUICK,
    "RINGBACK_API_KEY": KEY,
    "RINGBACK_HEARTBEAT": "0.3",
    "RINGBACK_WORKER_TIMEOUT": "2",
    "RINGBACK_DRAIN_TIMEOUT": "5",
    "RINGBACK_MAX_WORKER_LOSSES": "100",
    "RINGBACK_QUEUE_POLL": "0.3",
}
"""Less looking into the queue than by default: that takes more of a processor than all else that a server does idle."""


@dataclass
class Process:
    """One command, started again after it was killed."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    process: LoadedProcess | None = None
    lines: list[str] = field(default_factory=list[str])
    stderr: int = asyncio.subprocess.STDOUT
    """Where its standard error goes, other than to `lines`."""
    _reader: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Start, and wait for the line that says it is ready; that line."""
        process = self.process = await start_loaded(self.arguments, self.folder, self.environment, self.stderr)
        assert process.stdout is not None
        while line := (await process.stdout.readline()).decode():
            self.lines.append(line.rstrip())
            if line.startswith("Ringback "):
                self._reader = asyncio.create_task(self._read(process.stdout))
                return line
        raise AssertionError("\n".join(self.lines))

    async def _read(self, stream: asyncio.StreamReader) -> None:
        while line := (await stream.readline()).decode():
            self.lines.append(line.rstrip())

    async def says(self, words: str, seconds: float = 30) -> str:
        """Wait until it has said so; the line."""
        async with asyncio.timeout(seconds):
            while True:
                if line := next((line for line in self.lines if words in line), None):
                    return line
                await asyncio.sleep(0.05)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    async def kill(self) -> None:
        """As the kernel does when memory is short."""
        self.send(signal.SIGKILL)
        await self.gone()

    async def stop(self) -> int:
        """Ask it to end in order; its exit code."""
        if self.process is not None and self.process.returncode is None:
            self.send(signal.SIGCONT)
            self.send(signal.SIGTERM)
        return await self.gone()

    async def gone(self) -> int:
        """Wait for its end; its exit code."""
        assert self.process is not None
        code = await self.process.wait()
        if self._reader is not None:
            await self._reader
        return code


@dataclass
class Server(Process):
    """A server, on the same port each time."""

    url: str = ""

    async def start(self) -> str:
        """Start, and learn the address."""
        line = await super().start()
        found = re.search(r"http://[0-9.]+:(\d+)", line)
        assert found is not None, line
        self.url = found[0]
        self.arguments = tuple(found[1] if argument == "0" else argument for argument in self.arguments)
        return line


@dataclass
class Client:
    """Asks as a script of the reference would; a server that is away is asked again."""

    server: Server
    session: aiohttp.ClientSession
    key: str = KEY

    async def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and body (JSON where it is JSON)."""
        deadline = asyncio.get_running_loop().time() + 90  # as long as a busy machine may take to start it
        sent = {"X-VOCERA-API-KEY": self.key, **headers}
        while True:
            try:
                async with self.session.request(method, self.server.url + path, json=body, headers=sent) as response:
                    is_json = response.content_type == "application/json"
                    return response.status, await response.json() if is_json else await response.text()
            except aiohttp.ClientError:
                assert asyncio.get_running_loop().time() < deadline, "the server did not come back"
                await asyncio.sleep(0.1)

    async def made(self, path: str, body: Any) -> dict[str, Any]:
        """The answer of a POST that makes something."""
        status, answer = await self("POST", V1 + path, body)
        assert status == 201, answer
        return answer

    async def over(self, result_id: int, seconds: float = 110) -> dict[str, Any]:
        """A result's detail, once it is over."""
        async with asyncio.timeout(seconds):
            while True:
                _, detail = await self("GET", f"{V1}/results/{result_id}/")
                if detail["status"] in ("completed", "failed", "timeout", "cancelled"):
                    return detail
                await asyncio.sleep(0.3)


def environment(
    folder: Path, database_url: str | None = None, measured: bool = False, /, **more: str
) -> dict[str, str]:
    """What a server and its workers see; nothing else of the machine's environment.

    Args:
        folder: where they keep what they keep.
        database_url: of their database; None: a file in the folder.
        measured: whether the coverage of the command line is measured in these processes, not in those that they start;
            one or two tests of each command are enough.
        more: variables.
    """
    keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    if measured:
        keep |= to_be_measured()
    given = {"RINGBACK_DATABASE_URL": database_url} if database_url else {}
    return {**keep, **QUICK_SERVICE, "RINGBACK_HOME": str(folder / "home"), **given, **more}
