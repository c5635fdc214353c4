"""Text against voice: the same scenarios and the same agent, in words and in sound: time, CPU and money in one table.

`make text-against-voice`, or `python bench/text_against_voice.py --prices FILE` with prices of your own. Both sides are
whole `ringback run` commands against whole `ringback agent demo` commands on this machine; the agent thinks for a
second before each answer. Needs flite and pocketsphinx, no key and no network; takes about six minutes.
"""

import argparse
import contextlib
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from text_against_voice_models import Player, tokens_of, write_personas
from text_against_voice_table import Batch, Money, Side, Tokens, listed, not_passed, sources, table

from ringback.demo.known_lines import KNOWN_LINES
from ringback.errors import RingbackError
from ringback.library.files import load_suites
from ringback.models.price_file import load_prices
from ringback.settings import Settings
from ringback.speech.price_file import load_speech_prices
from ringback.testing import ScriptedModelServer, in_thread

RINGBACK = Path(sys.executable).with_name("ringback")
OFFERS = (
    "openai:tts-1/nova + openai:whisper-1",
    "deepgram:aura-2-thalia-en + deepgram:nova-3",
    "elevenlabs:21m00Tcm4TlvDq8ikWAM + deepgram:nova-3",
)
"""What speaks and what hears, priced unless others are asked for."""
MODELS = ("openai:gpt-4.1-mini", "openai:gpt-4.1")
"""Play callers and judges where money is counted, unless others are asked for."""
NOBODY = "ws://127.0.0.1:9"
"""The discard port: nothing listens, so that a command is all start and no conversation."""


@dataclass(frozen=True, slots=True)
class Way:
    """How one side reaches its agent."""

    agent: tuple[str, ...]
    """Options of `ringback agent demo`."""
    run: tuple[str, ...]
    """Options of `ringback run`."""
    url: str
    """Pattern of the address that the agent says."""


WORDS = Way((), (), r"ws://\S+")
SOUND = Way(
    ("--voice",),
    ("--channel", "media-streams", "--known-lines", "known-lines.txt", "--recordings", "recordings"),
    r"ws://\S+/media-streams",
)


class Bench:
    """Runs commands in a folder of its own, with no settings of the user's."""

    def __init__(self, folder: Path, suite: Path) -> None:
        self._folder = folder
        self._suite = suite.resolve()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RINGBACK_")}
        self._environment = kept | {"RINGBACK_HOME": str(folder / "home")}
        (folder / "known-lines.txt").write_text("\n".join(KNOWN_LINES), encoding="utf-8")

    @contextlib.contextmanager
    def agent(self, way: Way, thinking: float) -> Generator[str]:
        """The demo agent in a process of its own; yields its address."""
        command = [RINGBACK, "agent", "demo", "--port", "0", "--thinking", str(thinking), *way.agent]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=self._environment) as process:
            said = process.stdout.readline() if process.stdout else ""
            try:
                if (found := re.search(way.url, said)) is None:
                    raise SystemExit(f"The demo agent did not start: {said}")
                yield found[0]
            finally:
                process.terminate()

    def side(self, way: Way, thinking: float, *, repeat: int, at_once: int) -> Side:
        """One side alone on the machine, one conversation at a time and several at once."""
        with self.agent(way, thinking) as url:
            batches: list[Batch] = []
            for concurrency in (1, at_once):
                options = ("--repeat", str(repeat), "--concurrency", str(concurrency))
                _, start_cpu, _ = self.run(way, NOBODY, "--concurrency", str(concurrency))
                seconds, cpu, report = self.run(way, url, *options)
                batch = Batch(at_once=concurrency, seconds=seconds, cpu=cpu, start_cpu=start_cpu, report=report)
                comparable(report)
                batches.append(batch)
        return Side(alone=batches[0], together=batches[1])

    def tokens(self) -> Tokens:
        """What models would read and write for the same conversations."""
        scenarios = load_suites([self._suite]).scenarios
        player = Player(scenarios)
        with in_thread(ScriptedModelServer(player.line)) as model, self.agent(WORDS, 0) as url:
            model.on("", player.verdict, wants_object=True)
            self._environment |= {"RINGBACK_CALLER_MODEL": "openai:any", "RINGBACK_CALLER_BASE_URL": model.url}
            _, _, report = self.run(WORDS, url, suite=write_personas(self._folder, scenarios))
        return tokens_of(comparable(report))

    def run(self, way: Way, url: str, *options: str, suite: Path | None = None) -> tuple[float, float, dict[str, Any]]:
        """One `ringback run`: its seconds, its seconds of CPU with all processes it started, and its report."""
        report, log = self._folder / "report.json", self._folder / "log"
        report.unlink(missing_ok=True)
        command = [RINGBACK, "run", suite or self._suite, "--agent", url, "--json", report, *way.run, *options]
        started = time.perf_counter()
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, cwd=self._folder, env=self._environment, stdout=output, stderr=subprocess.STDOUT
            )
            _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if not report.exists():
            raise SystemExit(f"{' '.join(map(str, command))}\n{log.read_text(encoding='utf-8')}")
        return seconds, used.ru_utime + used.ru_stime, json.loads(report.read_text(encoding="utf-8"))


