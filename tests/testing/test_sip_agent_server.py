"""The telephone agent for tests: it answers, speaks, hears keys, refuses and calls as a test says, over real SIP."""

import asyncio
from collections.abc import Callable

import numpy as np
import pytest

from ringback.domain.ending import EndingCode
from ringback.errors import CallFailed, UsageError
from ringback.speech.audio import Sound
from ringback.testing import SipAgentCall, SipAgentServer


def tone(seconds: float, hertz: float) -> Sound:
    wave = 12_000 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * 16_000)) / 16_000)
    return Sound(wave.astype(np.int16), 16_000)


def pitch(sound: Sound) -> float:
    """Hz of the strongest tone."""
    spectrum = np.abs(np.fft.rfft(sound.samples.astype(np.float64)))
    return float(np.argmax(spectrum) * sound.rate / len(sound.samples))


async def test_a_call_both_of_whose_ends_are_agents_for_tests() -> None:
    """Sound, keys, headers, hold and a hang-up, and what each side knows of it afterwards."""
    heard: list[Sound | None] = []

    async def calls(call: SipAgentCall) -> None:
        heard.append(await call.listen(silence=1.5))
        await call.press("5#")
        await call.say(tone(0.6, 440))
        heard.append(await call.listen(silence=1.5))
        await call.hold()
        await call.closed.wait()

    async def answers(call: SipAgentCall) -> None:
        await call.say(tone(0.6, 880))
        heard.append(await call.listen(silence=1.5))
        assert await call.pressed(2) == ["5", "#"]
        await call.say(tone(0.6, 660))
        assert await call.held()

    async with (
        SipAgentServer(answers, headers=["X-Patient"], rings=0.2) as agent,
        SipAgentServer(calls, user="+15550100") as outbound,
    ):
        ours = await outbound.dial(agent.url, headers={"X-Run-Id": "7", "X-Patient": "Ada"})
        theirs = await agent.call()
        assert (theirs.number, theirs.called, theirs.codec) == (1, "agent", "PCMU")
        assert theirs.peer.startswith("sip:+15550100@")
        assert (theirs.header("x-run-id"), theirs.header("X-Patient"), theirs.header("X-No")) == ("7", "Ada", None)
        await asyncio.gather(ours.closed.wait(), theirs.closed.wait())
    assert [round(pitch(sound), -1) for sound in heard if sound is not None] == [880, 440, 660]
    assert (ours.ended_by_caller, theirs.ended_by_caller) == (True, False)
    assert ours.ringing.is_set()
    assert ours.call_id == theirs.call_id != ""
    assert ours.report.media is not None
    assert ours.report.media.packets_received > 50


async def test_calls_that_are_refused_or_rung_in_vain_do_not_count_and_later_ones_are_answered() -> None:
    async with SipAgentServer(refusals=["busy", "no_answer"], hangs_up=True) as agent, SipAgentServer() as outbound:
        with pytest.raises(CallFailed, match="is busy") as caught:
            await outbound.dial(agent.url)
        assert caught.value.reason == EndingCode.BUSY
        ringing = asyncio.create_task(outbound.dial(agent.url))
        assert await agent.refusal(2) == agent.refused[1]
        assert not ringing.done()
        ringing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await ringing
        call = await outbound.dial(agent.url, from_user="+15550111")
        await call.closed.wait()
        assert [call.peer.partition("@")[0] for call in agent.calls] == ["sip:+15550111"]


async def test_a_mistake_in_a_script_ends_the_call_and_is_raised_at_the_end() -> None:
    async def wrong(call: SipAgentCall) -> None:
        raise ZeroDivisionError

    agent = SipAgentServer(wrong)
    await agent.start()
    async with SipAgentServer() as outbound:
        call = await outbound.dial(agent.url)
        await call.closed.wait()
    with pytest.raises(ZeroDivisionError):
        await agent.close()


async def test_an_address_that_is_taken_is_a_sentence() -> None:
    async with SipAgentServer() as agent:
        with pytest.raises(UsageError, match=str(agent.port)):
            await SipAgentServer(port=agent.port).start()
        with pytest.raises(UsageError, match=f"or {agent.port}, which it needs for TLS"):
            await SipAgentServer(port=agent.port - 1).start()


def test_the_fixture_starts_an_agent_beside_a_test_that_is_not_async(
    sip_agent_server: Callable[..., SipAgentServer],
) -> None:
    agent = sip_agent_server(user="desk")
    assert agent.url == f"sip:desk@127.0.0.1:{agent.port}"
