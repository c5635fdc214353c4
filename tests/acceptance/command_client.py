"""Asks a server of commands (`command_server.py`) for a command.

As a program it is `ringback` for whoever has no Python: `python command_client.py FD ARGUMENT…`, where FD is an end of
the server's socket. It takes nothing but the standard library, so that it begins in hundredths of a second.
"""

import json
import os
import socket
import sys
from collections.abc import Iterable, Mapping


def ask(
    server: socket.socket, argv: Iterable[str], cwd: str, environ: Mapping[str, str], streams: tuple[int, int, int]
) -> int:
    """Ask for a command with these standard streams; a file descriptor from which its exit code is to be read."""
    our_end, their_end = os.pipe()
    request = {"argv": list(argv), "cwd": cwd, "environ": dict(environ)}
    try:
        socket.send_fds(server, [json.dumps(request).encode()], [*streams, their_end])
    finally:
        os.close(their_end)
    return our_end


def _program() -> None:
    with socket.socket(fileno=int(sys.argv[1])) as server:
        end = ask(server, sys.argv[2:], os.getcwd(), os.environ, (0, 1, 2))  # noqa: PTH109 - pathlib takes long to load
    with open(end) as told:  # noqa: PTH123 - as above
        code = int(told.read())
    sys.exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    _program()
