"""`ringback run`: hold every conversation of a suite with an agent and judge them."""

import signal
from pathlib import Path
from typing import Annotated, Literal

import typer

from ringback.cli.flag_values import finite
from ringback.cli.run_options import RunOptions
from ringback.cli.verbosity import Verbosity

REPORTS = "Reports"
CHOICE = "What to run"
MODELS = "Cost and models"
OUTPUT = "Output"
VOICE = "Voice"


def register(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command(
        epilog="Exit codes: 0 all scenarios meet their threshold; 1 one misses it; 3 one lacks sufficient evidence"
        " (errors, invalid callers, inconclusive verdicts); 2 usage or file error; 130 stopped by Ctrl-C."
    )(run)


def run(
    *,
    suites: Annotated[list[Path] | None, typer.Argument(help="Suite files, YAML or JSON.", metavar="SUITE")] = None,
    agent: Annotated[
        str | None,
        typer.Option(
            help="An agent in ringback.toml, or ws://…, wss://…, sip:… or +1…; the only one there if left out.",
            metavar="NAME|URL",
        ),
    ] = None,
    repeat: Annotated[
        int | None, typer.Option(min=1, help="Conversations per scenario; replaces every frequency.", metavar="N")
    ] = None,
    concurrency: Annotated[int | None, typer.Option(min=1, help="Conversations at the same time.", metavar="N")] = None,
    header: Annotated[
        list[str] | None,
        typer.Option(help="Handshake header K=V over all others but X-VOCERA-*; repeatable.", metavar="K=V"),
    ] = None,
    secret: Annotated[
        str | None, typer.Option(help="Where the value of X-VOCERA-SECRET is: env:NAME.", metavar="env:NAME")
    ] = None,
    channel: Annotated[
        Literal["text", "media-streams", "chirp", "sip"] | None,
        typer.Option(help="What carries conversations; over the agent's own channel.", rich_help_panel=VOICE),
    ] = None,
    known_lines: Annotated[
        Path | None,
        typer.Option(
            help="What a spoken agent can say: a line each, or a JSGF grammar.", rich_help_panel=VOICE, metavar="FILE"
        ),
    ] = None,
    recordings: Annotated[
        Path | None, typer.Option(help="Keep the sound of spoken calls here.", rich_help_panel=VOICE, metavar="DIR")
    ] = None,
    hang_up_port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            help="Let spoken agents hang up by REST on this port; 0 takes a free one.",
            rich_help_panel=VOICE,
            metavar="PORT",
        ),
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(help="Only scenarios with this tag; repeatable: any.", rich_help_panel=CHOICE, metavar="TAG"),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Only the scenario with this key; repeatable.", rich_help_panel=CHOICE, metavar="KEY"),
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(help="K=V, kept with the result and shown in reports; repeatable.", metavar="K=V"),
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(help="Write JUnit XML here.", rich_help_panel=REPORTS, metavar="FILE")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write one HTML page here.", rich_help_panel=REPORTS, metavar="FILE")
    ] = None,
    json_report: Annotated[
        Path | None,
        typer.Option("--json", help="Write everything as JSON here.", rich_help_panel=REPORTS, metavar="FILE"),
    ] = None,
    markdown: Annotated[
        Path | None,
        typer.Option(help="Write Markdown for a pull request here.", rich_help_panel=REPORTS, metavar="FILE"),
    ] = None,
    min_pass_rate: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Threshold of every scenario, 0 to 1; replaces pass_rate.", metavar="SHARE"),
    ] = None,
    invalid_retries: Annotated[
        int, typer.Option(min=0, help="Further attempts of a run whose caller was invalid.", metavar="N")
    ] = 1,
    max_cost: Annotated[
        float | None,
        typer.Option(
            min=0,
            callback=finite,
            help="Stop when models and speech have cost so many US dollars.",
            rich_help_panel=MODELS,
            metavar="DOLLARS",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would run and what it may cost; run nothing.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of everything random.", metavar="N")] = 0,
    no_store: Annotated[bool, typer.Option("--no-store", help="Keep nothing in the database.")] = False,
    resume: Annotated[
        int | None, typer.Option(help="Do what an interrupted result left.", metavar="RESULT", rich_help_panel=CHOICE)
    ] = None,
    failed_of: Annotated[
        int | None,
        typer.Option(
            help="Only scenarios that did not meet their threshold in this result.",
            metavar="RESULT",
            rich_help_panel=CHOICE,
        ),
    ] = None,
    baseline: Annotated[
        int | None, typer.Option(help="Compare with this result: better, worse or no evidence.", metavar="RESULT")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only failures and the summary.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Every line of every conversation.")] = False,
) -> None:
    """Hold every conversation of the suites with an agent, judge them, and say whether the agent is good."""
    if quiet and verbose:
        raise typer.BadParameter("give one of the two.", param_hint="--quiet, --verbose")
    # While half of the program is loaded, Ctrl-C simply ends it.
    interrupt = signal.signal(signal.SIGINT, signal.SIG_DFL)
    from ringback.cli.run_command import carry_out  # noqa: PLC0415 - keeps --help quick

    signal.signal(signal.SIGINT, interrupt)
    options = RunOptions(
        suites=tuple(suites or ()),
        agent=agent,
        repeat=repeat,
        concurrency=concurrency,
        headers=tuple(header or ()),
        secret=secret,
        channel=channel,
        known_lines=known_lines,
        recordings=recordings,
        hang_up_port=hang_up_port,
        tags=tuple(tag or ()),
        only=tuple(only or ()),
        labels=tuple(label or ()),
        junit=junit,
        html=html,
        json_report=json_report,
        markdown=markdown,
        min_pass_rate=min_pass_rate,
        invalid_retries=invalid_retries,
        max_cost=max_cost,
        dry_run=dry_run,
        seed=seed,
        no_store=no_store,
        resume=resume,
        failed_of=failed_of,
        baseline=baseline,
        verbosity=Verbosity.QUIET if quiet else Verbosity.VERBOSE if verbose else Verbosity.NORMAL,
    )
    raise typer.Exit(carry_out(options))
