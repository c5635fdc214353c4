"""Callers that nobody wants: 200 at once, SIP and SDP that make no sense, sound from strangers. The next call works."""

import asyncio
import random
import re
import socket
from pathlib import Path

import psutil
from baresip_peer import BaresipPeer
from peer_process import until
from peer_speech import words_mulaw
from sipp_peer import SippPeer
from telephones import Desk, NewTelephone, soon

from ringback.channels.sip.account import Identity
from ringback.channels.sip.call import Closed, Established
from ringback.channels.sip.telephone import Telephone

AGENT = Identity(user="agent")
MEMORY = 250_000_000
"""Bytes that the process which carries the calls may take at most."""
OFFER = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"


async def test_of_200_calls_at_once_some_are_taken_and_the_others_refused(
    tmp_path: Path, new_telephone: NewTelephone
) -> None:
    telephone, desk = new_telephone(max_calls=5), Desk()
    await soon(telephone.listen(AGENT, desk.take))
    process = telephone.pid
    plays = await words_mulaw(tmp_path, "Hello.")
    async with SippPeer(
        tmp_path, "dials", to=telephone.address, calls=200, rate=400, at_once=200, seconds=0.5, plays=plays
    ) as callers:
        assert await callers.over() == 0, callers.troubles()
    taken = {message.header("Call-ID") for message in callers.all_of("SIP/2.0 200")}
    refused = {message.header("Call-ID") for message in callers.all_of("SIP/2.0 486")}
    assert 5 <= len(taken) < 100
    assert (len(taken | refused), len(taken & refused)) == (200, 0)
    await until("calls are left", lambda: not any_open(desk))
    await good_call(tmp_path, telephone, desk)
    assert telephone.pid == process
    assert psutil.Process(process).memory_info().rss < MEMORY


def any_open(desk: Desk) -> bool:
    return any(call.report.media is None for call in desk.calls)


async def good_call(folder: Path, telephone: Telephone, desk: Desk) -> None:
    """A call as it should be still goes through."""
    async with BaresipPeer(folder, user="good") as caller:
        await caller.dial(f"sip:agent@{telephone.address}")
        await caller.event("CALL_ESTABLISHED")
        await caller.hang_up()
        await caller.over()
    assert [call.peer for call in desk.calls if "good@" in call.peer] != []


def invite(body: str, *, number: int, port: int, at: str, **replaced: str) -> bytes:
    """A call with any body; `replaced`: headers that are other than they should be."""
    headers = {
        "Via": f"SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bKhostile{number}",
        "From": "<sip:hostile@127.0.0.1>;tag=h",
        "To": f"<sip:agent@{at}>",
        "Call-ID": f"hostile-{number}",
        "CSeq": "1 INVITE",
        "Contact": f"<sip:hostile@127.0.0.1:{port}>",
        "Max-Forwards": "70",
        "Content-Type": "application/sdp",
        "Content-Length": str(len(body.encode())),
        **{name.replace("_", "-"): value for name, value in replaced.items()},
    }
    head = "\r\n".join(f"{name}: {value}" for name, value in headers.items())
    return f"INVITE sip:agent@{at} SIP/2.0\r\n{head}\r\n\r\n{body}".encode()


UNKNOWN_CODECS = f"{OFFER}m=audio 40000 RTP/AVP 18 97\r\na=rtpmap:18 G729/8000\r\na=rtpmap:97 AMR/8000\r\n"
BODIES = {
    "only codecs that we do not speak": UNKNOWN_CODECS,
    "words": "I would like to book a visit.",
    "no media": OFFER,
    "pictures": f"{OFFER}m=video 40000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n",
    "numbers that are none": f"{OFFER}m=audio ninety RTP/AVP zero\r\na=rtpmap:x\r\n",
    "nowhere": "v=0\r\no=- 1 1 IN IP9 x\r\ns=-\r\nc=IN IP9 nowhere\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n",
    "too many media": OFFER + "m=audio 40000 RTP/AVP 0\r\n" * 1000,
    "long lines": f"{OFFER}a={'x' * 30_000}\r\nm=audio 40000 RTP/AVP 0\r\n",
}
GARBAGE = [
    b"",
    b"\x00" * 500,
    b"\r\n\r\n",
    b"INVITE",
    b"INVITE sip:agent SIP/2.0\r\n\r\n",
    b"SIP/2.0 200 OK\r\n\r\n",
    b"SIP/2.0 999 " + b"x" * 3000 + b"\r\n\r\n",
    b"\xff\xfe" * 3000,
    random.Random(6).randbytes(8000),  # noqa: S311 - the same bytes each time
]
BROKEN = [
    {"Content-Length": "99999"},
    {"Content-Length": "-1"},
    {"CSeq": "x"},
    {"CSeq": "99999999999999999999 INVITE"},
    {"Via": ""},
    {"Via": "SIP/2.0/UDP nowhere.invalid:99999;branch="},
    {"From": "nobody"},
    {"To": "<<<>>>"},
    {"Call-ID": "x" * 20_000},
    {"Contact": "<sip:@:0>"},
    {"Max-Forwards": "0"},
    {"Require": "everything"},
]


