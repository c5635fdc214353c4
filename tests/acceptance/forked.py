"""What programs that fork others of themselves have in common: see `command_server.py` and `service_server.py`.

A request is one message of a socket pair (SOCK_SEQPACKET), JSON with `argv`, `cwd` and `environ`, with four file
descriptors: the standard streams of the process that is asked for, and a pipe into which its exit code is written, as
by `subprocess`: negative for a signal.
"""

import contextlib
import json
import os
import selectors
import signal
import socket
import sys
import time

_LONGEST = 100_000
"""Of a request, bytes."""


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


def become(message: bytes, streams: list[int]) -> None:
    """Turn the child into the process that was asked for."""
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
