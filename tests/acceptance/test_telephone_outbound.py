"""`ringback run` with agents that call us: baresip from the right number, SIPp from a wrong one, and nobody."""

import asyncio
from typing import Any

import psutil
import pytest
from baresip_peer import BaresipPeer
from command_line import CommandLine
from peer_process import free_port
from peer_speech import words_wav
from sipp_peer import SippPeer
from telephone_runs import (
    BOOK,
    DAY,
    HELLO,
    LOOPBACK,
    booking,
    project,
    runs_of,
    said,
    until_words_come_through,
    words_on_both_channels,
)

OURS, CONTACT, STRANGER = "+15550100", "+1 (555) 01-11", "+15550199"
SUITE = booking("1")
MEMORY = 500_000_000
"""Bytes that the command may take at most."""
OUTBOUND = f'contact_number = "{CONTACT}"\n'


async def started(ringback: CommandLine, **environment: str) -> asyncio.subprocess.Process:
    """A command that waits to be called."""
    process = await ringback.start("run", "suite.yaml", "--json", "r.json", "-v", **{**LOOPBACK, **environment})
    assert process.stdout is not None
    lines: list[str] = []
    async with asyncio.timeout(60):
        while "waiting for the agent's call" not in (line := (await process.stdout.readline()).decode()):
            lines.append(line)
            assert line, "".join(lines)
    return process


@pytest.mark.timeout(300)  # on a busy machine the call may have to be held again
async def test_the_agent_s_call_is_taken_and_200_of_a_stranger_are_not(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE)
    project(ringback, "", HELLO, DAY, more=OUTBOUND)
    listen = f"127.0.0.1:{free_port()}"
    says = await words_wav(ringback.folder, 0.5, HELLO)
    then = await words_wav(ringback.folder, 0.3, DAY, name="then.wav")

    async def hold() -> dict[str, Any]:
        async with BaresipPeer(ringback.folder, user="+15550111", says=says) as agent:
            process = await started(ringback, RINGBACK_PHONE_NUMBERS=OURS, RINGBACK_SIP_LISTEN=listen)
            async with SippPeer(
                ringback.folder, "dials", to=listen, user=OURS, calls=200, rate=400, variables={"from": STRANGER}
            ) as stranger:
                assert await stranger.over() == 0, stranger.troubles()
            refusals = {message.header("Call-ID") for message in stranger.all_of("SIP/2.0 486")}
            assert len(refusals) == 200
            assert psutil.Process(process.pid).memory_info().rss < MEMORY
            await agent.dial(f"sip:{OURS}@{listen}")
            await agent.pressed("1")
            await agent.say(then)
            out, err = await process.communicate()
            assert "Traceback" not in (out + err).decode()
            await agent.over()
        return dict(runs_of(ringback)[0]["conversation"])

    conversation = await until_words_come_through(hold, HELLO, BOOK, DAY)
    assert said(conversation, "Main Agent") == [HELLO, DAY]
    await words_on_both_channels(ringback, conversation, BOOK, HELLO, DAY)
    refused = [finding["sentence"] for finding in conversation["findings"] if finding["code"] == "call_refused"]
    assert 1 <= len(refused) <= 30  # each is told, but not endlessly
    assert STRANGER in refused[0]


async def test_an_agent_that_does_not_call_in_time_has_not_called(ringback: CommandLine) -> None:
    ringback.write("suite.yaml", SUITE)
    project(ringback, "", HELLO, DAY, more=OUTBOUND)
    process = await started(ringback, RINGBACK_PHONE_NUMBERS=OURS, RINGBACK_DIAL_WINDOW="1")
    out, err = await process.communicate()
    assert process.returncode == 3, (out + err).decode()
    run = runs_of(ringback)[0]
    assert run["evaluation"]["outcome"] == "error"
    assert run["conversation"]["ending"]["code"] == "did_not_call"
