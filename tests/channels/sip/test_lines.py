"""Lines of telephone calls to agents that are called, as they answer or do not."""

import asyncio
import socket
import time
from typing import Any

import pytest
from pydantic import SecretStr
from real_calls import CALLER, PATIENCE, NewTelephone, soon, until
from rtp_peer import RtpPeer

from ringback.channels.channel import Dropped
from ringback.channels.line import (
    AgentHungUp,
    Encoding,
    KeyPressed,
    PutOnHold,
    Remarked,
    TakenOffHold,
    Transferred,
)
from ringback.channels.sip.account import Identity
from ringback.channels.sip.line import SipLine
from ringback.channels.sip.telephone import Telephone
from ringback.channels.sip.telephone_line import TelephoneLine
from ringback.domain.conversation import FindingCode
from ringback.domain.secret import Redactor
from ringback.errors import CallFailed, ChannelError, NotConnected, Refused

QUIET = b"\xff" * 160
"""20 ms of mu-law."""


def dialling(telephone: Telephone, peer: RtpPeer, **more: Any) -> SipLine:
    """A line to the peer."""
    values: dict[str, Any] = {"identity": CALLER, "ring_timeout": PATIENCE, **more}
    return SipLine(telephone, peer.uri, {"X-Run-Id": "33"}, **values)


