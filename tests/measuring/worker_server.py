"""Starts pytest's workers by forking a process that has loaded all tests, and what is measured in them, once.

To load that takes fourteen seconds of CPU, for the most part because each module of Ringback is instrumented; a worker
that is forked finds all of it loaded, and collects the tests in two. Otherwise it is a process as execnet starts one.

As a program this is what execnet starts in the place of Python: `python worker_server.py SOCKET … CODE`. It hands its
streams to the worker that carries the code out, and ends when that does.
"""

import contextlib
import gc
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

_PROGRAM = "import sys; sys.path[0] = {!r}; import worker_server; exec(worker_server.serve())"
"""Not this file by its name: what a worker starts by multiprocessing would load the file with which it was started."""

loaded_from: list[str] = []
"""In a worker that was forked: where its modules were found, what conftests added included."""


class WorkerServer:
    """The server as the process sees it that hands out the tests."""

    def __init__(self, arguments: Sequence[str]) -> None:
        """Let it load the tests that pytest finds with these arguments; workers may be asked for at once."""
        self._folder = tempfile.TemporaryDirectory(prefix="workers-")
        path = f"{self._folder.name}/socket"
        self.python = f"{sys.executable} -IS {__file__} {path}"
        """What execnet is to start in the place of Python."""
        with socket.socket(socket.AF_UNIX) as asked:
            asked.bind(path)
            asked.listen()
            self._process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM.format(str(Path(__file__).parent)), str(asked.fileno()), *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                pass_fds=[asked.fileno()],
            )

    def close(self) -> None:
        """End it, and workers that should have ended."""
        self._process.communicate()
        self._folder.cleanup()


def serve() -> str:
    """Load all, and fork for each that asks; what is returned in the child is the code that it is to carry out."""
    import pytest  # the program that asks is to begin at once

    number, *arguments = sys.argv[1:]
    pytest.main([*arguments, "--collect-only", "-qq"])
    loaded_from[:] = sys.path
    gc.collect()
    gc.freeze()
    workers: list[int] = []
    with socket.socket(fileno=int(number)) as asked, contextlib.suppress(KeyboardInterrupt):
        while asked in select.select([asked, sys.stdin], [], [])[0]:
            client, _ = asked.accept()
            code, streams, _, _ = socket.recv_fds(client, 10_000, 3)
            worker = os.fork()
            if not worker:
                for standard, stream in enumerate(streams):
                    os.dup2(stream, standard)
                    os.close(stream)
                client.detach()  # who asked waits until this process has ended, and its end is closed by that
                sys.argv = ["-c"]
                return code.decode()
            workers.append(worker)
            client.close()
            for stream in streams:
                os.close(stream)
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
        os.waitpid(worker, 0)
    sys.exit()


if __name__ == "__main__":
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(sys.argv[1])
        socket.send_fds(server, [sys.argv[-1].encode()], [0, 1, 2])
        os.close(0)
        os.close(1)  # else nobody would learn that the worker has ended
        server.recv(1)
