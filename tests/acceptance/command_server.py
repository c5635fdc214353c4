"""Starts commands that have loaded already: a process that has imported the command line, and forks for each command.

Loading takes ten times as long as what most commands of the tests do then. A command here is a process all the same,
with its own arguments, folder, environment and streams, and it ends as one does. That a command loads what it needs is
shown by those that do: of tests that `start` commands, of the README, and of tests/cli/test_start_up.py.

As a program it is the server: `python command_server.py FD`, where FD is its end of the socket pair (`forked.py`).
"""

import asyncio
import atexit
import functools
import gc
import importlib
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

import command_client
from command_client import ask
from forked import become, prepare, serve, to_be_measured

LOADED = (
    *(f"ringback.cli.{name}_command" for name in ("chat", "check", "db", "keys", "results", "run")),
    "ringback.cli.main",
    "ringback.callers.persona",
    "ringback.models.build",
    "ringback.models.chat_completions",
    "ringback.models.openai_compatible",
    "ringback.library.schema",
    "ringback.results.export.json_report",
    "encodings.idna",
    "encodings.utf_8_sig",
    "regex",
    "rich._emoji_codes",
    "ruamel.yaml",
    "typer._adapters",
    "typer._click.decorators",
    "uvloop",
)
"""What most commands of the tests use; nothing that starts a thread, as numpy does: a fork has none of them."""


class CommandServer:
    """The server as its clients see it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def fileno(self) -> int:
        """The end of the socket by which processes that inherit it may ask, too; see `command_client.py`."""
        return self._ours.fileno()

    @property
    def words(self) -> str:
        """The beginning of a command for a shell that inherits `fileno`, in the place of `ringback`."""
        return f"'{sys.executable}' -SE '{command_client.__file__}' {self.fileno()}"

    def close(self) -> None:
        """End the server, and what it has started."""
        self._ours.close()
        self._process.wait()

    async def run(
        self, argv: Iterable[str], cwd: Path, environ: Mapping[str, str], stdin: str = ""
    ) -> tuple[int, str, str]:
        """One command's exit code, and what it wrote to its two streams.

        Raises:
            EOFError: The server ended before the command did.
        """
        their_in, our_in = os.pipe()
        with os.fdopen(our_in, "wb") as given:
            given.write(stdin.encode())  # a pipe holds more than any test says
        with os.fdopen(their_in, "rb") as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            code = await self._code(argv, cwd, environ, given, out, err)
            out.seek(0)
            err.seek(0)
            return code, out.read().decode(), err.read().decode()

    async def _code(self, argv: Iterable[str], cwd: Path, environ: Mapping[str, str], *streams: BinaryIO) -> int:
        stdin, out, err = (stream.fileno() for stream in streams)
        end = os.fdopen(ask(self._ours, argv, str(cwd), environ, (stdin, out, err)), "rb")
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), end
        )
        try:
            told = await reader.read()
        finally:
            transport.close()
        if not told:
            raise EOFError("The server of commands ended before its command did.")
        return int(told)


@functools.cache
def shared() -> CommandServer:
    """The one of this process, which runs tests; warnings are errors in its commands, as they are in tests."""
    server = CommandServer({"PATH": os.environ["PATH"], "PYTHONWARNINGS": "error", **to_be_measured()})
    atexit.register(server.close)
    return server


def _program() -> None:
    """Load, serve, and in each child go on as the command that was asked for."""
    leave = prepare()
    gc.disable()
    for name in LOADED:
        importlib.import_module(name)
    from ringback.cli.entry import main

    gc.freeze()
    gc.enable()
    with socket.socket(fileno=int(sys.argv[1])) as requests:
        request = serve(requests)
    become(*request, main, leave)


if __name__ == "__main__":
    _program()
