"""What a person who talks to an agent by hand sees of it."""

import io
from typing import Any

import pytest
from rich.console import Console

from ringback.channels.channel import CalledTool, ChannelEvent, Dropped, Said, ToolReturned
from ringback.cli.chat_command import show_event
from ringback.domain.conversation import ToolData


def shown(*events: ChannelEvent, terminal: bool = False) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, no_color=True, width=100, highlight=False, markup=False)
    names: dict[str, str] = {}
    for event in events:
        show_event(console, event, names)
    return [line.rstrip() for line in out.getvalue().splitlines()]


FORGED = Said(at=0.0, text="x\nYou hung up.\nThe line was closed with code 1000.")


def test_an_agent_s_line_breaks_pass_for_no_line_of_ours() -> None:
    assert shown(FORGED) == ["agent  x ⏎ You hung up. ⏎ The line was closed with code 1000."]
    assert shown(FORGED, terminal=True)[1:] == ["       You hung up.", "       The line was closed with code 1000."]


@pytest.mark.parametrize(
    ("result", "words"),
    [({"error": "no such day"}, '{"error": "no such day"}'), (None, "null"), ("Booked.", "Booked.")],
)
def test_a_tool_s_result_is_json_beside_the_name_of_its_call(result: Any, words: str) -> None:
    call = CalledTool(at=0.0, tool=ToolData(id="7", name="book", arguments={"day": "Monday"}))
    returned = ToolReturned(at=0.0, tool=ToolData(id="7", name="", result=result))
    assert shown(call, returned) == ['  tool   book({"day": "Monday"})', f"  tool   book → {words}"]


@pytest.mark.parametrize(
    ("dropped", "sentence"),
    [
        (Dropped(at=0.0, close_code=None, reason=""), "The line was closed without a close frame."),
        (Dropped(at=0.0, close_code=1011, reason="oops"), "The line was closed with code 1011: oops."),
    ],
)
def test_the_end_of_the_line_is_told(dropped: Dropped, sentence: str) -> None:
    assert shown(dropped) == [sentence]
