"""Who works on a run: one process of one machine, told apart from a later one that got the same number."""

import os
import secrets
import socket
import subprocess
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """One process that holds conversations."""

    kind: str
    """What it is: `cli`, later `server` and `worker`. Each kind looks after its own rows only."""
    host: str
    pid: int
    started: str
    """When the process started, as the system tells it; a number used again has another start."""

    @classmethod
    def this_process(cls, kind: str) -> "Owner":
        """The process that asks."""
        return cls(kind=kind, host=_here(), pid=os.getpid(), started=_started(os.getpid()) or "")

    @classmethod
    def newborn(cls, kind: str) -> "Owner":
        """This process under a name that it never had: one that was given up does not come back under its old name."""
        process = cls.this_process(kind)
        return replace(process, started=f"{process.started}.{secrets.token_hex(4)}")

    @classmethod
    def parse(cls, text: str) -> "Owner":
        """Read what `str()` wrote."""
        kind, host, pid, started = text.split("|", 3)
        return cls(kind=kind, host=host, pid=int(pid), started=started)

    def __str__(self) -> str:
        return f"{self.kind}|{self.host}|{self.pid}|{self.started}"

    def is_alive(self) -> bool:
        """Whether the process still runs. Of another machine nothing is known, so its processes count as alive."""
        if self.host != _here():
            return True
        return _started(self.pid) == self.started.partition(".")[0]


@cache
def _here() -> str:
    """This machine; two containers may have one host name and still not see each other's processes."""
    name = socket.gethostname().replace("|", "")
    try:
        return f"{name} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return name


def _started(pid: int) -> str | None:
    """When a process of this machine started; None where it runs no more."""
    if pid == os.getpid():
        return _own_start()
    return _read_start(pid)


@cache
def _own_start() -> str | None:
    return _read_start(os.getpid())


def _read_start(pid: int) -> str | None:
    if Path("/proc/self/stat").exists():
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        # The second field is the program's name in brackets and may hold blanks and brackets itself.
        fields = stat.rpartition(")")[2].split()
        return None if fields[0] in "ZX" else fields[19]
    ps = subprocess.run(  # noqa: S603 - a fixed command with a number
        ["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return ps.stdout.strip() or None
