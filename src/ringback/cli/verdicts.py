"""How `check-agent` and `check-line` show what they tried, a line a rule."""

from rich.console import Console
from rich.text import Text

from ringback.domain.visible import visible
from ringback.runs.conformance import Level, Verdict

MARKS = {Level.OK: ("✓", "green"), Level.NOTE: ("·", "cyan"), Level.BROKEN: ("✗", "bold red")}


def print_verdict(console: Console, verdict: Verdict) -> None:
    """One trial, and the frame that breaks the rule where there is one."""
    sign, style = MARKS[verdict.level]
    console.print(Text(sign, style=style).append(f" {verdict.rule}: ", style="bold").append(visible(verdict.sentence)))
    if verdict.frame:
        console.print(Text(f"    frame: {visible(verdict.frame)}", style="dim"))
