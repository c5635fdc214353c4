"""Commands about stored results: list, show, compare, export."""

from pathlib import Path
from typing import Annotated

import typer

from ringback.cli.formats import Format

ResultArgument = Annotated[int, typer.Argument(help="Number of a result.", metavar="RESULT")]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    results = typer.Typer(help="Results that were kept.", no_args_is_help=True)
    results.command(name="list")(list_results)
    results.command()(show)
    results.command()(compare)
    results.command()(export)
    app.add_typer(results, name="results")


def list_results(
    *, limit: Annotated[int, typer.Option(min=1, help="How many, newest first.", metavar="N")] = 20
) -> None:
    """List results, newest first."""
    from ringback.cli.results_command import list_newest  # noqa: PLC0415 - keeps --help quick

    list_newest(limit)


def show(
    result: ResultArgument,
    *,
    run: Annotated[int | None, typer.Option(help="Only this run, with its whole transcript.", metavar="RUN")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Transcripts of all runs.")] = False,
) -> None:
    """Show a result: its summary and what failed."""
    from ringback.cli.results_command import show_result  # noqa: PLC0415 - keeps --help quick

    show_result(result, run_id=run, verbose=verbose)


def compare(
    baseline: ResultArgument,
    result: ResultArgument,
) -> None:
    """Compare two results scenario by scenario: better, worse or no evidence. Exit 1 when one is worse."""
    from ringback.cli.results_command import compare_results  # noqa: PLC0415 - keeps --help quick

    raise typer.Exit(compare_results(baseline, result))


def export(
    result: ResultArgument,
    *,
    output_format: Annotated[Format, typer.Option("--format", help="What to write.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; else standard output.", metavar="FILE")
    ] = None,
    baseline: Annotated[int | None, typer.Option(help="Result to compare with.", metavar="RESULT")] = None,
) -> None:
    """Write a report of a stored result."""
    from ringback.cli.results_command import export_result  # noqa: PLC0415 - keeps --help quick

    export_result(result, output_format, output, baseline_id=baseline)
