"""The summary of a result on the terminal: rates with n and interval, time, tokens, cost."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ringback.cli.terminal import show, typed_command
from ringback.domain.run import Result
from ringback.domain.usage import Usage
from ringback.domain.visible import one_line, visible
from ringback.results.compare import Comparison
from ringback.results.summary import EXIT_OK, LatencySummary, ResultSummary, ScenarioSummary, Tally
from ringback.results.words import interval_words, other_counts, percent, share_words, speech_words

_NARROW = 72
"""Columns below which the table would cut its figures, so that a list takes its place."""

LIGHTS = {True: ("✓", "green"), False: ("✗", "red"), None: ("?", "yellow")}


def print_summary(
    console: Console, result: Result, summary: ResultSummary, comparison: Comparison | None, *, stored: bool
) -> None:
    """Print what a person with ten seconds has to know."""
    console.print()
    if console.width < _NARROW:
        for line in _list(summary):
            show(console, line)
    else:
        console.print(_table(summary))
    colour = "green" if summary.exit_code == EXIT_OK else "red" if summary.exit_code == 1 else "yellow"
    console.print(Text(summary.verdict, style=f"bold {colour}"))
    console.print(Text(", ".join(_rate(summary.tally))))
    console.print(Text(" · ".join(_effort(summary)), style="dim"))
    if comparison is not None:
        for line in comparison_lines(comparison):
            show(console, line)
    if stored:
        console.print(Text(f"result  {result.id}: {typed_command()} results show {result.id}", style="dim"))


def _table(summary: ResultSummary) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("")
    table.add_column("scenario", ratio=3)
    for heading in ("passed", "rate", "95 % interval", "latency p95"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", ratio=2)
    for scenario in summary.scenarios:
        sign, style = LIGHTS[scenario.meets]
        table.add_row(Text(sign, style=f"bold {style}"), Text(one_line(scenario.name)), *_figures(scenario))
    return table


def _list(summary: ResultSummary) -> Iterator[Text]:
    """What the table says, a few lines a scenario."""
    for scenario in summary.scenarios:
        sign, style = LIGHTS[scenario.meets]
        yield Text.assemble((sign, f"bold {style}"), f" {one_line(scenario.name)}")
        yield Text(f"  {', '.join(_rate(scenario.tally, others=False))}")
        if scenario.latency is not None:
            yield Text(f"  latency p95 {_p95(scenario.latency)}")
        if remark := _remark(scenario):
            yield Text(f"  {remark}", style="dim")


def _figures(scenario: ScenarioSummary) -> Iterator[Text]:
    tally, latency = scenario.tally, scenario.latency
    yield Text(f"{tally.passed} of {tally.valid}")
    yield Text("-" if tally.rate is None else percent(tally.rate))
    yield Text("-" if tally.rate is None else interval_words(tally).removeprefix("95 % interval "))
    yield Text("-" if latency is None else _p95(latency))
    yield Text(_remark(scenario), style="dim")


def _p95(latency: LatencySummary) -> str:
    return f"{latency.percentiles['p95']:.2f} s"


def _remark(scenario: ScenarioSummary) -> str:
    remarks: list[str] = []
    if scenario.meets is None:
        remarks.append("insufficient evidence")
    if scenario.threshold < 1:
        remarks.append(f"needs {percent(scenario.threshold)}")
    if scenario.nothing_asserted:
        remarks.append("nothing was asserted")
    remarks.extend(other_counts(scenario.tally))
    if scenario.latency is not None and not scenario.latency.trusted:
        remarks.append(f"latency not trusted: {scenario.latency.doubt}")
    return ", ".join(remarks)


def _rate(tally: Tally, *, others: bool = True) -> Iterator[str]:
    """Never a rate without its n and its interval."""
    yield share_words(tally)
    if tally.rate is not None:
        yield interval_words(tally)
    if others:
        yield from other_counts(tally)


def _effort(summary: ResultSummary) -> Iterator[str]:
    if summary.seconds is not None:
        yield f"{summary.seconds:.1f} s"
    yield f"{summary.tally.planned} conversation{'' if summary.tally.planned == 1 else 's'}"
    usage = summary.total_usage
    if usage.calls:
        yield f"{usage.calls} model calls"
        yield f"{usage.tokens:,} tokens"
    if usage.utterances:
        yield speech_words(usage)
    if usage.calls or usage.cost != 0:
        yield cost_in_words(usage)
    else:
        yield "no model calls, no cost"


def cost_in_words(usage: Usage) -> str:
    """The money, or that it is not known."""
    return "cost unknown (no price known)" if usage.cost is None else f"${usage.cost:.4f}"


def comparison_lines(comparison: Comparison) -> Iterator[Text]:
    """The comparison with a baseline, a line a scenario."""
    yield Text(f"against result {comparison.baseline_id}", style="bold")
    for sentence in comparison.sentences():
        yield Text(f"  {visible(sentence)}")