async def paced(peer: RtpPeer, line: TelephoneLine, packets: int, *, lost: int = 0) -> None:
    """The agent's sound, a packet each 20 ms, of which each `lost`-th is lost; ours goes the other way."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    for number in range(packets):
        if lost and number % lost == lost - 1:
            peer.skip()
        else:
            peer.packet(QUIET)
        line.send(Encoding.PCM_8K.silence)
        line.played()
        await asyncio.sleep(start + number * 0.02 - loop.time())  # real sound takes real time


async def test_an_agent_that_answers_is_talked_to_until_it_hangs_up(new_telephone: NewTelephone) -> None:
    async with RtpPeer() as peer:
        line = dialling(new_telephone(), peer)
        assert (line.transport, line.encoding, line.carries_keys) == ("sip", Encoding.PCM_8K, True)
        assert line.played() == Encoding.PCM_8K.silence
        await line.open()
        assert "\r\nX-Run-Id: 33\r\n" in peer.requests[0]
        assert "From: <sip:+15550100@127.0.0.1>" in peer.requests[0]
        line.began_speaking()
        line.stopped_speaking()
        events = line.events()
        await paced(peer, line, 10)
        peer.sends("INFO", more="Content-Type: application/dtmf-relay", body="Signal=7\nDuration=160\n")
        assert [event.digit for event in await until(events, KeyPressed) if isinstance(event, KeyPressed)] == ["7"]
        peer.reinvite("sendonly")
        await until(events, PutOnHold)
        peer.reinvite("sendrecv")
        await until(events, TakenOffHold)
        line.press("5")
        peer.sends("BYE")
        last = (await until(events, AgentHungUp, Dropped))[-1]
        assert isinstance(last, Dropped)
        assert last.closed_by_us
        await line.close()
        report = line.report
        assert report.ringing is not None
        assert report.call_id is not None
        assert report.media is not None
        assert report.media.packets_received == 10
        line.send(Encoding.PCM_8K.silence)
        assert len(line.played()) == 320


async def test_an_agent_that_passes_us_on_is_not_followed(new_telephone: NewTelephone) -> None:
    async with RtpPeer() as peer:
        line = dialling(new_telephone(), peer, redactor=Redactor(["open-sesame"]))
        await line.open()
        peer.sends("REFER", more="Refer-To: <sip:bob:pw@open-sesame.example;x=1?Replaces=y>")
        event = (await until(line.events(), Transferred))[-1]
        assert isinstance(event, Transferred)
        assert event.target == "sip:bob@[secret].example"
        await line.hang_up()
        await soon(peer.hung_up)


async def test_loss_is_counted_where_it_happened(new_telephone: NewTelephone) -> None:
    async with RtpPeer() as peer:
        line = dialling(new_telephone(), peer)
        await line.open()
        await paced(peer, line, 50, lost=5)
        await line.close()
        media = line.report.media
        assert media is not None
        # The last leaves no gap. Nor is counted what was still on its way or to be played: more on a busy machine.
        assert 20 <= media.packets_received <= 40
        assert media.lost_received >= 3
        assert any("lost on the way from the agent" in reason for reason in line.report.degraded)


async def test_a_call_without_sound_ends_with_its_cause(new_telephone: NewTelephone) -> None:
    telephone = new_telephone(media_timeout=1)
    for packets, cause in ((0, FindingCode.NO_MEDIA), (5, FindingCode.MEDIA_STOPPED)):
        async with RtpPeer() as peer:
            line = dialling(telephone, peer)
            await line.open()
            await paced(peer, line, packets)
            last = (await until(line.events(), Dropped))[-1]
            assert isinstance(last, Dropped)
            assert last.cause is cause
            assert last.reason.endswith(".")
            assert not last.closed_by_us


async def test_a_storm_of_offers_is_endured_and_remarked_upon_once(new_telephone: NewTelephone) -> None:
    async with RtpPeer() as peer:
        line = dialling(new_telephone(), peer)
        await line.open()
        for number in range(100):
            peer.reinvite("sendonly" if number % 2 else "sendrecv")
        events = line.events()
        (remark,) = [event for event in await until(events, Remarked) if isinstance(event, Remarked)]
        assert [found.code for found in remark.remarks] == [FindingCode.FLOOD]
        peer.sends("BYE")
        rest = await until(events, Dropped)
        assert not any(isinstance(event, Remarked) for event in rest)


def none_lost(line: SipLine) -> bool:
    """Whether no packets are said to be lost; late they may be, where the test itself had to wait for its turn."""
    return not any("lost" in reason for reason in line.report.degraded)


def other_socket() -> socket.socket:
    """Another address on the loopback."""
    found = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    found.bind(("127.0.0.1", 0))
    return found


async def test_a_stranger_s_sound_neither_is_played_nor_drowns_the_agent_s_and_is_told(
    new_telephone: NewTelephone,
) -> None:
    async with RtpPeer() as peer:
        line = dialling(new_telephone(), peer)
        await line.open()
        events = line.events()
        with other_socket() as stranger:
            telling = asyncio.create_task(until(events, Remarked))
            heard, start = b"", time.monotonic()
            for number in range(int(PATIENCE * 50)):
                peer.packet(b"\x10" * 160)
                if number > 20:
                    peer.packet(b"\x80" * 160, via=stranger, source=b"evil")
                heard += line.played()
                await asyncio.sleep(start + number * 0.02 - time.monotonic())  # real sound takes real time
                if telling.done():
                    break
        (remark,) = [event for event in await telling if isinstance(event, Remarked)]
        assert [found.code for found in remark.remarks] == [FindingCode.STRANGE_MEDIA]
        levels = {heard[at : at + 2] for at in range(0, len(heard), 2)}
        assert levels == {b"\x00\x00", b"\x84\xc1"}  # silence before, and the agent's 0x10 of mu-law
        await line.close()
        assert none_lost(line)


async def test_an_agent_behind_nat_is_heard_from_where_it_is(new_telephone: NewTelephone) -> None:
    async with RtpPeer() as peer:
        line = dialling(new_telephone(), peer)
        await line.open()
        with other_socket() as elsewhere:
            start = time.monotonic()
            for number in range(int(PATIENCE * 50)):
                peer.packet(b"\x10" * 160, via=elsewhere)
                await asyncio.sleep(start + number * 0.02 - time.monotonic())  # real sound takes real time
                if any(line.played()) and number >= 50:
                    break
            else:
                raise AssertionError("nothing was heard")
        await line.close()
        media = line.report.media
        assert media is not None
        assert media.packets_received > 0
        assert none_lost(line)


REFUSALS: list[tuple[dict[str, Any], type[ChannelError], str, str]] = [
    ({"status": "486 Busy Here"}, CallFailed, "busy", "is busy"),
    ({"status": "600 Busy Everywhere"}, CallFailed, "busy", "is busy"),
    ({"status": "603 Decline"}, Refused, "", "rejected the call"),
    ({"status": "404 Not Found"}, NotConnected, "", "cannot be reached"),
    ({"status": "480 Gone"}, CallFailed, "no_answer", "did not answer"),
    ({"status": "302 Moved"}, CallFailed, "call_failed", "302 Moved"),
    ({"payloads": "18 101"}, CallFailed, "call_failed", "No codec of ours"),
    ({"sdp": "v=0\nrubbish\nm=audio -5 RTP/AVP x\n"}, CallFailed, "call_failed", "makes no sense"),
    ({"challenges": 9}, CallFailed, "credentials_refused", "user and password"),
]


async def test_each_way_of_not_answering_is_told_apart(new_telephone: NewTelephone) -> None:
    telephone = new_telephone()
    for options, kind, reason, words in REFUSALS:
        async with RtpPeer(**options) as peer:
            line = dialling(telephone, peer)
            with pytest.raises(kind, match=words) as raised:
                await line.open()
            assert getattr(raised.value, "reason", "") == reason
            assert not raised.value.retryable
            await line.close()


async def test_an_agent_that_rings_on_is_given_up_and_told_so(new_telephone: NewTelephone) -> None:
    telephone = new_telephone()
    await telephone.start()
    for seconds in (0.2, 3.0, PATIENCE):  # on a busy machine its ringing may take that long to come
        async with RtpPeer(status=None) as peer:
            with pytest.raises(CallFailed, match=r"did not answer within .*; it") as raised:
                await dialling(telephone, peer, ring_timeout=seconds).open()
            if raised.value.ringing is None:
                continue
            assert raised.value.reason == "no_answer"
            assert "it rang" in str(raised.value)
            await soon(peer.cancelled)
            return
    raise AssertionError("it never rang")


async def test_an_agent_that_says_not_one_word_is_given_up_and_told_so(new_telephone: NewTelephone) -> None:
    async with RtpPeer(status="") as peer:
        with pytest.raises(CallFailed, match="it did not even ring") as raised:
            await dialling(new_telephone(), peer, ring_timeout=0.1).open()
        assert (raised.value.reason, raised.value.ringing) == ("no_answer", None)
        assert not peer.cancelled.done()


async def test_a_password_is_sent_as_a_digest_only(new_telephone: NewTelephone) -> None:
    async with RtpPeer(challenges=1) as peer:
        identity = Identity(user="+15550100", credentials=("me", SecretStr("right word")))
        line = dialling(new_telephone(), peer, identity=identity)
        await line.open()
        assert not any("right word" in request for request in peer.requests)
        assert any('Digest username="me"' in request for request in peer.requests)
        await line.close()


NOWHERE = {
    "sip:a@127.0.0.1:9;transport=tcp": "Connection refused",
    "sips:a@127.0.0.1:9": "Connection refused",
    "sip:a b@host": "no SIP address",
    "sip:a@no-such-name": "could not be found",
    "sip:a@no.such.name.invalid": "could not be found",
    "http://a": "no SIP address",
}


async def test_an_address_where_nobody_is_is_told_at_once(new_telephone: NewTelephone) -> None:
    telephone = new_telephone()
    for uri, words in NOWHERE.items():
        with pytest.raises(NotConnected, match=words) as raised:
            await soon(SipLine(telephone, uri, {}, identity=CALLER).open())
        assert not raised.value.retryable


async def test_dialling_that_is_given_up_takes_its_call_back(new_telephone: NewTelephone) -> None:
    async with RtpPeer(status=None, missed=1) as peer:  # it learns of the call when we have given it up
        opening = asyncio.create_task(dialling(new_telephone(), peer).open())
        await soon(peer.called)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        await soon(peer.cancelled)
