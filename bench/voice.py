"""Simultaneous spoken calls in real time: how late frames are sent, beside a bare loop over the same sockets.

`python bench/voice.py`; `make bench` runs it too. The agent is a process of its own and shares the machine.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

SIDES = str(Path(__file__).with_name("voice_sides.py"))

Figures = dict[str, float]


@contextmanager
def agent() -> Generator[int]:
    """The agent that all calls reach; yields its port."""
    with subprocess.Popen([sys.executable, SIDES, "agent"], stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None:
            raise RuntimeError("no pipe")
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


def measure(side: str, port: int, calls: int, seconds: float) -> Figures:
    """One measurement in a new process."""
    command = [sys.executable, SIDES, side, "--port", str(port), "--calls", str(calls), "--seconds", str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def compare(calls: int, rounds: int, seconds: float, *, binding: bool) -> None:
    """Print what so many calls at once come to."""
    bare: list[Figures] = []
    ours: list[Figures] = []
    with agent() as port:
        for _ in range(rounds):
            bare.append(measure("bare", port, calls, seconds))
            ours.append(measure("ours", port, calls, seconds))

    def pair(figure: str) -> tuple[float, float]:
        return (
            statistics.median(row[figure] for row in bare) * 1e3,
            statistics.median(row[figure] for row in ours) * 1e3,
        )

    bare_p50, our_p50 = pair("p50")
    bare_p99, our_p99 = pair("p99")
    bare_cpu, our_cpu = (1e-3 * cpu / seconds for cpu in pair("cpu"))
    met = our_p99 <= max(2 * bare_p99, 10)
    verdict = f"   <= 2 x bare or 10 ms  {'met' if met else 'MISSED'}" if binding else ""
    print(
        f"{calls:>3} calls: sent late, ms, bare / ours: p50 {bare_p50:.1f} / {our_p50:.1f}, "
        f"p99 {bare_p99:.1f} / {our_p99:.1f}; processors busy {bare_cpu:.2f} / {our_cpu:.2f}{verdict}",
        flush=True,
    )


def main() -> None:
    """Measure 10, 25 and 50 calls."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}, {options.rounds} rounds")
    for calls in (10, 25, 50):
        compare(calls, options.rounds, options.seconds, binding=calls == 25)


if __name__ == "__main__":
    main()
