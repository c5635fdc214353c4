"""What `ringback results` does."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ringback.cli.connecting import PROJECT_FILE
from ringback.cli.failure import failures_lines, outcome_mark, transcript_lines
from ringback.cli.formats import Format
from ringback.cli.reports import rendered, write_whole
from ringback.cli.summary import comparison_lines, print_summary
from ringback.cli.terminal import open_console, show
from ringback.domain.outcome import Outcome
from ringback.domain.run import Result, Run
from ringback.domain.visible import one_line, visible
from ringback.errors import UsageError
from ringback.library.project import load_project
from ringback.results.compare import compare
from ringback.results.summary import summarise
from ringback.settings import Settings, load_settings
from ringback.storage.store import Store
from ringback.wiring.store import open_store

T = TypeVar("T")


def with_store(job: Callable[[Store], Awaitable[T]]) -> T:
    """Do a job on the settings' database."""

    async def opened() -> T:
        store = await open_store(_settings())
        try:
            await store.mark_abandoned()  # so that what a dead process left is shown as what it is
            return await job(store)
        finally:
            await store.close()

    return asyncio.run(opened())


def _settings() -> Settings:
    return load_settings(os.environ, load_project(PROJECT_FILE).settings)


def list_newest(limit: int) -> None:
    """A line a result."""
    overviews = with_store(lambda store: store.results(limit + 1))
    if not overviews:
        typer.echo("No results yet: `ringback run suite.yaml --agent ws://…` makes one.")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("result", "when", "name", "agent", "passed", "other", ""):
        table.add_column(heading, header_style="dim", justify="left", no_wrap=heading != "name")
    for overview in overviews[:limit]:
        result, outcomes = overview.result, overview.outcomes
        valid = outcomes.get(Outcome.PASSED, 0) + outcomes.get(Outcome.FAILED, 0)
        others = [f"{n} {outcome}" for outcome, n in outcomes.items() if not outcome.is_valid]
        if (left := overview.planned - overview.done) and not result.interrupted:
            others.append(f"{left} not done yet")
        table.add_row(
            str(result.id),
            f"{result.created_at.astimezone():%Y-%m-%d %H:%M}",
            visible(result.name),
            visible(result.agent_name),
            f"{outcomes.get(Outcome.PASSED, 0)} of {valid}",
            ", ".join(others),
            Text("interrupted", style="yellow") if result.interrupted else "",
        )
    console = open_console()
    console.print(table)
    if len(overviews) > limit:
        console.print(Text(f"and older ones: `ringback results list --limit {2 * limit}`", style="dim"))


def show_result(result_id: int, *, run_id: int | None, verbose: bool) -> None:
    """The summary and the failures, or one run whole."""
    result = with_store(lambda store: store.result(result_id))
    console = open_console()
    if run_id is not None:
        _print_run(console, _run_of(result, run_id))
        return
    labels = ", ".join(f"{key}={value}" for key, value in result.provenance.labels.items())
    named = (result.name, *dict.fromkeys((result.agent_name, result.agent_url)))
    console.print(Text(visible(" · ".join(name for name in named if name)), style="bold"))
    commit = result.provenance.git_commit
    for detail in (f"{result.created_at.astimezone():%Y-%m-%d %H:%M}", commit and f"commit {commit[:12]}", labels):
        if detail:
            console.print(Text(visible(detail), style="dim"))
    summary = summarise(result)
    for scenario in summary.scenarios:
        if verbose:
            for run in scenario.runs:
                _print_run(console, run)
        elif scenario.tally.passed < scenario.tally.planned:
            console.print(Text(one_line(scenario.name), style="bold"))
            for line in failures_lines(scenario.runs):
                show(console, line)
    print_summary(console, result, summary, None, stored=False)


def _run_of(result: Result, run_id: int) -> Run:
    for run in result.runs:
        if run.id == run_id:
            return run
    numbers = f"{result.runs[0].id} to {result.runs[-1].id}" if result.runs else "none"
    raise UsageError(f"Result {result.id} has no run {run_id}. Its runs: {numbers}.")


def _print_run(console: Console, run: Run) -> None:
    name = one_line(run.specification.scenario.name)
    if run.outcome is None:
        console.print(Text(f"- {name}: {run.status}", style="dim"))
        return
    console.print(outcome_mark(run.outcome).append(f" {name}", style="bold default"))
    for line in transcript_lines(run):
        show(console, line)


def compare_results(baseline_id: int, result_id: int) -> int:
    """Print the comparison; 1 when a scenario got worse, else 0."""

    async def both(store: Store) -> tuple[Result, Result]:
        return await store.result(baseline_id), await store.result(result_id)

    comparison = compare(*with_store(both))
    console = open_console()
    for line in comparison_lines(comparison):
        show(console, line)
    return 1 if comparison.got_worse else 0


def export_result(result_id: int, output_format: Format, output: Path | None, *, baseline_id: int | None) -> None:
    """Write one report to a file or to standard output."""

    async def needed(store: Store) -> tuple[Result, Result | None]:
        return await store.result(result_id), await store.result(baseline_id) if baseline_id is not None else None

    result, baseline = with_store(needed)
    comparison = compare(baseline, result) if baseline else None
    recordings = _settings().effective_recordings
    text = rendered(output_format, result, summarise(result), comparison, path=output, recordings=recordings)
    if output is None:
        typer.echo(text)
    else:
        write_whole(output, text)
        typer.echo(f"report  {output}")
