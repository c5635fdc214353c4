"""Telephone calls: how long they take to set up, and how many at once this machine carries.

`python bench/telephone.py` takes less than four minutes; `make bench` runs it too. The agent is a process of its own
and shares the machine (`telephone_peer.py`). SIPp, where it is installed, says how fast a call to it can be set up.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
WARM_UP = 5
"""Calls whose set-up is not counted."""
STEPS = (1, 5, 10, 20, 30, 50, 75, 100)
BARE_STEPS = (20, 50)
PARTS = ("calls", "carrier", "speech", "agent")
MOST_LATE = 20.0
"""ms, 99th percentile of all frames."""
SHIFT = 0.01
"""Seconds; a frame that was skipped makes 20 ms."""

Figures = dict[str, Any]


class Agent:
    """What all calls reach."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._ask, self._answers = process.stdin, process.stdout
        self.port = self._line()
        self.pid = process.pid

    def _line(self) -> Any:
        assert self._answers is not None
        return json.loads(self._answers.readline())

    def seen(self, first: int) -> Figures:
        """What it has seen of all calls but so many of the first."""
        assert self._ask is not None
        self._ask.write(f"{first}\n")
        self._ask.flush()
        return self._line()


@contextmanager
def agent() -> Generator[Agent]:
    """An agent of its own for one measurement."""
    command = [sys.executable, str(HERE / "telephone_peer.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Agent(process)
        finally:
            process.kill()


def run(command: list[str]) -> str:
    """What a command printed; ends the benchmark where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def side(name: str, called: Agent, **options: float) -> Figures:
    """One measurement of one side in a new process."""
    command = [sys.executable, str(HERE / "telephone_sides.py"), name]
    command += ["--port", str(called.port), "--agent", str(called.pid)]
    for option, value in options.items():
        command += [f"--{option.replace('_', '-')}", str(value)]
    return json.loads(run(command).splitlines()[-1])


def sipp(called: Agent, count: int) -> None:
    """SIPp's own caller, so many calls, one after the other."""
    whom = ["sipp", f"127.0.0.1:{called.port}", "-sn", "uac", "-s", "agent", "-i", "127.0.0.1", "-bind_local"]
    run([*whom, "-m", str(count), "-l", "1", "-r", "10", "-d", "50", "-nostdin"])


def shown(seconds: list[float]) -> str:
    """Median and 99th percentile in ms."""
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return f"{cuts[49] * 1e3:.1f} / {cuts[98] * 1e3:.1f}"


def set_up(count: int) -> None:
    """Print how long calls take to set up, one after the other."""
    print(f"Set-up of {count} calls, one after the other, ms, p50 / p99:")
    names = (["SIPp"] if shutil.which("sipp") else []) + ["bare", "ours"]
    for name in names:
        took: list[float] = []
        with agent() as called:
            if name == "SIPp":
                sipp(called, WARM_UP + count)
            else:
                took = side(name, called, set_up=WARM_UP + count)["took"][WARM_UP:]
            seen = called.seen(WARM_UP)["set_up"]
        asked = f"; from asking for it to its being established {shown(took)}" if took else ""
        print(f"  {name:<5} from INVITE to ACK, as the agent sees them {shown(seen)}{asked}", flush=True)


def hold(name: str, calls: int, seconds: float) -> Figures:
    """Hold so many calls at once."""
    with agent() as called:
        figures = side(name, called, calls=calls, seconds=seconds)
        seen = called.seen(1)  # behind the one with which everything was loaded
    assert len(seen["set_up"]) == calls, f"{len(seen['set_up'])} of {calls} calls reached the agent"
    return {**figures, **seen}


def met(figures: Figures) -> bool:
    """In time, and nothing lost."""
    late = max(figures["p99"], figures["clock_p99"]) * 1e3
    return late < MOST_LATE and not figures["lost"] + figures["lost_received"] + figures["unsent"]


COLUMNS = (
    ("side", 5),
    ("calls", 6),
    ("p50", 6),
    ("p99", 6),
    ("worst", 6),
    ("clock", 6),
    ("shifted", 8),
    ("lost", 5),
    ("back", 5),
    ("unsent", 7),
    ("busy:", 6),
    ("carrier", 8),
    ("speech", 7),
    ("agent", 6),
    ("CPU", 6),
    ("set up", 12),
)
LEGEND = """Calls at once, a line each:
  p50, p99, worst   ms by which frames left late, at the agent; clock: by our own clock, the 99th percentile
  shifted           calls of which all frames came to leave 10 ms or more later than at first
  lost, back        packets lost on the way there, and back
  unsent            frames that the stack did not have in time, or left out
  busy:             processors of the process that holds the calls; carrier: of the one with SIP and RTP
  CPU               ms a second of a call, of these two
  set up            from INVITE to ACK, ms, p50 / p99, while the others talk"""


def row(name: str, calls: int, figures: Figures) -> str:
    """What so many calls at once came to."""
    late = [f"{figures[part] * 1e3:.1f}" for part in ("p50", "p99", "worst")]
    shifted = sum(shift > SHIFT for shift in figures["shifts"])
    busy = figures["busy"]
    ours = name == "ours"
    cells = (
        name,
        calls,
        *late,
        f"{figures['clock_p99'] * 1e3:.1f}" if ours else "",
        shifted,
        figures["lost"],
        figures["lost_received"] if ours else "",
        figures["unsent"] if ours else "",
        *(f"{busy[part]:.2f}" if ours or part in ("calls", "agent") else "" for part in PARTS),
        f"{(busy['calls'] + busy['carrier']) / calls * 1e3:.1f}",
        shown(figures["set_up"]) if calls > 1 else "",
    )
    return table_row(cells)


def table_row(cells: Iterable[object]) -> str:
    """Cells in their columns."""
    return " ".join(f"{cell!s:>{width}}" for cell, (_, width) in zip(cells, COLUMNS, strict=True))


def at_once(seconds: float) -> None:
    """Print what calls at once come to, and how many are carried."""
    print(LEGEND)
    print(table_row(name for name, _ in COLUMNS))
    for calls in BARE_STEPS:
        print(row("bare", calls, hold("bare", calls, seconds)), flush=True)
    carried, missed, found = 0, 0, dict[int, Figures]()
    for calls in STEPS:
        figures = found[calls] = hold("ours", calls, seconds)
        carried, missed = (calls, 0) if met(figures) else (carried, missed + 1)
        print(row("ours", calls, figures) + ("   MISSED" if missed else ""), flush=True)
        if missed > 1 and calls > 20:
            break
    print(f"Carried with p99 under {MOST_LATE:.0f} ms and nothing lost: {carried}")
    compare(found)


def compare(found: dict[int, Figures]) -> None:
    """Print memory a call, and CPU of 20 calls against that of one."""
    most, one = max(found), min(found)
    if most > one:
        memory = [(found[most][name] - found[one][name]) / (most - one) / 1024 for name in ("memory", "carrier_memory")]
        print(f"Memory a call, KiB: conversations {memory[0]:.0f}, carrier {memory[1]:.0f}")
    if 20 in found:

        def total(calls: int) -> float:
            return sum(found[calls]["busy"][name] for name in PARTS[:3])

        ratio = total(20) / total(1)
        print(f"CPU of 20 calls against one: {ratio:.1f} times   <= 20  {'met' if ratio <= 20 else 'MISSED'}")


def main() -> None:
    """Set-up, then calls at once."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--set-up", type=int, default=50, help="calls of which the set-up is measured")
    parser.add_argument("--seconds", type=float, default=10.0, help="for which calls are held at once")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}, load {load:.1f} before")
    set_up(options.set_up)
    at_once(options.seconds)


if __name__ == "__main__":
    main()
