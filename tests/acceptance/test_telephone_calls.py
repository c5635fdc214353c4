"""`ringback run` with an agent on the telephone that is Debian's baresip: words and keys go both ways."""

import asyncio
from typing import Any

import pytest
from baresip_peer import BaresipPeer
from command_line import CommandLine
from peer_speech import words_wav
from telephone_runs import (
    BOOK,
    DAY,
    HELLO,
    LOOPBACK,
    booking,
    project,
    runs_of,
    said,
    unless_over,
    until_words_come_through,
    words_on_both_channels,
)

from ringback.speech.audio import Sound
from ringback.speech.pocketsphinx_ear import GrammarEar

SUITE = booking("12#")


@pytest.mark.timeout(300)  # on a busy machine the call may have to be held again
@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
async def test_words_and_keys_go_both_ways(ringback: CommandLine, codec: str) -> None:
    ringback.write("suite.yaml", SUITE)
    says = await words_wav(ringback.folder, 0.5, HELLO)
    then = await words_wav(ringback.folder, 0.3, DAY, name="then.wav")

    async def hold() -> dict[str, Any]:
        async with BaresipPeer(ringback.folder, user="+15550100", says=says, codecs=[codec]) as agent:
            project(ringback, agent.uri, HELLO, DAY)
            running = asyncio.create_task(ringback("run", "suite.yaml", "--json", "r.json", "-v", **LOOPBACK))
            await unless_over(running, agent.event("CALL_ESTABLISHED"))
            await agent.has_heard(1.0)
            await agent.press("5")  # amid its greeting: a key alone would be a turn
            await unless_over(running, agent.pressed("12#"))
            await agent.say(then)
            done = await running
            await agent.over()
        assert "Traceback" not in done.text
        heard.append(agent.heard())
        return dict(runs_of(ringback)[0]["conversation"])

    heard: list[Sound] = []
    conversation = await until_words_come_through(hold, HELLO, BOOK, DAY)
    assert sorted(said(conversation, "Main Agent")) == [HELLO, "Main Agent sent DTMF: 5", DAY]
    assert said(conversation, "Testing Agent") == [BOOK]
    assert conversation["ending"]["code"] == "caller_ended"
    check_voice(conversation["voice"], codec)
    ear = GrammarEar([BOOK, HELLO, DAY])
    assert (await ear.hear(heard[-1])).text == BOOK
    await ear.close()
    await words_on_both_channels(ringback, conversation, BOOK, HELLO, DAY)


def check_voice(voice: dict[str, Any], codec: str) -> None:
    """Keys of both sides, what the line did, and how long it rang."""
    keys = {side: "".join(key["digit"] for key in voice["keys"] if key["by"] == side) for side in ("agent", "caller")}
    assert keys == {"agent": "5", "caller": "12#"}
    media = voice["media"]
    assert (media["codec"], media["lost_received"], media["lost_sent"]) == (codec, 0, 0)
    assert min(media["packets_sent"], media["packets_received"]) > 40 * voice["duration"]
    assert 0 <= voice["ringing"] < voice["duration"]
