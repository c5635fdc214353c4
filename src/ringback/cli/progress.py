"""Shows the event stream of a result while it runs: a live table on a terminal, plain lines elsewhere."""

import asyncio
import time
from collections import defaultdict
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ringback.cli.failure import failures_lines, is_told_already, outcome_mark
from ringback.cli.terminal import show
from ringback.cli.verbosity import Verbosity
from ringback.domain.conversation import Entry, Role
from ringback.domain.event import (
    CallAwaited,
    CallOpened,
    CallTaken,
    EntryAdded,
    Event,
    FindingAdded,
    MetadataAdded,
    Notice,
    ResultStarted,
    RunFinished,
    RunStarted,
)
from ringback.domain.outcome import Outcome
from ringback.domain.run import Run
from ringback.domain.visible import visible
from ringback.evaluation.arguments import as_json
from ringback.evaluation.quotes import shown_text
from ringback.evaluation.unheard import NOT_RECOGNISED, is_unheard

REDRAW = 0.125
"""Seconds between two pictures of the live table."""
SHOWN_CONVERSATIONS = 8
"""Rows of the live table; more conversations are counted in one line."""


@dataclass(slots=True)
class _Running:
    name: str
    repeat: int
    attempt: int
    began: float
    speaker: str = ""
    words: str = "connecting"
    entries: int = 0


