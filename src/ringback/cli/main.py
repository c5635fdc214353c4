"""The command line's root: gathers the commands and turns errors into sentences and exit codes."""

import sys

import typer

from ringback.cli import agents, db, keys, results, run, service, suites
from ringback.cli.flag_values import Commands
from ringback.cli.streams import lost_output, prepare_streams
from ringback.errors import RingbackError

EXIT_USAGE = 2

app = typer.Typer(
    name="ringback",
    cls=Commands,
    help="Hold simulated conversations with your voice or chat agent, and tell with numbers whether it is good.",
    epilog="Start with `ringback init`, then `ringback run suite.yaml --agent ws://localhost:8765`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(show: bool) -> None:
    if show:
        from importlib.metadata import version  # noqa: PLC0415 - not needed by any other command

        typer.echo(f"ringback {version('ringback')}")
        raise typer.Exit


@app.callback()
def root(
    *,
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    """Hold simulated conversations with your voice or chat agent, and tell with numbers whether it is good."""


run.register(app)
suites.register(app)
agents.register(app)
results.register(app)
service.register(app)
keys.register(app)
db.register(app)


def main() -> None:
    """Run the command line; a user's mistake ends in a sentence, never in a traceback."""
    prepare_streams()
    try:
        app()
    except RingbackError as error:
        _complain(str(error))
        sys.exit(EXIT_USAGE)
    except OSError as error:
        _complain(f"{error.filename or 'A file'} cannot be used: {error.strerror or error}.")
        sys.exit(EXIT_USAGE)
    finally:
        if lost := lost_output():
            _complain(lost)
            sys.exit(EXIT_USAGE)


def _complain(message: str) -> None:
    from ringback.domain.visible import visible  # noqa: PLC0415 - errors are rare

    for line in message.splitlines():
        typer.echo(visible(line), err=True)
