"""Servers that a page starts, and that run until its reader is done with the page."""

import asyncio
import shlex
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from service_server import LoadedProcess, start_loaded


class Servers:
    """Started one after the other."""

    def __init__(self, *, loaded: bool) -> None:
        """`loaded`: whether those of ours have loaded already when they start."""
        self._loaded = loaded
        self._loop = asyncio.Runner()
        self._ours: list[LoadedProcess] = []
        self._others: list[subprocess.Popen[bytes]] = []

    def start(self, line: str, folder: Path, environment: Mapping[str, str]) -> str:
        """Start what the line says; the first that it says itself, which of a server of ours is where it listens."""
        if self._loaded and line.startswith("ringback "):
            return self._loop.run(self._start_ours(shlex.split(line)[1:], folder, environment))
        server = subprocess.Popen(
            ["bash", "-c", f"exec {line}"],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._others.append(server)
        assert server.stdout is not None
        return server.stdout.readline().decode()

    async def _start_ours(self, arguments: list[str], folder: Path, environment: Mapping[str, str]) -> str:
        server = await start_loaded(arguments, folder, environment)
        self._ours.append(server)
        return (await server.stdout.readline()).decode()

    def close(self) -> str:
        """Ask all to end; what they have said since they began."""
        ours, self._ours = self._ours, []
        others, self._others = self._others, []
        for server in others:
            server.send_signal(signal.SIGTERM)
        told = [server.communicate()[0].decode() for server in others]
        told += [self._loop.run(self._end(server)) for server in ours]
        self._loop.close()
        return "\n".join(told)

    async def _end(self, server: LoadedProcess) -> str:
        await asyncio.sleep(0)  # it may have ended
        if server.returncode is None:
            server.send_signal(signal.SIGTERM)
        await server.wait()
        return (await server.stdout.read()).decode()
