"""What `ringback check-agent` does."""

import asyncio
from collections.abc import Callable, Sequence

from pydantic import SecretStr
from rich.console import Console
from rich.text import Text

from ringback.channels.channel import CallIds, Channel
from ringback.channels.websocket import agent_session
from ringback.cli.connecting import Target, find_target, header_warnings
from ringback.cli.terminal import open_console
from ringback.cli.verdicts import print_verdict
from ringback.domain.agent import Agent
from ringback.domain.visible import visible
from ringback.errors import ChannelError
from ringback.runs.conformance import Level, OpenLine, Patience, check_agent
from ringback.wiring.lines import lines_to

EXIT_BROKEN = 1
EXIT_NO_SESSION = 3
WRONG_SECRET = "ringback-wrong-secret"  # noqa: S105 - deliberately not one


def check_by_rules(name: str, *, headers: Sequence[str], secret: str | None, answer_patience: float) -> int:
    """Print a line a rule; the process's exit code."""
    target = find_target(name, headers=headers, secret=secret)
    settings = target.settings
    patience = Patience(
        greeting=settings.opening_wait, answer=answer_patience, quiet=settings.settle, after_end=settings.grace
    )
    console = open_console()
    for warning in header_warnings(headers):
        console.print(Text(f"warning: {visible(warning)}", style="yellow"))
    return asyncio.run(_check(target, patience, console))


async def _check(target: Target, patience: Patience, console: Console) -> int:
    console.print(Text(f"Checking {target.agent.shown_url}"))
    broken = tried = 0
    async with agent_session(connect_timeout=target.settings.connect_timeout) as session:

        def opener(agent: Agent) -> OpenLine:
            def open_line(on_frame: Callable[[str, str], None], ping_interval: float) -> Channel:
                ping_timeout = min(target.settings.ping_timeout, 2 * ping_interval)
                settings = target.settings.model_copy(
                    update={"ping_interval": ping_interval, "ping_timeout": ping_timeout}
                )
                return lines_to(agent, settings, session, on_frame=on_frame)(CallIds(scenario=1, result=1, run=1))

            return open_line

        wrong = target.agent.model_copy(update={"secret": SecretStr(WRONG_SECRET)})
        try:
            async for verdict in check_agent(
                opener(target.agent),
                open_without_secret=opener(wrong) if target.agent.secret else None,
                patience=patience,
            ):
                tried += verdict.level is not Level.NOTE
                broken += verdict.level is Level.BROKEN
                print_verdict(console, verdict)
        except ChannelError as error:
            console.print(Text(f"✗ no session could be opened: {visible(str(error))}", style="red"))
            return EXIT_NO_SESSION
    if broken:
        console.print(Text(f"{broken} of {tried} trials show a broken rule.", style="bold red"))
        return EXIT_BROKEN
    console.print(Text(f"All {tried} rules that were tried are kept.", style="bold green"))
    return 0
