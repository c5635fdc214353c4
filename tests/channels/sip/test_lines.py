"""Lines of telephone calls: to agents that are called, as they answer or do not, and of agents that call us."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import MagicMock

import pytest
from pydantic import SecretStr
from real_calls import CALLER, PATIENCE, NewTelephone, Side, soon
from rtp_peer import RtpPeer

from ringback.channels.channel import Dropped
from ringback.channels.line import (
    AgentHungUp,
    Encoding,
    Happened,
    KeyPressed,
    PutOnHold,
    Remarked,
    TakenOffHold,
    Transferred,
)
from ringback.channels.sip.account import Identity, TelephoneSettings
from ringback.channels.sip.awaited_line import AwaitedLine
from ringback.channels.sip.call import Closed, Established
from ringback.channels.sip.line import SipLine
from ringback.channels.sip.telephone import Listening, Telephone
from ringback.channels.sip.telephone_call import TelephoneCall
from ringback.channels.sip.telephone_line import TelephoneLine
from ringback.domain.conversation import FindingCode
from ringback.domain.secret import Redactor
from ringback.domain.telephone import DialWindow
from ringback.errors import CallFailed, ChannelError, NotConnected, Refused

QUIET = b"\xff" * 160
"""20 ms of mu-law."""


def dialling(telephone: Telephone, peer: RtpPeer, **more: Any) -> SipLine:
    """A line to the peer."""
    values: dict[str, Any] = {"identity": CALLER, "ring_timeout": PATIENCE, **more}
    return SipLine(telephone, peer.uri, {"X-Run-Id": "33"}, **values)


async def until(events: AsyncIterator[Happened], *kinds: type[Happened]) -> list[Happened]:
    """What happens until one of each kind has, in that order."""
    found: list[Happened] = []
    async with asyncio.timeout(PATIENCE):
        async for event in events:
            found.append(event)
            if isinstance(event, kinds[0]):
                kinds = kinds[1:]
            if not kinds:
                return found
    raise AssertionError(found)


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
        assert media.packets_received == 40
        assert media.lost_received >= 9  # the last one leaves no gap
        assert any("lost on the way from the agent" in reason for reason in line.report.degraded)


@pytest.mark.parametrize(("packets", "cause"), [(0, FindingCode.NO_MEDIA), (5, FindingCode.MEDIA_STOPPED)])
async def test_a_call_without_sound_ends_with_its_cause(
    new_telephone: NewTelephone, packets: int, cause: FindingCode
) -> None:
    async with RtpPeer() as peer:
        line = dialling(new_telephone(media_timeout=1), peer)
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
            heard = b""
            for number in range(int(PATIENCE * 50)):
                peer.packet(b"\x10" * 160)
                if number > 20:
                    peer.packet(b"\x80" * 160, via=stranger, source=b"evil")
                heard += line.played()
                await asyncio.sleep(0.02)  # real sound takes real time
                if telling.done():
                    break
        (remark,) = [event for event in await telling if isinstance(event, Remarked)]
        assert [found.code for found in remark.remarks] == [FindingCode.STRANGE_MEDIA]
        levels = {heard[at : at + 2] for at in range(0, len(heard), 2)}
        assert levels == {b"\x00\x00", b"\x84\xc1"}  # silence before, and the agent's 0x10 of mu-law
        await line.close()
        assert line.report.degraded == ()


async def test_an_agent_behind_nat_is_heard_from_where_it_is(new_telephone: NewTelephone) -> None:
    async with RtpPeer() as peer:
        line = dialling(new_telephone(), peer)
        await line.open()
        with other_socket() as elsewhere:
            for number in range(int(PATIENCE * 50)):
                peer.packet(b"\x10" * 160, via=elsewhere)
                await asyncio.sleep(0.02)  # real sound takes real time
                if any(line.played()) and number >= 50:
                    break
            else:
                raise AssertionError("nothing was heard")
        await line.close()
        media = line.report.media
        assert media is not None
        assert media.packets_received > 0
        assert line.report.degraded == ()


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
    for status, words in ((None, "it rang"), ("", "it did not even ring")):
        async with RtpPeer(status=status) as peer:
            with pytest.raises(CallFailed, match=words) as raised:
                await dialling(telephone, peer, ring_timeout=0.3).open()
            assert raised.value.reason == "no_answer"
            assert (raised.value.ringing is None) is (status == "")
            assert any(request.startswith("CANCEL") for request in peer.requests) is (status is None)


async def test_a_password_is_sent_as_a_digest_only(new_telephone: NewTelephone) -> None:
    async with RtpPeer(challenges=1) as peer:
        identity = Identity(user="+15550100", credentials=("me", SecretStr("right word")))
        line = dialling(new_telephone(), peer, identity=identity)
        await line.open()
        assert not any("right word" in request for request in peer.requests)
        assert any('Digest username="me"' in request for request in peer.requests)
        await line.close()


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("sip:a@127.0.0.1:9;transport=tcp", "Connection refused"),
        ("sips:a@127.0.0.1:9", "Connection refused"),
        ("sip:a b@host", "no SIP address"),
        ("sip:a@no-such-name", "could not be found"),
        ("sip:a@no.such.name.invalid", "could not be found"),
        ("http://a", "no SIP address"),
    ],
)
async def test_an_address_where_nobody_is_is_told_at_once(new_telephone: NewTelephone, uri: str, words: str) -> None:
    line = SipLine(new_telephone(), uri, {}, identity=CALLER)
    with pytest.raises(NotConnected, match=words) as raised:
        await soon(line.open())
    assert not raised.value.retryable


async def test_dialling_that_is_given_up_takes_its_call_back(new_telephone: NewTelephone) -> None:
    async with RtpPeer(status=None) as peer:
        opening = asyncio.create_task(dialling(new_telephone(), peer).open())
        await soon(peer.called)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        assert any(request.startswith("CANCEL") for request in peer.requests)


# Agents that call us


class Waiting:
    """An awaited line, and what it told."""

    def __init__(self, telephone: Telephone, *, seconds: int = 30) -> None:
        self.open, self.taken = asyncio.Event(), 0
        window = DialWindow(number="+15550199", opens_at=datetime.now(UTC), seconds=seconds)
        self.line = AwaitedLine(
            telephone,
            window=window,
            contact_number="+1 555-0100",
            identity=Identity(user="+15550199"),
            on_awaited=self._awaited,
            on_taken=self._taken,
        )
        self.opening = asyncio.create_task(self.line.open())

    async def _awaited(self) -> None:
        self.open.set()

    def _taken(self) -> None:
        self.taken += 1


async def test_the_agent_s_call_is_taken_and_a_stranger_s_is_refused_and_told(new_telephone: NewTelephone) -> None:
    ours, theirs = new_telephone(), new_telephone()
    waiting = Waiting(ours)
    await soon(waiting.open.wait())
    number = f"sip:+15550199@{ours.address}"
    stranger = Side(await theirs.dial(number, {}, identity=Identity(user="+15550666")))
    assert (await stranger.over()).status == 486
    agent = Side(await theirs.dial(number, {}, identity=Identity(user="+15550100")))
    await agent.until(Established)
    await soon(waiting.opening)
    assert waiting.taken == 1
    await agent.call.hang_up()
    happened = await until(waiting.line.events(), Dropped)
    (remarked,) = [event for event in happened if isinstance(event, Remarked)]
    assert [remark.code for remark in remarked.remarks] == [FindingCode.CALL_REFUSED]
    assert "sip:+15550666@127.0.0.1" in remarked.remarks[0].sentence
    late = Side(await theirs.dial(number, {}, identity=Identity(user="+15550100")))
    assert isinstance(await late.over(), Closed)
    assert waiting.taken == 1


async def test_an_agent_that_does_not_call_in_time_is_told_so(new_telephone: NewTelephone) -> None:
    waiting = Waiting(new_telephone(), seconds=0)
    with pytest.raises(CallFailed, match=r"did not call \+15550199 from \+15550100 within 0 s") as raised:
        await soon(waiting.opening)
    assert raised.value.reason == "did_not_call"


class Exchange(Telephone):
    """A telephone without a process: calls come, and happen, as a test says."""

    def __init__(self) -> None:
        super().__init__(TelephoneSettings())
        self.done: list[tuple[int, str]] = []
        self.take: Callable[[TelephoneCall], None] = print

    async def listen(
        self,
        identity: Identity,
        take: Callable[[TelephoneCall], None],
        *,
        lost: Callable[[str], None] | None = None,
    ) -> Listening:
        """Nobody needs to be asked."""
        self.take = take
        return Listening(lambda: None)

    def rings(self, number: int) -> TelephoneCall:
        """The agent calls."""
        call = TelephoneCall(
            number,
            tell=lambda message: self.done.append((number, message["do"])),
            send=MagicMock(),
            peer="sip:+15550100@host",
            called="+15550199",
            clean=str,
        )
        self.take(call)
        return call


async def test_an_agent_that_hangs_up_before_it_is_answered_may_call_again() -> None:
    exchange = Exchange()
    waiting = Waiting(exchange)
    await soon(waiting.open.wait())
    hasty = exchange.rings(1)
    await asyncio.sleep(0)
    hasty.happened({"is": "closed", "text": "Cancelled"})
    stuck, stands = exchange.rings(2), exchange.rings(3)
    await asyncio.sleep(0)
    stands.happened({"is": "established", "codec": "PCMU"})
    await soon(waiting.opening)
    stuck.happened({"is": "closed", "text": ""})
    assert waiting.taken == 1
    assert [what for number, what in exchange.done if number == 3] == ["accept"]
    assert (2, "accept") in exchange.done
    assert exchange.rings(4) is not None
    await asyncio.sleep(0)
    assert (4, "refuse") in exchange.done


async def test_waiting_ends_at_once_where_the_telephone_dies(new_telephone: NewTelephone) -> None:
    telephone = new_telephone()
    waiting = Waiting(telephone)
    await soon(waiting.open.wait())
    os.kill(telephone.pid, signal.SIGKILL)
    with pytest.raises(CallFailed, match="died") as raised:
        await soon(waiting.opening)
    assert raised.value.reason == "telephone_failed"


async def test_a_window_that_is_closed_already_takes_no_call(new_telephone: NewTelephone) -> None:
    telephone = new_telephone()
    window = DialWindow(number="+15550199", opens_at=datetime.now(UTC) - timedelta(seconds=400), seconds=300)
    line = AwaitedLine(telephone, window=window, contact_number="+1", identity=Identity(user="+15550199"))
    with pytest.raises(CallFailed):
        await soon(line.open())
