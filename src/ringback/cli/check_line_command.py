"""What `ringback check-line` does."""

import asyncio
import os

from rich.text import Text

from ringback.cli.connecting import PROJECT_FILE
from ringback.cli.line_trial import LineTrial
from ringback.cli.terminal import open_console
from ringback.cli.verdicts import print_verdict
from ringback.library.project import load_project
from ringback.runs.conformance import Level
from ringback.settings import load_settings

EXIT_BROKEN = 1


def check_line() -> int:
    """Print a line a step; the process's exit code."""
    settings = load_settings(os.environ, load_project(PROJECT_FILE).settings)
    return asyncio.run(_check(LineTrial(settings)))


async def _check(trial: LineTrial) -> int:
    console = open_console()
    broken = 0
    async for verdict in trial.verdicts():
        broken += verdict.level is Level.BROKEN
        print_verdict(console, verdict)
    if broken:
        console.print(Text("The telephone line cannot be used as it is.", style="bold red"))
        return EXIT_BROKEN
    console.print(Text("The telephone line works.", style="bold green"))
    return 0
