"""What programs that fork others of themselves have in common: see `command_server.py` and `service_server.py`.

A request is one message of a socket pair (SOCK_SEQPACKET), JSON with `argv`, `cwd` and `environ`, with four file
descriptors: the standard streams of the process that is asked for, and a pipe into which its exit code is written, as
by `subprocess`: negative for a signal.
"""

import atexit
import contextlib
import json
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

_LONGEST = 100_000
"""Of a request, bytes."""
_MEASURING = Path(__file__).parents[1] / "measuring"
_CLI = Path(__file__).parents[2] / "src" / "ringback" / "cli"
_codes: list[int] = []
"""What this process is to end with, once it is known."""


def to_be_measured() -> dict[str, str]:
    """What the environment of a program needs that calls `prepare`, so that coverage is measured where it is."""
    return {name: os.environ[name] for name in ("COVERAGE_FOLDER",) if name in os.environ}


def prepare() -> Callable[[], None]:
    """Call this before what is to be forked is loaded: coverage of the command line is measured, where it is asked for.

    A child ends as soon as all that was registered for its end is done. To take Python's modules to pieces, as a
    process does otherwise, would copy every page of them.

    Returns:
        What leaves the coverage of a child.
    """
    atexit.register(_end)  # the first that is registered is the last that is called
    if folder := os.environ.get("COVERAGE_FOLDER"):
        sys.path.append(str(_MEASURING))
        from measured import measure

        return measure([str(_CLI)], Path(folder))
    return lambda: None


def _end() -> None:
    if _codes:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(_codes[0])


def serve(requests: socket.socket) -> tuple[bytes, list[int]]:
    """Fork for each request, and return it in the child; ends with the client's end of the socket."""
    running: dict[int, tuple[int, int]] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(requests, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is not requests:
                    selector.unregister(key.fd)
                    _tell_end(key.fd, *running.pop(key.fd))
                    continue
                message, fds, _, _ = socket.recv_fds(requests, _LONGEST, 4)
                if not message:
                    for process, _ in running.values():
                        os.kill(process, signal.SIGKILL)
                    sys.exit()
                process = os.fork()
                if not process:
                    for _, told in running.values():
                        os.close(told)  # else who reads from one to its end would wait for us, too
                    return message, fds
                for fd in fds[:3]:
                    os.close(fd)
                ended = os.pidfd_open(process)
                running[ended] = (process, fds[3])
                selector.register(ended, selectors.EVENT_READ)


def _tell_end(ended: int, process: int, told: int) -> None:
    _, status = os.waitpid(process, 0)
    with contextlib.suppress(BrokenPipeError):  # the test was given up
        os.write(told, str(os.waitstatus_to_exitcode(status)).encode())
    os.close(told)
    os.close(ended)


def become(message: bytes, streams: list[int], main: Callable[[], None], leave: Callable[[], None]) -> None:
    """Turn the child into the process that was asked for, and go on as that.

    Args:
        message: the request.
        streams: what came with it.
        main: of the program.
        leave: leaves what was carried out, for a request whose `environ` asks for it (`command_line.measuring`).
    """
    request = json.loads(message)
    for number, stream in enumerate(streams[:3]):
        os.dup2(stream, number)
    os.closerange(3, max(streams) + 1)
    # Those that Python made know what their files could do, which was another.
    sys.stdin = open(0, encoding=sys.stdin.encoding, closefd=False)  # noqa: SIM115 - open as long as the process is
    sys.stdout = open(1, "w", encoding=sys.stdout.encoding, closefd=False)  # noqa: SIM115 - as above
    sys.stderr = open(2, "w", 1, encoding=sys.stderr.encoding, closefd=False)  # noqa: SIM115 - as above
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["environ"])
    time.tzset()
    sys.argv = ["ringback", *request["argv"]]
    if "COVERAGE_FOLDER" in os.environ:
        atexit.register(leave)
    try:
        main()
    except SystemExit as end:
        if isinstance(end.code, int):
            _codes.append(end.code)
        raise
    _codes.append(0)
