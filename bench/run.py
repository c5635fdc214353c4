"""All benchmarks: interleaved rounds against a bare loop, medians, targets. `make bench` runs this."""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
RINGBACK = Path(sys.executable).parent / "ringback"

Figures = dict[str, float]


@contextmanager
def server(kind: str, delay: float = 0.0) -> Generator[int]:
    """One of `servers.py` in a process of its own; yields its port."""
    command = [sys.executable, str(HERE / "servers.py"), kind, "--delay", str(delay)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None:
            raise RuntimeError("no pipe")
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


def measure(side: str, agent: int, conversations: int, concurrency: int, model: int | None = None) -> Figures:
    """One measurement in a new process."""
    command = [sys.executable, str(HERE / "measure.py"), side, "--agent", f"http://127.0.0.1:{agent}/"]
    if side == "ringback":
        command[-1] = f"ws://127.0.0.1:{agent}/"
    command += ["--conversations", str(conversations), "--concurrency", str(concurrency)]
    if model:
        command += ["--model", f"http://127.0.0.1:{model}/v1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


@dataclass
class Pair:
    """Rounds of both sides, taken in turn so that both meet the same weather."""

    bare: list[Figures]
    ours: list[Figures]

    def median(self, figure: str) -> tuple[float, float]:
        """Bare and ours."""
        return tuple(statistics.median(row[figure] for row in rows) for rows in (self.bare, self.ours))  # type: ignore[return-value] # two lists give two medians

    def ratio(self, figure: str) -> float:
        """Median over the rounds of ours divided by bare."""
        return statistics.median(b[figure] / a[figure] for a, b in zip(self.bare, self.ours, strict=True) if a[figure])


def interleaved(rounds: int, *, agent: int, conversations: int, concurrency: int, model: int | None = None) -> Pair:
    """Bare, ours, bare, ours, …"""
    pair = Pair([], [])
    for _ in range(rounds):
        pair.bare.append(measure("bare", agent, conversations, concurrency, model))
        pair.ours.append(measure("ringback", agent, conversations, concurrency, model))
    return pair


def line(name: str, figure: str, *, target: str = "", met: bool | None = None) -> None:
    """Print one row."""
    verdict = "" if met is None else ("  met" if met else "  MISSED")
    print(f"{name:<52}{figure:>34}   {target}{verdict}", flush=True)


def scripted(rounds: int) -> None:
    """Throughput and CPU of scripted five-turn conversations."""
    conversations = 1500
    with server("agent") as agent:
        pair = interleaved(rounds, agent=agent, conversations=conversations, concurrency=50)
    bare_seconds, our_seconds = pair.median("seconds")
    bare_cpu, our_cpu = pair.median("cpu")
    speed, cpu = 1 / pair.ratio("seconds"), pair.ratio("cpu")
    line(
        "scripted: conversations a second, bare / ours",
        f"{conversations / bare_seconds:.0f} / {conversations / our_seconds:.0f}",
    )
    line("scripted: speed against bare", f"{speed:.2f}", target=">= 0.5", met=speed >= 0.5)
    line(
        "scripted: CPU ms a conversation, bare / ours",
        f"{bare_cpu / conversations * 1e3:.2f} / {our_cpu / conversations * 1e3:.2f}",
    )
    line("scripted: CPU against bare", f"{cpu:.2f}", target="<= 2.5", met=cpu <= 2.5)


def model_driven(rounds: int) -> None:
    """CPU of conversations with five caller calls and one judge call."""
    conversations = 500
    with server("agent") as agent, server("model") as model:
        pair = interleaved(rounds, agent=agent, conversations=conversations, concurrency=50, model=model)
    bare_cpu, our_cpu = pair.median("cpu")
    cpu = pair.ratio("cpu")
    line(
        "model-driven: CPU ms a conversation, bare / ours",
        f"{bare_cpu / conversations * 1e3:.2f} / {our_cpu / conversations * 1e3:.2f}",
    )
    line("model-driven: CPU against bare", f"{cpu:.2f}", target="<= 3", met=cpu <= 3)


def simultaneous(count: int, rounds: int, *, binding: bool) -> None:
    """Added delay and memory of so many conversations at once with an agent that thinks for 1 s."""
    with server("agent", delay=1.0) as agent:
        pair = interleaved(rounds, agent=agent, conversations=count, concurrency=count)
    bare_p99, our_p99 = (figure - 1.0 for figure in pair.median("p99"))
    bare_memory, our_memory = (figure / count / 1024 for figure in pair.median("memory"))
    ratio = our_p99 / bare_p99
    name = f"{count} at once"
    line(f"{name}: added delay p99 in ms, bare / ours", f"{bare_p99 * 1e3:.1f} / {our_p99 * 1e3:.1f}")
    line(
        f"{name}: added delay p99 against bare",
        f"{ratio:.2f}",
        target="<= 3" if binding else "",
        met=ratio <= 3 if binding else None,
    )
    line(
        f"{name}: memory KiB a conversation, bare / ours",
        f"{bare_memory:.1f} / {our_memory:.1f}",
        target="< 60" if binding else "",
        met=our_memory < 60 if binding else None,
    )


def start_up(rounds: int) -> None:
    """How long a person waits."""
    seconds = statistics.median(timed([str(RINGBACK), "--help"]) for _ in range(rounds + 2))
    line("ringback --help, seconds", f"{seconds:.2f}", target="< 0.4", met=seconds < 0.4)
    with server("agent") as agent:
        seconds = statistics.median(first_words(agent) for _ in range(rounds))
    line("ringback run: first words on screen, seconds", f"{seconds:.2f}", target="< 2", met=seconds < 2)
    demo = timed([sys.executable, "-m", "ringback.demo", "--report", "demo-report"])
    line("make demo after the set-up, seconds", f"{demo:.1f}", target="< 20", met=demo < 20)


def timed(command: list[str]) -> float:
    """Wall seconds of a command."""
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    return time.perf_counter() - started


def first_words(agent: int) -> float:
    """Seconds from the command to the agent's first words in its output."""
    suite = 'version: "1"\nscenarios:\n  - name: One line\n    first_message: Hello\n    script: ["Hello"]\n'
    path = ROOT / "demo-report" / "bench-suite.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(suite, encoding="utf-8")
    command = [str(RINGBACK), "run", str(path), "--agent", f"ws://127.0.0.1:{agent}/", "--verbose", "--no-store"]
    environment = dict(os.environ, RINGBACK_OPENING_WAIT="0", PYTHONUNBUFFERED="1")
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        for text in process.stdout or ():
            if "noted that down" in text:
                elapsed = time.perf_counter() - started
                process.kill()
                return elapsed
    raise SystemExit("the agent's words never appeared")


def main() -> None:
    """Run all, or those that are named."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", help="scripted, model, simultaneous, start (default: all)")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    names = options.names or ["start", "scripted", "model", "simultaneous"]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 20_000), hard), hard))
    print(f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}, {options.rounds} rounds")
    if "start" in names:
        start_up(options.rounds)
    if "scripted" in names:
        scripted(options.rounds)
    if "model" in names:
        model_driven(options.rounds)
    if "simultaneous" in names:
        simultaneous(1000, min(3, options.rounds), binding=True)
        simultaneous(2000, 1, binding=False)
        simultaneous(5000, 1, binding=False)


if __name__ == "__main__":
    main()
