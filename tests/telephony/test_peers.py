"""The other sides of telephone calls that tests use are what they are taken for: SIPp and baresip call each other."""

from pathlib import Path

import pytest
from baresip_peer import BaresipPeer
from peer_speech import spoken, words_mulaw, words_wav
from sipp_peer import SippPeer

from ringback.speech.pocketsphinx_ear import GrammarEar

HELLO, DAY = "Hello, this is the clinic.", "Which day would you like?"


async def test_two_phones_hear_each_other_s_words_and_keys_and_see_hold(tmp_path: Path) -> None:
    says = [await words_wav(folder(tmp_path, name), 0.3, words) for name, words in (("one", HELLO), ("other", DAY))]
    async with (
        BaresipPeer(tmp_path, user="+15550100", says=says[0], codecs=["PCMA"]) as one,
        BaresipPeer(tmp_path, user="+15550101", says=says[1]) as other,
    ):
        await one.dial(other.uri)
        established = await other.event("CALL_ESTABLISHED")
        assert established["peeruri"] == "sip:+15550100@127.0.0.1"
        await other.has_heard((await spoken(HELLO)).duration + 0.5)
        await one.press("5#")
        await other.pressed("5#")
        await other.press("0")
        await one.pressed("0")
        assert "PCMA/8000" in await other.ask("callstat")
        await other.hold()
        await one.event("CALL_REMOTE_SDP", 2)  # the offer of the hold, after the answer
        await one.hang_up()
        await other.over()
    ear = GrammarEar([HELLO, DAY])
    assert (await ear.hear(other.heard())).text == HELLO
    await ear.close()


@pytest.mark.parametrize("status", [486, 603, 404, 503])
async def test_sipp_refuses_with_the_status_that_it_is_asked_for(tmp_path: Path, status: int) -> None:
    async with (
        SippPeer(tmp_path, "refuses", calls=1) as agent,
        SippPeer(tmp_path, "dials", to=agent.host, calls=1, variables={"case": str(status)}) as caller,
    ):
        assert await caller.over() == 0, caller.troubles()
        assert caller.counts() == {str(status): 1}
        assert (await agent.received("INVITE")).header("x-case") == str(status)
        assert await agent.over() == 0, agent.troubles()


@pytest.mark.parametrize("case", ["none", "no-media", "other-codecs"])
async def test_sipp_answers_and_is_hung_up_on(tmp_path: Path, case: str) -> None:
    async with (
        SippPeer(tmp_path, "answers", calls=1, plays=await words_mulaw(tmp_path, DAY)) as agent,
        SippPeer(tmp_path, "dials", to=agent.host, calls=1, variables={"case": case}, seconds=0.2) as caller,
    ):
        assert await caller.over() == 0, caller.troubles()
        assert caller.counts() == {"180": 1, "200": 2}
        assert await agent.over() == 0, agent.troubles()


async def test_what_sipp_plays_is_heard(tmp_path: Path) -> None:
    async with (
        SippPeer(tmp_path, "answers", calls=1, plays=await words_mulaw(tmp_path, DAY, tail=0.5)) as agent,
        BaresipPeer(tmp_path, user="caller") as caller,
    ):
        await caller.dial(agent.uri)
        await caller.event("CALL_ESTABLISHED")
        await caller.has_heard((await spoken(DAY)).duration + 0.3)
        await caller.hang_up()
        assert await agent.over() == 0, agent.troubles()
        await caller.over()
    ear = GrammarEar([HELLO, DAY])
    assert (await ear.hear(caller.heard())).text == DAY
    await ear.close()


@pytest.mark.parametrize(("password", "comes_in"), [("right word", True), ("wrong word", False)])
async def test_sipp_asks_for_the_password_of_callers_and_of_numbers(
    tmp_path: Path, password: str, comes_in: bool
) -> None:
    account = f';auth_user=caller;auth_pass="{password}"'
    async with (
        SippPeer(tmp_path, "asks_digest", calls=1, plays=await words_mulaw(tmp_path, DAY)) as agent,
        SippPeer(tmp_path, "registers", calls=1) as registrar,
        BaresipPeer(tmp_path, user="caller", account=account) as caller,
        BaresipPeer(
            tmp_path,
            user="caller",
            domain=registrar.host,
            account=f'{account};regint=60;outbound="sip:{registrar.host}"',
        ),
    ):
        await registrar.logged("registered" if comes_in else "turned away")
        await caller.dial(agent.uri)
        await caller.event("CALL_ESTABLISHED" if comes_in else "CALL_CLOSED")
        if comes_in:
            await caller.hang_up()
        assert await agent.over() == 0, agent.troubles()


def folder(parent: Path, name: str) -> Path:
    (parent / name).mkdir()
    return parent / name
