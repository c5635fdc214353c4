"""What processes of the telephone benchmark use: processors and memory."""

import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import psutil

BETWEEN = 0.05
"""Seconds that a call lasts, and that are between two, where only their set-up is measured."""
STAGGER = 0.05
"""Seconds between the dialling of two calls that are to be there at once."""


@dataclass(frozen=True)
class Used:
    """CPU seconds so far, and resident bytes."""

    calls: float
    """Of this process."""
    carrier: float
    """Of the one that carries the calls' SIP and RTP, where it is another."""
    speech: float
    """Of those that hear and speak."""
    agent: float
    memory: int
    """Of this process."""
    carrier_memory: int


def used(agent: int, carrier: int = 0) -> Used:
    """What has been used by now. `agent` and `carrier` are processes."""
    own = psutil.Process()
    ended = own.cpu_times()
    speech = ended.children_user + ended.children_system
    for child in own.children(recursive=True):
        if child.pid != carrier:
            with suppress(psutil.NoSuchProcess):
                speech += _seconds(child)
    carries = psutil.Process(carrier) if carrier else None
    return Used(
        calls=time.process_time(),
        carrier=_seconds(carries) if carries else 0.0,
        speech=speech,
        agent=_seconds(psutil.Process(agent)),
        memory=own.memory_info().rss,
        carrier_memory=carries.memory_info().rss if carries else 0,
    )


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def between(before: Used, start: Used, end: Used, seconds: float) -> dict[str, Any]:
    """Processors busy from `start` to `end`, so many seconds, and what memory has grown by since `before`."""
    first, last = asdict(start), asdict(end)
    return {
        "busy": {name: (last[name] - first[name]) / seconds for name in ("calls", "carrier", "speech", "agent")},
        "memory": end.memory - before.memory,
        "carrier_memory": end.carrier_memory - before.carrier_memory,
    }
