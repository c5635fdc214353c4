"""Scripted callers: verbatim lines, in order, and nothing of a model in sight."""

import subprocess
import sys

from ringback.callers.caller import HangUp, Heard, Move, Say
from ringback.callers.scripted import ScriptedCaller

HEARD = Heard(turn=(), transcript=())


def line(move: Move) -> str:
    assert isinstance(move, Say)
    return move.utterance.text


async def test_lines_are_said_verbatim_and_in_order_and_then_the_caller_hangs_up() -> None:
    caller = ScriptedCaller(["Hello", "I said <endcall/> {{x}}", " spaced "])
    first = await caller.open()
    caller.said(first)
    second = await caller.reply(HEARD)
    caller.said(second)
    third = await caller.reply(HEARD)
    caller.said(third)
    assert (line(first), line(second), line(third)) == ("Hello", "I said <endcall/> {{x}}", "spaced")
    assert isinstance(second, Say)
    assert not second.utterance.ends_call
    assert isinstance(await caller.reply(HEARD), HangUp)


async def test_a_line_that_was_not_said_is_proposed_again() -> None:
    caller = ScriptedCaller(["one", "two"])
    assert line(await caller.reply(HEARD)) == line(await caller.reply(HEARD)) == "one"
    caller.said(HangUp())
    assert line(await caller.reply(HEARD)) == "one"


async def test_a_caller_that_must_open_with_nothing_to_say_says_hello_and_hangs_up_next() -> None:
    caller = ScriptedCaller([])
    first = await caller.open()
    assert line(first) == "Hello"
    caller.said(first)
    assert isinstance(await caller.reply(HEARD), HangUp)
    assert not caller.waits_for_agent_first


async def test_when_the_script_is_out_another_caller_goes_on_and_hears_what_was_said() -> None:
    """The second script stands for whoever improvises."""
    caller = ScriptedCaller(["one"], then=ScriptedCaller(["two", "three"]))
    for expected in ("one", "two", "three"):
        move = await caller.reply(HEARD)
        assert line(move) == expected
        caller.said(move)
    assert isinstance(await caller.reply(HEARD), HangUp)
    assert line(await ScriptedCaller([], then=ScriptedCaller(["two"])).open()) == "two"


def test_scripted_callers_import_nothing_of_models_prompts_or_guards() -> None:
    """Measured in a fresh interpreter."""
    code = (
        "import sys, ringback.callers.scripted, ringback.callers.build;"
        "bad = [m for m in sys.modules if m.split('.')[0] in ('pydantic_ai', 'openai', 'jinja2', 'aiohttp')"
        " or m in ('ringback.callers.persona', 'ringback.callers.guard')];"
        "sys.exit(str(bad) if bad else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
