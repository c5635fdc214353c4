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


BARE, BARE_UVLOOP, OURS = "bare", "bare-uvloop", "ringback"
"""The bare loop on asyncio's own event loop, which targets are set against, and on the one that Ringback brings; we."""


class Rounds:
    """Rounds of all sides, taken in turn so that all meet the same weather."""

    def __init__(
        self, rounds: int, *, agent: int, conversations: int, concurrency: int, model: int | None = None
    ) -> None:
        self._figures: dict[str, list[Figures]] = {BARE: [], BARE_UVLOOP: [], OURS: []}
        for _ in range(rounds):
            for side, figures in self._figures.items():
                figures.append(measure(side, agent, conversations, concurrency, model))

    def median(self, figure: str) -> dict[str, float]:
        """By side."""
        return {side: statistics.median(row[figure] for row in rows) for side, rows in self._figures.items()}

    def ratio(self, figure: str, to: str) -> float:
        """Median over the rounds of ours divided by that side's."""
        pairs = zip(self._figures[to], self._figures[OURS], strict=True)
        return statistics.median(ours[figure] / bare[figure] for bare, ours in pairs if bare[figure])


SIDES = "bare / bare on uvloop / ours"


def three(by_side: dict[str, float], form: str) -> str:
    """The figures of the three sides."""
    return " / ".join(format(by_side[side], form) for side in (BARE, BARE_UVLOOP, OURS))


def line(name: str, figure: str, *, target: str = "", met: bool | None = None) -> None:
    """Print one row."""
    verdict = "" if met is None else ("  met" if met else "  MISSED")
    print(f"{name:<72}{figure:>26}   {target}{verdict}", flush=True)


def scripted(rounds: int) -> None:
    """Throughput and CPU of scripted five-turn conversations."""
    conversations = 1500
    with server("agent") as agent:
        measured = Rounds(rounds, agent=agent, conversations=conversations, concurrency=50)
    speeds = {side: conversations / seconds for side, seconds in measured.median("seconds").items()}
    line(f"scripted: conversations a second, {SIDES}", three(speeds, ".0f"))
    speed = 1 / measured.ratio("seconds", BARE)
    line("scripted: speed against bare", f"{speed:.2f}", target=">= 0.5", met=speed >= 0.5)
    line("scripted: speed against bare on uvloop", f"{1 / measured.ratio('seconds', BARE_UVLOOP):.2f}")
    cpu_figures("scripted", measured, conversations, most=2.5)


def model_driven(rounds: int) -> None:
    """CPU of conversations with five caller calls and one judge call."""
    conversations = 500
    with server("agent") as agent, server("model") as model:
        measured = Rounds(rounds, agent=agent, conversations=conversations, concurrency=50, model=model)
    cpu_figures("model-driven", measured, conversations, most=3)


def cpu_figures(name: str, measured: Rounds, conversations: int, *, most: float) -> None:
    """CPU a conversation, and against the bare loops."""
    each = {side: seconds / conversations * 1e3 for side, seconds in measured.median("cpu").items()}
    line(f"{name}: CPU ms a conversation, {SIDES}", three(each, ".2f"))
    cpu = measured.ratio("cpu", BARE)
    line(f"{name}: CPU against bare", f"{cpu:.2f}", target=f"<= {most:g}", met=cpu <= most)
    line(f"{name}: CPU against bare on uvloop", f"{measured.ratio('cpu', BARE_UVLOOP):.2f}")


def simultaneous(count: int, rounds: int, *, binding: bool) -> None:
    """Added delay and memory of so many conversations at once with an agent that thinks for 1 s."""
    with server("agent", delay=1.0) as agent:
        measured = Rounds(rounds, agent=agent, conversations=count, concurrency=count)
    added = {side: (seconds - 1.0) * 1e3 for side, seconds in measured.median("p99").items()}
    ratio = added[OURS] / added[BARE]
    name = f"{count} at once"
    line(f"{name}: added delay p99 in ms, {SIDES}", three(added, ".1f"))
    line(
        f"{name}: added delay p99 against bare",
        f"{ratio:.2f}",
        target="<= 3" if binding else "",
        met=ratio <= 3 if binding else None,
    )
    line(f"{name}: added delay p99 against bare on uvloop", f"{added[OURS] / added[BARE_UVLOOP]:.2f}")
    memory = {side: figure / count / 1024 for side, figure in measured.median("memory").items()}
    line(
        f"{name}: memory KiB each, {SIDES}",
        three(memory, ".1f"),
        target="< 60" if binding else "",
        met=memory[OURS] < 60 if binding else None,
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