async def test_sip_and_sdp_that_make_no_sense_are_refused_or_passed_over(
    tmp_path: Path, new_telephone: NewTelephone
) -> None:
    telephone, desk = new_telephone(), Desk()
    await soon(telephone.listen(AGENT, desk.take))
    process, host = telephone.pid, telephone.address.rpartition(":")
    statuses: dict[str, int] = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hostile:
        hostile.bind(("127.0.0.1", 0))
        hostile.setblocking(False)
        own, where = hostile.getsockname()[1], (host[0], int(host[2]))
        for piece in GARBAGE:
            hostile.sendto(piece, where)
        for number, headers in enumerate(BROKEN):
            body = f"{OFFER}m=audio 40000 RTP/AVP 0\r\n"
            hostile.sendto(invite(body, number=1000 + number, port=own, at=telephone.address, **headers), where)
        for number, body in enumerate(BODIES.values()):
            hostile.sendto(invite(body, number=number, port=own, at=telephone.address), where)

        def answered() -> bool:
            statuses.update(final_statuses(hostile))
            return all(f"hostile-{number}" in statuses for number in range(len(BODIES)))

        await until("not all calls with bodies of no use are answered", answered)
        await good_call(tmp_path, telephone, desk)
    by_body = {name: statuses[f"hostile-{number}"] for number, name in enumerate(BODIES)}
    assert by_body["only codecs that we do not speak"] == 488
    assert {name: status for name, status in by_body.items() if status < 400} == {}
    assert telephone.pid == process
    assert psutil.Process(process).memory_info().rss < MEMORY


def final_statuses(hostile: socket.socket) -> dict[str, int]:
    """What has been answered so far, by Call-ID."""
    found: dict[str, int] = {}
    while True:
        try:
            text = hostile.recv(65_536).decode(errors="replace")
        except BlockingIOError:
            return found
        status, call = re.match(r"SIP/2.0 (\d+)", text), re.search(r"^Call-ID: *(\S+)", text, re.MULTILINE)
        if status and call and int(status[1]) >= 200:
            found[call[1]] = int(status[1])


async def test_sound_from_a_stranger_s_address_is_not_heard(tmp_path: Path, new_telephone: NewTelephone) -> None:
    telephone = new_telephone()
    quiet = tmp_path / "quiet"
    quiet.write_bytes(b"\xff" * 8000 * 20)
    async with SippPeer(tmp_path, "answers", plays=quiet) as agent:
        call = await soon(telephone.dial(agent.uri, {}, identity=Identity()))
        events = call.events()
        while not isinstance(await soon(anext(events)), Established):
            pass
        media = re.search(r"^m=audio (\d+)", (await agent.received("INVITE")).body, re.MULTILINE)
        assert media is not None
        # Before the agent's own sound nobody can know whose a packet is.
        await until("the agent's sound does not come", lambda: call.waiting > 0.1)
        loud = b"\x10" * 160
        heard = b""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for number in range(100):
                header = b"\x80\x00" + number.to_bytes(2, "big") + (160 * number).to_bytes(4, "big") + b"evil"
                stranger.sendto(header + loud, ("127.0.0.1", int(media[1])))
                stranger.sendto(b"\x00" * 50, ("127.0.0.1", int(media[1])))
                stranger.sendto(b"\x80\xc8\x00\x06" * 10, ("127.0.0.1", int(media[1]) + 1))
                call.write(bytes(320))
                heard += call.read()
                await asyncio.sleep(0.02)
        await soon(call.hang_up())
        happened = [event async for event in events]
    assert max(abs(int.from_bytes(heard[at : at + 2], "little", signed=True)) for at in range(0, len(heard), 2)) < 100
    assert isinstance(happened[-1], Closed)