class RunProgress:
    """A context manager whose `show` takes events as they come."""

    def __init__(self, console: Console, verbosity: Verbosity, planned: dict[str, int]) -> None:
        """Args: console to print on; how much; runs planned per scenario key."""
        self._console = console
        self._verbosity = verbosity
        self._planned = planned
        self._running: dict[int, _Running] = {}
        self._done: defaultdict[str, list[Run]] = defaultdict(list)
        self._total = sum(planned.values())
        self._finished = 0
        self._live: Live | None = None
        self._timer: asyncio.TimerHandle | None = None
        if console.is_terminal and verbosity is not Verbosity.QUIET:
            # Refreshed from the event loop: the library's own thread would draw between two halves of a print.
            self._live = Live(get_renderable=self._render, console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        if self._live:
            self._live.__enter__()
            self._tick()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer:
            self._timer.cancel()
        if self._live:
            self._live.__exit__(kind, error, trace)

    def _tick(self) -> None:
        """Redraw the live part, now and then every so often."""
        if self._live:
            self._live.refresh()
            self._timer = asyncio.get_running_loop().call_later(REDRAW, self._tick)

    def show(self, event: Event) -> None:
        """Take one event in; cheap, for it runs between the frames of conversations."""
        match event:
            case EntryAdded():
                self._entry(event.run_id, event.entry)
            case RunStarted():
                self._began(event)
            case CallOpened() | CallTaken():
                self._running[event.run_id].words = "connected"
            case CallAwaited():
                self._awaited(event)
            case RunFinished():
                self._ended(event.run)
            case Notice():
                self._print(Text(visible(event.sentence), style="bold"))
            case ResultStarted():
                self._total = event.total
            case FindingAdded() if self._verbosity is Verbosity.VERBOSE and not is_told_already(event.finding):
                self._print(Text(f"  run {event.run_id}  {visible(event.finding.sentence)}", style="dim yellow"))
            case MetadataAdded() if self._verbosity is Verbosity.VERBOSE:
                self._print(
                    Text(f"  run {event.run_id}  metadata {visible(as_json(event.update.values))}", style="dim")
                )
            case _:
                pass

    def _began(self, event: RunStarted) -> None:
        self._running[event.run_id] = _Running(event.scenario_name, event.repeat, event.attempt, time.monotonic())
        if event.attempt > 1 and self._verbosity is not Verbosity.QUIET:
            self._print(
                Text(
                    f"  run {event.run_id}  caller was invalid, attempt {event.attempt}: {visible(event.scenario_name)}"
                )
            )

    def _awaited(self, event: CallAwaited) -> None:
        running = self._running[event.run_id]
        until = event.closes_at.astimezone().strftime("%H:%M:%S")
        waits = f"waiting for the agent's call from {event.contact_number} to {event.number} until {until}"
        running.words = waits
        if self._verbosity is not Verbosity.QUIET:
            self._print(Text(visible(f"{running.name}: {waits}")))

    def _entry(self, run_id: int, entry: Entry) -> None:
        running = self._running[run_id]
        running.entries += 1
        running.speaker, running.words = _SPEAKERS[entry.role], entry_words(entry)
        if self._verbosity is Verbosity.VERBOSE:
            line = Text(f"  run {run_id}  {entry.start:7.2f} s  ")
            line.append(f"{running.speaker:<7}", style=_STYLES[entry.role]).append(visible(running.words))
            self._print(line)

    def _ended(self, run: Run) -> None:
        self._running.pop(run.id, None)
        self._finished += 1
        key = run.specification.scenario.key
        runs = self._done[key]
        runs.append(run)
        if len(runs) == self._planned.get(key, 0):
            del self._done[key]
            self._scenario_done(runs)

    def _scenario_done(self, runs: list[Run]) -> None:
        """One line a scenario when done; failures with the exchange that failed."""
        outcomes = [run.outcome for run in runs]
        worst = next((o for o in _WORST_FIRST if o in outcomes), Outcome.PASSED)
        if worst is Outcome.PASSED and self._verbosity is Verbosity.QUIET:
            return
        line = outcome_mark(worst)
        line.append(f" {visible(runs[0].specification.scenario.name)}  ")
        line.append(_counts(outcomes), style="dim")
        self._print(line)
        for detail in failures_lines(runs):
            self._print(detail)

    def _print(self, line: RenderableType) -> None:
        show(self._console, line)

    def _render(self) -> RenderableType:
        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(no_wrap=True, max_width=34, overflow="ellipsis")
        table.add_column(justify="right", no_wrap=True, width=7)
        table.add_column(no_wrap=True, width=7)
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        now = time.monotonic()
        for running in list(self._running.values())[:SHOWN_CONVERSATIONS]:
            name = running.name + (f" #{running.repeat}" if running.repeat > 1 else "")
            words = visible(" ".join(running.words.split()))
            table.add_row(
                Text(visible(name)),
                Text(f"{now - running.began:.1f} s", "dim"),
                Text(running.speaker, "cyan"),
                Text(words),
            )
        more = len(self._running) - SHOWN_CONVERSATIONS
        if more > 0:
            table.add_row(Text(f"and {more} more", style="dim"), "", "", "")
        bar = Table.grid(padding=(0, 1))
        bar.add_row(
            ProgressBar(total=max(1, self._total), completed=self._finished, width=30),
            Text(f"{self._finished} of {self._total} conversations"),
        )
        return Group(table, bar)


_WORST_FIRST = (Outcome.FAILED, Outcome.ERROR, Outcome.INVALID, Outcome.INCONCLUSIVE)

_SPEAKERS = {Role.CALLER: "caller", Role.AGENT: "agent", Role.TOOL_CALL: "tool", Role.TOOL_RESULT: "tool"}
_STYLES = {Role.CALLER: "cyan", Role.AGENT: "magenta", Role.TOOL_CALL: "yellow", Role.TOOL_RESULT: "yellow"}


def entry_words(entry: Entry) -> str:
    """One entry as one line of text."""
    if entry.tool is None:
        return NOT_RECOGNISED if is_unheard(entry) else entry.content or ("(hangs up)" if entry.ends_call else "")
    return shown_text(entry)


def _counts(outcomes: list[Outcome | None]) -> str:
    if len(outcomes) == 1:
        return str(outcomes[0])
    counted = ((outcome, outcomes.count(outcome)) for outcome in Outcome)
    return ", ".join(f"{count} {outcome}" for outcome, count in counted if count)
