"""Commands about suite files: start one, check one, describe the format."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(init)
    app.command()(validate)
    app.command()(schema)


def init(
    directory: Annotated[
        Path, typer.Argument(help="Folder to write into; made where it is missing.", metavar="FOLDER")
    ] = Path(),
) -> None:
    """Write a small commented suite and a ringback.toml to start from; files that exist are left alone."""
    from ringback.library.init import init_project  # noqa: PLC0415 - keeps --help quick

    written = init_project(directory)
    for path in (directory / "suite.yaml", directory / "ringback.toml"):
        typer.echo(f"wrote {path}" if path in written else f"kept {path}: it is there already")
    typer.echo("\nNext:\n  ringback agent demo --port 8765        # an agent to try it on, in another terminal")
    typer.echo(f"  ringback run {directory / 'suite.yaml'} --agent demo")


def validate(
    suites: Annotated[list[Path], typer.Argument(help="Suite files, YAML or JSON.", metavar="SUITE")],
) -> None:
    """Check suite files and name every problem at once, with file, line and remedy; exit 2 if there is one."""
    from ringback.library.files import load_suites  # noqa: PLC0415 - keeps --help quick

    loaded = load_suites(suites)
    for warning in loaded.warnings:
        typer.echo(f"warning: {warning}")
    conversations = sum(
        scenario.frequency * max(1, len(scenario.personalities)) * max(1, len(scenario.profiles))
        for scenario in loaded.scenarios
    )
    count = len(loaded.scenarios)
    runs = f"{conversations} conversation{'' if conversations == 1 else 's'}"
    typer.echo(f"{count} scenario{'' if count == 1 else 's'}, {runs}: no problems.")


def schema() -> None:
    """Print the JSON Schema of suite files, for editors and other tools."""
    import json  # noqa: PLC0415 - keeps --help quick

    from ringback.library.schema import suite_schema  # noqa: PLC0415 - keeps --help quick

    typer.echo(json.dumps(suite_schema(), indent=2))
