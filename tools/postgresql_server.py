"""A private PostgreSQL server for tests and benchmarks: made in a temporary folder, gone when its users are.

`postgresql_server.py [--while-locked FILE]` prints one line of JSON when the server takes connections, `{"url": …}`, or
`{"problem": …}` with a sentence. Then it lives until nobody holds a lock (`flock`) on FILE any more, or, without one,
until its standard input ends: however its users die, the server and its folder do not outlive them. From its standard
input it takes commands, one a line, and answers each with `{"done": …}` or `{"problem": …}`: `kill` (SIGKILL),
`restart` (without mercy for what is going on), `stop`, `start`.

It is nobody's to keep: no fsync, and everybody on this machine may connect (the role `guarded` with its password only).
"""

import argparse
import contextlib
import fcntl
import glob
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import psutil

FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
)
"""Where systems keep PostgreSQL's programs when they are not on the path."""

MISSING = (
    "PostgreSQL's server is not installed: `make test` installs it on Debian, `sh tools/setup.sh test` says what to "
    "type elsewhere."
)
PATIENCE = 60.0
"""Seconds for the server to start; it takes less than one on an idle machine."""


class Trouble(Exception):
    """The server cannot be had; the message is a sentence."""


def programs() -> Path:
    """The folder with `initdb` and `postgres`, the newest where there are several. Raises `Trouble`."""
    chosen = os.environ.get("POSTGRESQL_BIN")
    folders = [chosen] if chosen else [folder for pattern in FOLDERS for folder in glob.glob(pattern)]  # noqa: PTH207 - absolute patterns
    complete = [Path(folder) for folder in folders if (Path(folder) / "initdb").exists()]
    if complete:
        return max(complete, key=_version)
    if not chosen and (found := shutil.which("initdb")):
        return Path(found).resolve().parent
    raise Trouble(MISSING)


def _version(folder: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in "".join(c if c.isdigit() else " " for c in str(folder)).split())


class Server:
    """One cluster in a folder of its own."""

    def __init__(self) -> None:
        self._programs = programs()
        # Root's own temporary folder may be closed to the user that the server runs as.
        place = "/tmp" if os.geteuid() == 0 else None  # noqa: S108 - a new folder in it, under a name that is not known
        self._folder = Path(tempfile.mkdtemp(prefix="ringback-postgresql-", dir=place))
        self._data = self._folder / "data"
        self._postmaster: subprocess.Popen[Any] | None = None
        self.port = 0
        # PostgreSQL refuses to be root, so there it runs as the user that its package made.
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            try:
                entry = pwd.getpwnam("postgres")
            except KeyError:
                raise Trouble("PostgreSQL refuses to run as root, and there is no user `postgres`.") from None
            self._as = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": ()}
            os.chown(self._folder, entry.pw_uid, entry.pw_gid)

    @property
    def url(self) -> str:
        """Of the database that every cluster has."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def make(self) -> None:
        """Make the cluster and start it. Raises `Trouble`."""
        made = subprocess.run(
            [
                self._programs / "initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                "--locale=C.UTF-8" if sys.platform == "linux" else "--locale=C", "--no-sync",
            ],
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
            **self._as,
        )  # fmt: skip
        if made.returncode:
            raise Trouble(f"PostgreSQL's initdb failed: {made.stderr.strip()}")
        rules = self._data / "pg_hba.conf"
        rules.write_text("host all guarded 127.0.0.1/32 scram-sha-256\n" + rules.read_text())
        self.start()

    def start(self) -> None:
        """Start the server, at its first start on a port that is free. Raises `Trouble`."""
        deadline = time.monotonic() + PATIENCE
        chosen = self.port
        while time.monotonic() < deadline:
            self.port = chosen or _free_port()
            self._begin()
            if self._answers(deadline):
                return
            # Somebody took the port, or the dead server's processes still hold its memory.
            self.stop()
            time.sleep(0.1)
        raise Trouble(f"PostgreSQL does not start: {self._log()}")

    def _begin(self) -> None:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self._folder,
            "fsync": "off",
            "full_page_writes": "off",
            "wal_init_zero": "off",
            "max_connections": 400,
            "shared_buffers": "64MB",
            "log_min_messages": "fatal",
        }
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            self._postmaster = subprocess.Popen(
                [self._programs / "postgres", "-D", self._data, *flags],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._as,
            )

    def _answers(self, deadline: float) -> bool:
        check = [self._programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port), "-t", "1"]
        while time.monotonic() < deadline and self._postmaster and self._postmaster.poll() is None:
            # Its own word that it is ready, lest another server on the port be taken for it.
            told = (self._data / "postmaster.pid").read_text().split("\n") if self._pid_file_exists() else []
            if "ready" in "".join(told[7:]) and subprocess.run(check, check=False).returncode == 0:
                return True
            time.sleep(0.02)
        return False

    def _pid_file_exists(self) -> bool:
        return (self._data / "postmaster.pid").exists()

    def stop(self) -> None:
        """End it at once; what was committed is kept."""
        self._end(signal.SIGQUIT)

    def kill(self) -> None:
        """End it as the kernel does when memory is short."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Break every connection, then come back."""
        self.stop()
        self.start()

    def _end(self, how: signal.Signals) -> None:
        if self._postmaster is not None:
            children: list[psutil.Process] = []
            with contextlib.suppress(psutil.NoSuchProcess):
                children = psutil.Process(self._postmaster.pid).children()
            with contextlib.suppress(ProcessLookupError):
                self._postmaster.send_signal(how)
            try:
                self._postmaster.wait(10)
            except subprocess.TimeoutExpired:
                self._postmaster.kill()
                self._postmaster.wait()
            # Orphans notice that they are: until then one may still answer.
            psutil.wait_procs(children, timeout=10)
            self._postmaster = None

    def remove(self) -> None:
        """End it and leave nothing behind."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _log(self) -> str:
        log = self._folder / "log"
        return log.read_text(errors="replace")[-500:].strip() if log.exists() else "it says nothing"


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _tell(message: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):  # whoever listened may be gone
        print(json.dumps(message), flush=True)


def _obey(server: Server) -> None:
    """Take commands until there are no more."""
    verbs: dict[str, Callable[[], None]] = {
        "kill": server.kill,
        "restart": server.restart,
        "stop": server.stop,
        "start": server.start,
    }
    for line in sys.stdin:
        try:
            verbs[line.strip()]()
        except Trouble as trouble:
            _tell({"problem": str(trouble)})
        else:
            _tell({"done": line.strip()})


def _end_in_order(_signal: int, _frame: object) -> NoReturn:
    sys.exit(0)


def main() -> None:
    """Have the server while it is wanted."""
    parser = argparse.ArgumentParser(description="A private PostgreSQL server for tests and benchmarks.")
    parser.add_argument("--while-locked", type=Path, metavar="FILE")
    lock_file: Path | None = parser.parse_args().while_locked
    signal.signal(signal.SIGTERM, _end_in_order)
    server: Server | None = None
    try:
        server = Server()
        server.make()
        _tell({"url": server.url})
        if lock_file is None:
            _obey(server)
        else:
            with lock_file.open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)  # waits until the last user is gone
    except Trouble as trouble:
        _tell({"problem": str(trouble)})
    except KeyboardInterrupt:
        pass
    finally:
        if server is not None:
            server.remove()


if __name__ == "__main__":
    main()
