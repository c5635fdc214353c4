"""Starts servers and workers that have loaded already, as `command_server` starts commands that end by themselves.

As a program it is the server: `python service_server.py FD`. Loading takes a server nearly two seconds of CPU. That it
loads what it needs is shown by tests/foundation/test_compose_file.py.
"""

import asyncio
import atexit
import functools
import gc
import importlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from command_client import ask
from forked import become, prepare, serve, to_be_measured

LOADED = (
    "ringback.cli.main",
    "ringback.cli.service_command",
    "ringback.cli.web_server",
    "ringback.cli.beside",
    "ringback.api.app",
    "ringback.wiring.hands",
    "ringback.wiring.service",
    "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto",
)


class LoadedProcess:
    """A running server or worker, with what is used of `asyncio.subprocess.Process`."""

    def __init__(
        self, pid: int, stdout: asyncio.StreamReader, told: asyncio.StreamReader, telling: asyncio.BaseTransport
    ) -> None:
        """Use `start_loaded`."""
        self.pid = pid
        self.stdout = stdout
        """Its standard output; its standard error, too, unless that went elsewhere."""
        self.returncode: int | None = None
        self._end = asyncio.create_task(self._await_end(told, telling))

    async def _await_end(self, told: asyncio.StreamReader, telling: asyncio.BaseTransport) -> int:
        try:
            self.returncode = int(await told.read(16))
        finally:
            telling.close()  # it may not end by itself: processes that were forked later have inherited it
        return self.returncode

    async def wait(self) -> int:
        """Wait for its end; its exit code, negative where a signal ended it."""
        return await asyncio.shield(self._end)

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal. Raises `ProcessLookupError` where it has ended."""
        if self.returncode is not None:
            raise ProcessLookupError
        os.kill(self.pid, number)


async def start_loaded(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], stderr: int = asyncio.subprocess.STDOUT
) -> LoadedProcess:
    """Start `ringback` with such arguments in a folder, with nothing but such an environment.

    Args:
        arguments: of the command.
        folder: where it is started.
        environment: all that it sees.
        stderr: a file descriptor for its standard error.
    """
    our_out, their_out = os.pipe()
    errors = their_out if stderr == asyncio.subprocess.STDOUT else stderr
    with open(os.devnull) as nothing:  # noqa: PTH123, ASYNC230 - there is nothing to wait for
        told = ask(_server(), arguments, str(folder), environment, (nothing.fileno(), their_out, errors))
    os.close(their_out)
    stdout, _ = await _reader(our_out)
    status, telling = await _reader(told)
    return LoadedProcess(int(await status.readline()), stdout, status, telling)


async def _reader(descriptor: int) -> tuple[asyncio.StreamReader, asyncio.BaseTransport]:
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    pipe = os.fdopen(descriptor, "rb", 0)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, pipe)
    return reader, transport


@functools.cache
def _server() -> socket.socket:
    """Of this process, which runs tests."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        program = subprocess.Popen(
            [sys.executable, __file__, str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            # What the command itself sets before it loads anything.
            env={
                "PATH": os.environ["PATH"],
                "PYTHONWARNINGS": "error",
                "PYDANTIC_DISABLE_PLUGINS": "__all__",
                **to_be_measured(),
            },
            pass_fds=[theirs.fileno()],
        )

    def end() -> None:
        ours.close()
        program.wait()

    atexit.register(end)
    return ours


def _program() -> None:
    """Load, serve, and in each child tell its process id and go on as the command that was asked for."""
    leave = prepare()
    gc.disable()
    for name in LOADED:
        importlib.import_module(name)
    from fastapi import FastAPI

    from ringback.api.mounting import mount
    from ringback.cli.entry import main

    mount(FastAPI())  # which keeps the routes for the next application
    gc.freeze()
    gc.enable()
    with socket.socket(fileno=int(sys.argv[1])) as requests:
        message, descriptors = serve(requests)
    os.write(descriptors[3], b"%d\n" % os.getpid())
    become(message, descriptors, main, leave)


if __name__ == "__main__":
    _program()
