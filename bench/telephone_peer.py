"""The agent of the telephone benchmark, as cheap as it can be: SIP and RTP by hand on the loopback, no stack.

`python bench/telephone_peer.py` prints its SIP port. It answers each INVITE at once (200), plays speech and silence in
turn, a packet each 20 ms, and reads what comes. A number on its standard input makes it print what it has measured, as
JSON: of all calls but so many of the first.

All times are those at which the kernel took a packet in (SO_TIMESTAMPNS, socket(7)). On the loopback that is within
`sendto` of whoever sent it, so they tell when a packet was sent, however busy this process is.
"""

import asyncio
import gc
import json
import re
import select
import socket
import struct
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from voice_sides import AGENT_LINES, spoken

FRAME = 0.02
SILENCE = b"\xff" * 160
PAUSE = 250
"""Silent packets after each line, to be answered in."""
HOST = "127.0.0.1"
WINDOW = 10
"""Packets in 0.2 s."""
STAMP = getattr(socket, "SO_TIMESTAMPNS", 35)
"""Linux's number where Python does not name it."""
STAMP_SPACE = socket.CMSG_SPACE(16)
RTP = struct.Struct("!BBHII")
DRAINED_EACH = 5
"""Ticks between two readings of a call's packets; they wait in its socket with their times."""

Packet = tuple[bytes, float, tuple[str, int]]