def comparable(report: dict[str, Any]) -> dict[str, Any]:
    """The report, unless a conversation of it went another way than it should."""
    if unfit := not_passed(report):
        raise SystemExit(f"These conversations cannot be compared: {', '.join(unfit)}")
    return report


def conditions(options: argparse.Namespace, conversations: int, priced: Money, load: Mapping[str, float]) -> list[str]:
    """What has to be known of the figures."""
    settings = Settings()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs, {memory:.0f} GB"
    programs = f"Ringback {version('ringback')}, Python {platform.python_version()}"
    patience = f"{settings.settle:g} s of quiet in words, {settings.end_of_turn:g} s of silence in sound"
    thinks = f"the agent thinks for {options.thinking:g} s before each answer"
    otherwise = (
        f"and ${priced.per_minute:g} for each minute of a spoken one"
        if priced.per_minute
        else "and none of the agent's"
    )
    read, written = priced.tokens.read, priced.tokens.written
    same = "a token being four characters; counted with a scripted model in words, and taken to be the same in sound"
    return [
        f"{datetime.now(UTC):%-d %B %Y}; {machine}; load {load['before']:.1f} before, {load['after']:.1f} after",
        f"{programs}; flite speaks for callers and agent, pocketsphinx {version('pocketsphinx')} hears both",
        f"{conversations} conversations in each of the four batches, every scenario {options.repeat} times; all passed",
        f"{thinks}, and as long again for each tool",
        f"the end of the agent's turn: {patience}, the defaults",
        "CPU is that of `ringback run` and of all processes it started, not the agent's",
        f"money is that of 100 average conversations of these, every word paid each time, {otherwise}",
        f"caller and judge read {read:.0f} tokens a conversation and write {written:.0f}, {same}",
    ]


def money(options: argparse.Namespace, tokens: Tokens) -> Money:
    """What is priced, by the user's own prices first."""
    return Money(
        offers=tuple(options.speech or OFFERS),
        models=tuple(options.model or MODELS),
        tokens=tokens,
        own=load_prices(options.prices) if options.prices else {},
        own_speech=load_speech_prices(options.prices) if options.prices else {},
        per_minute=options.per_minute,
    )


def options_of(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """What is asked for; None: on the command line."""
    parser = argparse.ArgumentParser(description="Text against voice: time, CPU and money in one table.")
    parser.add_argument("--prices", type=Path, metavar="FILE", help="own prices, as RINGBACK_PRICES_FILE has them")
    parser.add_argument("--speech", action="append", metavar="'VOICE + EAR'", help="price these; repeatable")
    parser.add_argument("--model", action="append", help="let it play callers and judges, and price it; repeatable")
    parser.add_argument("--per-minute", type=float, default=0.0, help="dollars of a minute on your line or platform")
    parser.add_argument("--repeat", type=int, default=2, help="conversations of each scenario (default: %(default)s)")
    parser.add_argument("--at-once", type=int, default=6, help="conversations at once (default: %(default)s)")
    parser.add_argument("--thinking", type=float, default=1.0, help="seconds (default: %(default)s)")
    parser.add_argument("--suite", type=Path, default=Path(__file__).with_suffix(".yaml"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    for offer in options.speech or ():
        if " + " not in offer:
            parser.error(f"--speech {offer}: write what speaks and what hears, as in '{OFFERS[0]}'")
    return options


def main() -> None:
    """Measure, and print the page's figures as Markdown."""
    options = options_of()
    load = {"before": os.getloadavg()[0]}
    try:
        money(options, Tokens(read=0, written=0))  # a wrong file is told before ten minutes have passed
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(Path(folder), options.suite)
            text, voice = (
                bench.side(way, options.thinking, repeat=options.repeat, at_once=options.at_once)
                for way in (WORDS, SOUND)
            )
            priced = money(options, bench.tokens())
    except RingbackError as error:
        raise SystemExit(str(error)) from None
    load["after"] = os.getloadavg()[0]
    print("\n".join(table(text, voice, priced)))
    print("\nConditions:\n")
    print(listed(conditions(options, len(text.alone.runs), priced, load)))
    print("\nPrices:\n")
    print(listed(sources(priced)))


if __name__ == "__main__":
    main()
