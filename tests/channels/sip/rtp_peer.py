r"""A SIP server that answers one call and sends just those packets of sound that a test wants.

async with RtpPeer() as peer:
    peer.uri                                  sip:agent@127.0.0.1:PORT
    await peer.called                         the INVITE has come
    await peer.answered                       the ACK has come
    await peer.cancelled                      the CANCEL has come
    peer.packet(b"\xff" * 160)                the next packet; sequence number and time go on
    peer.skip()                               one is lost
    peer.packet(sound, via=socket)            from another address
    peer.sends("BYE"), peer.reinvite(direction="sendonly")
"""

import asyncio
import random
import re
import socket
import struct
from types import TracebackType
from typing import Any, Self

SDP = """\
v=0
o=- {session} {version} IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio {port} RTP/AVP {payloads}
a=rtpmap:101 telephone-event/8000
a={direction}
"""


class RtpPeer(asyncio.DatagramProtocol):
    """It lives on the loopback."""

    def __init__(
        self,
        *,
        payloads: str = "0 101",
        sdp: str | None = None,
        status: str | None = "200 OK",
        challenges: int = 0,
        registering: str = "200 OK",
        missed: int = 0,
    ) -> None:
        """What it answers.

        `status`: None: it rings on; empty: not one word. `challenges`: how many INVITEs and REGISTERs are answered 401.
        `registering`: what REGISTER is answered. `missed`: how many INVITEs get lost on their way.
        """
        self.called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.hung_up: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.cancelled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.requests: list[str] = []
        """All that came, requests and responses."""
        self.media = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.media.bind(("127.0.0.1", 0))
        self.media.setblocking(False)
        self._payloads, self._sdp, self._status = payloads, sdp, status
        self._challenges = challenges
        self._registering, self._missed = registering, missed
        self._numbers = (random.randrange(30_000), random.randrange(10**6), random.randrange(10**9))  # noqa: S311 - no secret
        self._sent = 0
        self._version = 1
        self._theirs: tuple[str, int] | None = None
        self._where: Any = None
        self._invite = ""

    async def __aenter__(self) -> Self:
        """Listen."""
        self._sip, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: self, local_addr=("127.0.0.1", 0)
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go."""
        self._sip.close()
        self.media.close()

    @property
    def host(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._sip.get_extra_info('sockname')[1]}"

    @property
    def uri(self) -> str:
        """Where it is called."""
        return f"sip:agent@{self.host}"

    def packet(
        self, sound: bytes, *, via: socket.socket | None = None, payload: int = 0, source: bytes | None = None
    ) -> None:
        """Send the next packet; one of another `source` has numbers of its own."""
        assert self._theirs is not None
        number, time, own = self._numbers
        sender = own.to_bytes(4, "big") if source is None else source
        head = struct.pack(
            "!BBHI4s", 0x80, payload, (number + self._sent) % 65536, (time + 160 * self._sent) % 2**32, sender
        )
        self._sent += source is None
        (via or self.media).sendto(head + sound, self._theirs)

    def skip(self, packets: int = 1) -> None:
        """The next packets are lost."""
        self._sent += packets

    def sends(self, method: str, *, more: str = "", body: str = "") -> None:
        """Send a request within the dialog."""
        assert self._invite
        sender, receiver = _header(self._invite, "To"), _header(self._invite, "From")
        contact = re.search(r"<(.*?)>", _header(self._invite, "Contact"))
        assert contact is not None
        self._version += 1
        lines = [
            f"{method} {contact[1]} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.host};branch=z9hG4bK{random.randrange(10**12)};rport",  # noqa: S311 - no secret
            "Max-Forwards: 70",
            f"From: {sender};tag=peer",
            f"To: {receiver}",
            f"Call-ID: {_header(self._invite, 'Call-ID')}",
            f"CSeq: {self._version} {method}",
            f"Contact: <{self.uri}>",
            *([more] if more else []),
        ]
        self._say(lines, body)

    def reinvite(self, direction: str = "sendrecv", body: str | None = None) -> None:
        """Offer the media anew."""
        self._version += 1
        self.sends("INVITE", more="Content-Type: application/sdp", body=body or self._description(direction))

    def _description(self, direction: str = "sendrecv") -> str:
        if self._sdp is not None:
            return self._sdp
        return SDP.format(
            session=self._numbers[2],
            version=self._version,
            port=self.media.getsockname()[1],
            payloads=self._payloads,
            direction=direction,
        )

    def _say(self, lines: list[str], body: str = "") -> None:
        body = body.replace("\n", "\r\n")
        lines.append(f"Content-Length: {len(body.encode())}")
        self._sip.sendto("\r\n".join([*lines, "", body]).encode(), self._where)

    def _respond(self, request: str, status: str, body: str = "", *, challenge: bool = False) -> None:
        same = [line for line in request.splitlines() if line.startswith(("Via:", "From:", "Call-ID:", "CSeq:"))]
        to = f"To: {_header(request, 'To')}" + ("" if "tag=" in _header(request, "To") else ";tag=peer")
        kind = ["Content-Type: application/sdp"] if body else []
        if challenge:
            kind.append('WWW-Authenticate: Digest realm="agent.example", nonce="f00d", algorithm=MD5')
        self._say([f"SIP/2.0 {status}", *same, to, f"Contact: <{self.uri}>", *kind], body)

    def datagram_received(self, data: bytes, addr: Any) -> None:  # noqa: C901, PLR0912 - a table: one method, one case
        """SIP came."""
        text = data.decode(errors="replace")
        if not text.strip():
            return
        self._where = addr
        self.requests.append(text)
        match text.partition(" ")[0]:
            case "INVITE":
                self._invite = text
                found = re.search(r"^m=audio (\d+) ", text, re.MULTILINE)
                if not self.called.done():
                    self.called.set_result(None)
                self._theirs = ("127.0.0.1", int(found[1])) if found else None
                self._invited(text)
            case "REGISTER":
                if not self._challenged(text):
                    self._respond(text, self._registering)
            case "CANCEL":
                if not self.cancelled.done():
                    self.cancelled.set_result(None)
                self._respond(text, "200 OK")
                self._respond(self._invite, "487 Request Terminated")
            case "ACK":
                if not self.answered.done():
                    self.answered.set_result(None)
            case "BYE":
                self._respond(text, "200 OK")
                if not self.hung_up.done():
                    self.hung_up.set_result(None)
            case "SIP/2.0":
                if re.search(r"^CSeq: \d+ INVITE", text, re.MULTILINE) and " 200 " in text[:14]:
                    number = re.search(r"^CSeq: (\d+)", text, re.MULTILINE)
                    assert number is not None
                    was, self._version = self._version, int(number[1]) - 1
                    self.sends("ACK")
                    self._version = was
            case _:
                self._respond(text, "200 OK")

    def _challenged(self, request: str) -> bool:
        if not self._challenges:
            return False
        self._challenges -= 1
        self._respond(request, "401 Unauthorized", challenge=True)
        return True

    def _invited(self, invite: str) -> None:
        if self._missed:
            self._missed -= 1
            return
        if self._challenged(invite):
            return
        if self._status != "":
            self._respond(invite, "180 Ringing")
            if self._status is not None:
                self._respond(invite, self._status, self._description() if self._status.startswith("2") else "")


def _header(message: str, name: str) -> str:
    found = re.search(rf"^{name}: *(.*?)\r?$", message, re.MULTILINE)
    assert found is not None, message
    return found[1]
