"""`ringback run` with an agent on the telephone, as the tests of the telephone use it."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from command_line import CommandLine, Finished
from peer_speech import read_channels

from ringback.speech.audio import Sound
from ringback.speech.pocketsphinx_ear import GrammarEar

LOOPBACK = {"RINGBACK_SIP_INTERFACE": "127.0.0.1", "RINGBACK_SIP_LISTEN": "127.0.0.1:0", "RINGBACK_END_OF_TURN": "0.4"}
"""Settings with which calls stay on this machine."""

HELLO, DAY = "Hello, this is the clinic.", "Which day would you like?"
BOOK = "I would like to book a visit."
"""What the agent says, and between the two our caller."""

ATTEMPTS = 3
"""Calls that are made for one whose sound the machine lets through without gaps."""

_T = TypeVar("_T")


def project(ringback: CommandLine, uri: str, *known_lines: str, more: str = "") -> None:
    """A project with one agent, which speaks first; without a URI it calls us; `more`: further lines of its entry."""
    ringback.write("lines.txt", "\n".join(known_lines))
    where = f'url = "{uri}"\n' if uri else "inbound = false\n"
    entry = f'{where}channel = "sip"\nknown_lines = "lines.txt"\nagent_speaks_first = true\n{more}'
    ringback.write("ringback.toml", f"[agents.desk]\n{entry}")


def booking(keys: str) -> str:
    """A suite whose caller waits for a greeting, says BOOK and presses keys, and hangs up when it was answered."""
    return f"""\
version: "1"
scenarios:
  - name: Books a visit
    language: en
    conditional_actions:
      role: A patient
      conditions:
        - id: 0
          condition: FIRST_MESSAGE
          action: '{BOOK}<dtmf digits="{keys}"/>'
          type: standard
          fixed_message: true
        - {{id: 1, condition: 0, action: <endcall/>, type: action_followup, fixed_message: true}}
    checks:
      - {{type: agent_said, text: Which day}}
"""


def runs_of(ringback: CommandLine, report: str = "r.json") -> list[dict[str, Any]]:
    """The runs of a report."""
    return list(json.loads((ringback.folder / report).read_text())["result"]["runs"])


def said(conversation: dict[str, Any], role: str) -> list[str]:
    """All that one side said."""
    return [entry["content"] for entry in conversation["entries"] if entry["role"] == role and entry["content"]]


async def unless_over(running: "asyncio.Task[Finished]", wanted: Awaitable[_T]) -> _T:
    """Wait for something that the command has to do, and fail with its words where it ends without."""
    waiting = asyncio.ensure_future(wanted)
    await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
    if not waiting.done():
        waiting.cancel()
        raise AssertionError(running.result().text)
    return waiting.result()


async def until_words_come_through(hold: Callable[[], Awaitable[dict[str, Any]]], *words: str) -> dict[str, Any]:
    """The conversation of a call, held again where words were lost and the call itself says that its line was bad.

    Both sides send their sound in real time: on a machine that is too busy it has gaps.
    """
    for attempt in range(ATTEMPTS):
        conversation = await hold()
        if set(words) <= {entry["content"] for entry in conversation["entries"]}:
            return conversation
        assert conversation["voice"]["degraded"], conversation["entries"]
        assert attempt < ATTEMPTS - 1, conversation["voice"]["degraded"]
    raise AssertionError


async def words_on_both_channels(
    ringback: CommandLine, conversation: Mapping[str, Any], of_caller: str, *of_agent: str
) -> None:
    """The recording's channels hold what the transcript says, where it says it, by an ear that knows these lines."""
    caller, called = read_channels(ringback.folder / f".ringback/recordings/{conversation['voice']['recording']}.wav")
    ear = GrammarEar([of_caller, *of_agent])
    for entry in (entry for entry in conversation["entries"] if entry["content"] in (of_caller, *of_agent)):
        side = caller if entry["content"] == of_caller else called
        # Silence goes with it: the ear fits itself to all that it is given.
        start, end = (round(seconds * side.rate) for seconds in (entry["start"] - 0.2, entry["end"] + 0.2))
        assert (await ear.hear(Sound(side.samples[max(0, start) : end], side.rate))).text == entry["content"]
    await ear.close()
