"""What `ringback chat` does: a person is the caller."""

import asyncio
import os
import threading
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.text import Text

from ringback.channels.channel import (
    CalledTool,
    CallIds,
    Channel,
    ChannelEvent,
    Dropped,
    EndedCall,
    Noted,
    ReportedError,
    Said,
    ToolReturned,
)
from ringback.channels.websocket import agent_session
from ringback.cli.connecting import Target, find_target, header_warnings
from ringback.cli.terminal import open_console, show
from ringback.domain.utterance import Utterance
from ringback.domain.visible import visible
from ringback.errors import ChannelError
from ringback.evaluation.arguments import as_json
from ringback.wiring.lines import lines_to

EXIT_NO_SESSION = 3
AFTER_END = 1.0
"""Seconds to show what still comes after we hung up."""


def chat_by_hand(name: str, *, show_frames: bool, headers: Sequence[str], secret: str | None) -> int:
    """Hold one conversation from standard input; the process's exit code."""
    target = find_target(name, headers=headers, secret=secret)
    console = open_console()
    for warning in header_warnings(headers):
        console.print(Text(f"warning: {visible(warning)}", style="yellow"))
    return asyncio.run(_chat(target, console, show_frames=show_frames))


async def _chat(target: Target, console: Console, *, show_frames: bool) -> int:
    def on_frame(direction: str, text: str) -> None:
        _tell(console, "<< " if direction == "in" else ">> ", text, style="dim")

    async with agent_session(connect_timeout=target.settings.connect_timeout) as session:
        make = lines_to(target.agent, target.settings, session, on_frame=on_frame if show_frames else None)
        line = make(CallIds(scenario=1, result=1, run=1))
        try:
            await line.open()
        except ChannelError as error:
            console.print(Text(f"No conversation: {visible(str(error))}", style="red"))
            return EXIT_NO_SESSION
        console.print(Text(f"Connected to {target.agent.shown_url}. An empty line or Ctrl-D hangs up.", style="dim"))
        try:
            await _talk(line, console)
        finally:
            await line.close()
    return 0


async def _talk(line: Channel, console: Console) -> None:
    """Lines typed go out, what the agent does is shown, until one side hangs up."""
    closed = asyncio.Event()
    reader = asyncio.create_task(_show_events(line, console, closed))
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    _read_lines(lines.put_nowait)
    gone = asyncio.create_task(closed.wait())
    try:
        while not closed.is_set():
            typed = asyncio.create_task(lines.get())
            await asyncio.wait({typed, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not typed.done():
                typed.cancel()
                break
            words = typed.result()
            if not words:
                console.print(Text("You hung up.", style="dim"))
                await line.send(Utterance.of("", ends_call=True))
                await asyncio.wait({gone}, timeout=AFTER_END)
                break
            await line.send(Utterance.of(words))
    finally:
        gone.cancel()
        await line.close()
        await reader


def _read_lines(put: Callable[[str | None], None]) -> None:
    """Hand each line of standard input on, and None at its end.

    A thread reads the descriptor itself: it works on terminals, pipes and files alike, and holds no lock of
    `sys.stdin` when the process ends.
    """
    loop = asyncio.get_running_loop()

    def pump() -> None:
        held = b""
        while chunk := os.read(0, 65536):
            *lines, held = (held + chunk).split(b"\n")
            for line in lines:
                loop.call_soon_threadsafe(put, line.decode(errors="replace").rstrip("\r"))
        if held:
            loop.call_soon_threadsafe(put, held.decode(errors="replace"))
        loop.call_soon_threadsafe(put, None)

    threading.Thread(target=pump, daemon=True, name="standard input").start()


async def _show_events(line: Channel, console: Console, closed: asyncio.Event) -> None:
    names: dict[str, str] = {}
    async for event in line.events():
        for remark in event.remarks:
            _tell(console, "  ! ", remark.sentence, style="yellow")
        if event.metadata:
            _tell(console, "  metadata ", as_json(dict(event.metadata)), style="dim")
        show_event(console, event, names)
        if isinstance(event, EndedCall):
            closed.set()
    closed.set()


def show_event(console: Console, event: ChannelEvent, names: dict[str, str]) -> None:
    """Print what the agent did.

    Args:
        console: where to.
        event: what it did.
        names: of the tools that were called, by the calls' ids; a call adds its own.
    """
    match event:
        case Said(text=text) | EndedCall(text=text):
            _tell(console, "agent  ", text, style="bold magenta", words="not bold default")
            if isinstance(event, EndedCall):
                console.print(Text("The agent ended the call.", style="dim"))
        case CalledTool(tool=tool):
            names[tool.id] = tool.name
            _tell(console, "  tool   ", f"{tool.name}({as_json(tool.arguments)})", style="yellow")
        case ToolReturned(tool=tool):
            result = tool.result if isinstance(tool.result, str) else as_json(tool.result)
            _tell(console, "  tool   ", f"{tool.name or names.get(tool.id, '')} → {result}", style="yellow")
        case ReportedError(text=text):
            _tell(console, "  error  ", text, style="red")
        case Dropped() if not event.closed_by_us:
            code = " without a close frame" if event.close_code is None else f" with code {event.close_code}"
            reason = f": {event.reason}" if event.reason else ""
            _tell(console, "", f"The line was closed{code}{reason}.", style="dim")
        case Noted() | Dropped():
            return


def _tell(console: Console, label: str, text: str, *, style: str, words: str = "") -> None:
    """Print what came from the agent: a line break in it begins no line of ours."""
    shown = visible(text)
    if console.is_terminal:
        shown = shown.replace("\n", "\n" + " " * max(2, len(label)))
    show(console, Text(label, style=style).append(shown, style=words or style))