def stamped(port: int = 0) -> socket.socket:
    """A UDP socket whose packets carry the time at which they came."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, STAMP, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    made.bind((HOST, port))
    made.setblocking(False)
    return made


def media_socket() -> tuple[socket.socket, socket.socket]:
    """A socket for RTP, and one at the port behind it, where RTCP goes: it must not come to another call."""
    while True:
        sound = stamped()
        try:
            return sound, stamped(sound.getsockname()[1] + 1)
        except (OSError, OverflowError):
            sound.close()


def take(source: socket.socket) -> Packet | None:
    """The next packet, when it came (seconds), and from whom; None: there is none."""
    try:
        data, extra, _, sender = source.recvmsg(4096, STAMP_SPACE)
    except BlockingIOError:
        return None
    for level, kind, value in extra:
        if level == socket.SOL_SOCKET and kind == STAMP:
            seconds, nanoseconds = struct.unpack("ll", value)
            return data, seconds + nanoseconds * 1e-9, sender
    raise RuntimeError("The kernel does not say when a packet came.")


@dataclass
class Call:
    """One call: its sound both ways, and when what came."""

    invited: float
    to: tuple[str, int]
    media: socket.socket
    control: socket.socket
    acknowledged: float = 0.0
    over: bool = False
    at: int = 0
    heard: list[tuple[float, int, int]] = field(default_factory=list[tuple[float, int, int]])
    """When each packet came, its number and its RTP time."""

    def send(self, frame: bytes) -> None:
        """The next packet of ours."""
        head = RTP.pack(0x80, 0x80 if self.at == 0 else 0, self.at & 0xFFFF, self.at * 160, 0x52494E47)
        self.at += 1
        self.media.sendto(head + frame, self.to)

    def drain(self) -> None:
        """Take in what came."""
        while (heard := take(self.media)) is not None:
            data, at, _ = heard
            if len(data) > RTP.size and data[1] & 0x7F == 0:
                _, _, number, stamp, _ = RTP.unpack_from(data)
                self.heard.append((at, number, stamp))

    def hang_up(self) -> None:
        """It is over."""
        self.drain()
        self.over = True
        self.media.close()
        self.control.close()

    def lateness(self) -> tuple[NDArray[np.float64], float]:
        """How late each packet was sent, and by how much the call's sound came later at the end than at the beginning.

        A packet is late by how much later it was sent than its RTP time says, counted from whichever packet of the last
        0.2 s was the earliest by the same measure. Seconds.
        """
        if len(self.heard) < WINDOW:
            return np.zeros(len(self.heard)), 0.0
        arrived, _, stamps = np.array(self.heard, np.float64).T
        behind = arrived - np.unwrap(stamps, period=1 << 32) / 8000
        padded = np.concatenate((np.full(WINDOW - 1, np.inf), behind))
        earliest = np.lib.stride_tricks.sliding_window_view(padded, WINDOW).min(axis=1)
        return behind - earliest, float(earliest[-1] - earliest[WINDOW - 1])

    @property
    def lost(self) -> int:
        """Numbers of packets that never came."""
        if not self.heard:
            return 0
        numbers = np.unwrap(np.array([number for _, number, _ in self.heard], np.float64), period=1 << 16)
        return int(numbers.max() - numbers.min()) + 1 - len(set(numbers.tolist()))


class Agent:
    """Takes all calls."""

    def __init__(self, frames: list[bytes]) -> None:
        self.sip = stamped()
        self.port: int = self.sip.getsockname()[1]
        self._frames = frames
        self._calls: dict[str, Call] = {}

    def serve(self) -> None:
        """Until standard input ends."""
        due, tick = time.monotonic(), 0
        while True:
            due += FRAME
            tick += 1
            while (left := due - time.monotonic()) > 0:
                ready, _, _ = select.select((self.sip, sys.stdin), (), (), left)
                if self.sip in ready:
                    self._signalled()
                if sys.stdin in ready:
                    if not (asked := sys.stdin.readline()):
                        return
                    self._report(int(asked))
            for number, call in enumerate(self._calls.values()):
                if not call.over and call.acknowledged:
                    call.send(self._frames[call.at % len(self._frames)])
                    if (tick + number) % DRAINED_EACH == 0:
                        call.drain()

    def _report(self, first: int) -> None:
        calls = tuple(self._calls.values())[first:]
        for call in calls:
            if not call.over:
                call.drain()
        found = [call.lateness() for call in calls]
        late = np.concatenate([packets for packets, _ in found]) if found else np.zeros(0)
        p50, p99, worst = np.percentile(late, (50, 99, 100)) if len(late) else (0.0, 0.0, 0.0)
        report = {
            "set_up": [call.acknowledged - call.invited for call in calls],
            "packets": len(late),
            "lost": sum(call.lost for call in calls),
            "p50": float(p50),
            "p99": float(p99),
            "worst": float(worst),
            "worst_p99": max((float(np.percentile(packets, 99)) for packets, _ in found if len(packets)), default=0.0),
            "shifts": [shift for _, shift in found],
        }
        print(json.dumps(report), flush=True)

    def _signalled(self) -> None:
        while (heard := take(self.sip)) is not None:
            data, at, sender = heard
            text = data.decode(errors="replace")
            method = text.partition(" ")[0]
            key = header(text, "Call-ID|i")[0]
            call = self._calls.get(key)
            if method == "INVITE":
                if call is None:
                    call = self._calls[key] = Call(at, media_of(text), *media_socket())
                self.sip.sendto(self._taken(text, call), sender)
            elif method == "ACK" and call is not None:
                call.acknowledged = call.acknowledged or at
            elif not method.startswith("SIP/"):
                if method == "BYE" and call is not None and not call.over:
                    call.hang_up()
                self.sip.sendto(answer(text), sender)

    def _taken(self, invite: str, call: Call) -> bytes:
        lines = (
            "v=0",
            f"o=agent 1 1 IN IP4 {HOST}",
            "s=-",
            f"c=IN IP4 {HOST}",
            "t=0 0",
            f"m=audio {call.media.getsockname()[1]} RTP/AVP 0 101",
            "a=rtpmap:0 PCMU/8000",
            "a=rtpmap:101 telephone-event/8000",
            "a=ptime:20",
        )
        body = "".join(f"{line}\r\n" for line in lines)
        return answer(invite, f"Contact: <sip:agent@{HOST}:{self.port}>", "Content-Type: application/sdp", body=body)


def header(text: str, names: str) -> list[str]:
    """The values of a header, in their order."""
    return re.findall(rf"^(?:{names})[ \t]*:[ \t]*([^\r\n]*)", text, re.IGNORECASE | re.MULTILINE)


def answer(request: str, *more: str, body: str = "") -> bytes:
    """A 200 to a request."""
    to = header(request, "To|t")[0]
    lines = [
        "SIP/2.0 200 OK",
        *(f"Via: {via}" for via in header(request, "Via|v")),
        f"From: {header(request, 'From|f')[0]}",
        f"To: {to if 'tag=' in to else f'{to};tag=agent'}",
        f"Call-ID: {header(request, 'Call-ID|i')[0]}",
        f"CSeq: {header(request, 'CSeq')[0]}",
        *more,
        f"Content-Length: {len(body)}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def media_of(invite: str) -> tuple[str, int]:
    """Where the caller wants sound."""
    found = re.search(r"^m=audio (\d+)", invite, re.MULTILINE)
    assert found, invite
    return HOST, int(found[1])


async def program() -> list[bytes]:
    """What the agent says in each call, over and over: about a quarter speech."""
    frames: list[bytes] = []
    for line in AGENT_LINES:
        sound: Any = await spoken(line)
        frames += [sound[at : at + 160].ljust(160, b"\xff") for at in range(0, len(sound), 160)]
        frames += [SILENCE] * PAUSE
    return frames


def main() -> None:
    """Serve."""
    agent = Agent(asyncio.run(program()))
    gc.freeze()
    print(agent.port, flush=True)
    agent.serve()


if __name__ == "__main__":
    main()
