"""What a caller sees of our answer on the wire: 200, and no new offer behind it, which not every agent takes."""

import asyncio
import re
import socket

import pytest
from real_calls import NewTelephone, Side, answering, soon

from ringback.channels.sip.call import Closed, Established

SOUND = """\
v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio {port} RTP/AVP 0 101
a=rtpmap:101 telephone-event/8000
"""
PICTURES = "m=video 40002 RTP/AVP 96\na=rtpmap:96 VP8/90000\n"
_PACKETS = 15
"""Of our sound: 0.3 s, in which the stack would have offered anew."""


class PlainCaller:
    """A caller of few words, who notes every message that comes."""

    def __init__(self, address: str, body: str) -> None:
        host, _, port = address.rpartition(":")
        self._to, self._where = address, (host, int(port))
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.media = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.media.bind(("127.0.0.1", 0))
        self.media.setblocking(False)
        self._from = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._body = body.format(port=self.media.getsockname()[1]).replace("\n", "\r\n")
        self.came: list[str] = []

    def close(self) -> None:
        """Let go."""
        self._socket.close()
        self.media.close()

    async def until(self, start: str) -> str:
        """The next message that begins so."""
        loop = asyncio.get_running_loop()
        while True:
            text = (await soon(loop.sock_recv(self._socket, 65_536))).decode()
            self.came.append(text.partition("\r\n")[0])
            if text.startswith(start):
                return text

    def says(self, method: str, *, to: str, branch: str, body: str = "") -> None:
        """A request."""
        lines = [
            f"{method} sip:agent@{self._to} SIP/2.0",
            f"Via: SIP/2.0/UDP {self._from};branch=z9hG4bK{branch}",
            "Max-Forwards: 70",
            f"From: <sip:plain@{self._from}>;tag=plain",
            f"To: {to}",
            f"Call-ID: plain-{self._from}",
            f"CSeq: 1 {method}",
            f"Contact: <sip:plain@{self._from}>",
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body.encode())}",
        ]
        self._socket.sendto("\r\n".join([*lines, "", body]).encode(), self._where)

    def dials(self) -> None:
        """INVITE."""
        self.says("INVITE", to=f"<sip:agent@{self._to}>", branch="a", body=self._body)

    async def answered(self) -> str:
        """200 and ACK; the SDP of the answer."""
        text = await self.until("SIP/2.0 200")
        to = re.search(r"^To: *(.*?)\r?$", text, re.MULTILINE)
        assert to is not None
        self.says("ACK", to=to[1], branch="b")
        return text.partition("\r\n\r\n")[2]


@pytest.mark.parametrize("pictures", [False, True])
async def test_an_answer_is_sound_alone_and_nothing_is_offered_behind_it_to_who_offered_no_pictures(
    new_telephone: NewTelephone, *, pictures: bool
) -> None:
    telephone = new_telephone()
    await soon(telephone.start())
    calls = await answering(telephone)
    caller = PlainCaller(telephone.address, SOUND + (PICTURES if pictures else ""))
    try:
        caller.dials()
        agent = Side(await soon(calls.get()))
        await agent.call.accept()
        answer = await caller.answered()
        await agent.until(Established)
        for _ in range(_PACKETS):
            await soon(asyncio.get_running_loop().sock_recv(caller.media, 2000))
        hanging_up = asyncio.create_task(agent.call.hang_up())
        await caller.until("BYE")
        assert re.findall(r"^m=(audio|video) [1-9]", answer, re.MULTILINE) == ["audio"]
        assert pictures or not [line for line in caller.came if line.startswith("INVITE")]
        await hanging_up
        assert isinstance(await agent.over(), Closed)
    finally:
        caller.close()
