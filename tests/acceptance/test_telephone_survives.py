"""The process that carries telephone calls is killed amid three calls, and the command above it, too."""

import asyncio
import signal

import psutil
import pytest
from command_line import CommandLine
from peer_process import until
from peer_speech import words_mulaw
from sipp_peer import SippPeer
from telephone_runs import LOOPBACK, project, runs_of

HELLO, BOOK = "Hello, this is the clinic.", "I would like to book a visit."
SUITE = f"""\
version: "1"
scenarios:
  - name: Books
    language: en
    frequency: 4
    conditional_actions:
      role: A patient
      conditions:
        - {{id: 0, condition: FIRST_MESSAGE, action: {BOOK}<endcall/>, type: standard, fixed_message: true}}
"""


async def talking(ringback: CommandLine, agent: SippPeer, **environment: str) -> asyncio.subprocess.Process:
    """A command that holds three calls of four, all of them answered."""
    ringback.write("suite.yaml", SUITE)
    project(ringback, agent.uri, HELLO)
    words = ("run", "suite.yaml", "--concurrency", 3, "--json", "r.json")
    process = await ringback.start(*words, **LOOPBACK, **environment)
    reading = asyncio.ensure_future(process.wait())
    answered = asyncio.ensure_future(agent.received("ACK", 3))
    await asyncio.wait([reading, answered], return_when=asyncio.FIRST_COMPLETED)
    assert answered.done(), process.stderr and (await process.stderr.read()).decode()
    reading.cancel()
    return process


def carrier(process: int) -> psutil.Process:
    """The process that carries its calls."""
    return next(
        child
        for child in psutil.Process(process).children(recursive=True)
        if child.cmdline()[1:3] == ["-m", "ringback.channels.sip"]
    )


async def test_a_killed_runtime_costs_its_calls_alone_and_the_next_call_is_held(ringback: CommandLine) -> None:
    async with SippPeer(ringback.folder, "answers", plays=await words_mulaw(ringback.folder, HELLO, tail=15)) as agent:
        process = await talking(ringback, agent)
        carrier(process.pid).kill()
        out, err = await process.communicate()
    text = (out + err).decode()
    assert process.returncode == 3, text
    assert "Traceback" not in text
    runs = runs_of(ringback)
    endings = sorted(run["conversation"]["ending"]["code"] for run in runs)
    assert endings == ["caller_ended", *["telephone_failed"] * 3], text
    for run in runs:
        conversation, outcome = run["conversation"], run["evaluation"]["outcome"]
        if conversation["ending"]["code"] == "telephone_failed":
            assert outcome == "error"
            assert "The process that carries telephone calls died" in conversation["ending"]["sentence"]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_no_runtime_outlives_the_command(ringback: CommandLine, how: signal.Signals) -> None:
    async with SippPeer(ringback.folder, "answers", plays=await words_mulaw(ringback.folder, HELLO, tail=5)) as agent:
        process = await talking(ringback, agent)
        carries = carrier(process.pid)
        process.send_signal(how)
        await process.wait()
        await until("the runtime is still there", lambda: not running(carries))


def running(process: psutil.Process) -> bool:
    """Whether it has not ended; nobody may have asked for its status yet."""
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
