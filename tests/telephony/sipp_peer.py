"""SIPp as the other side of a telephone call: it does to the letter what a scenario says, also what nobody should.

    async with SippPeer(folder, "refuses") as peer:              scenarios/refuses.xml, as a server
        peer.uri                                                 sip:agent@127.0.0.1:PORT
        invite = await peer.received("INVITE")                   waits; .start, .header("X-Run-Id"), .body
        peer.messages                                            all, both ways
        await peer.logged("held")                                a <log/> of the scenario
    async with SippPeer(folder, "dials", to="127.0.0.1:5070", user="+15550100", calls=200, rate=100) as peer:
        status = await peer.over()                               0: every call went as the scenario says
        peer.counts()                                            of what was received, by first lines

`plays=await words_mulaw(folder, "Hello.")`: what scenarios
play as `speech.ulaw`; a tenth of a second of silence by default.
"""

import random
import re
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from peer_process import PeerProcess, free_port, on_free_ports, until

SCENARIOS = Path(__file__).parent / "scenarios"
LONGEST = 100
"""Seconds after which SIPp ends by itself."""


@dataclass(frozen=True)
class SipMessage:
    """One message as it was on the wire."""

    received: bool
    """By SIPp; False: sent."""
    start: str
    """`INVITE sip:…` or `SIP/2.0 200 OK`."""
    headers: tuple[tuple[str, str], ...]
    body: str

    def header(self, name: str) -> str | None:
        """The first of that name, in whatever case."""
        return next((value for own, value in self.headers if own.lower() == name.lower()), None)


class SippPeer:
    """One SIPp with one scenario: a server, or (`to`) one that calls."""

    def __init__(
        self,
        folder: Path,
        scenario: str,
        *,
        to: str | None = None,
        user: str = "agent",
        calls: int | None = None,
        rate: int = 10,
        at_once: int = 100,
        seconds: float = 1.0,
        plays: Path | None = None,
        variables: Mapping[str, str] | None = None,
        options: Sequence[str] = (),
    ) -> None:
        """`user`: who it is as a server, or whom it calls; `to`: host and port that it calls.

        Of one that calls: `rate`, calls a second; `at_once`, the most at the same time; `seconds` of each call; in
        `variables` its own user as `from`, and `case`, the INVITE's X-Case.
        """
        known = {"from": "caller", "case": "none", **(variables or {})} if to is not None else variables or {}
        self.folder = folder / f"sipp-{scenario}-{random.randrange(10**9)}"  # noqa: S311 - a name
        self.user = user
        self.port = 0
        self._scenario = scenario
        self._plays = plays
        self._to = to
        self._options = [
            *(("-m", str(calls)) if calls is not None else ()),
            *(
                ("-r", str(rate), "-l", str(at_once), "-s", user, "-d", f"{seconds * 1000:.0f}")
                if to is not None
                else ()
            ),
            *(word for name, value in known.items() for word in ("-key", name, value)),
            *options,
        ]
        self._process: PeerProcess | None = None

    @property
    def uri(self) -> str:
        """Where it is called."""
        return f"sip:{self.user}@127.0.0.1:{self.port}"

    @property
    def host(self) -> str:
        """Host and port, as of a trunk or a registrar."""
        return f"127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        """Start it; returns when it listens, or at once where it calls."""
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(SCENARIOS / f"{self._scenario}.xml", self.folder / "scenario.xml")
        sound = b"\xff" * 800 if self._plays is None else self._plays.read_bytes()
        (self.folder / "speech.ulaw").write_bytes(sound)
        await on_free_ports(self._start)
        return self

    async def _start(self) -> None:
        self.port = 0 if self._to is not None else free_port()
        self._process = PeerProcess("sipp", *self._command(), folder=self.folder)
        await self._process.start(listens_on=self.port or None)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Kill it."""
        if self._process is not None:
            await self._process.end()

    def _command(self) -> list[str]:
        own = ["-i", "127.0.0.1", "-bind_local", "-mi", "127.0.0.1", "-mp", str(free_port())]
        logs = ["-trace_msg", "-message_file", "messages", "-trace_logs", "-log_file", "logs"]
        errors = ["-trace_err", "-error_file", "errors"]
        bounds = ["-nostdin", "-timeout", f"{LONGEST}s"]
        # One that calls finds a port itself.
        whom = [self._to] if self._to is not None else ["-p", str(self.port)]
        return [*whom, "-sf", "scenario.xml", *own, *logs, *errors, *bounds, *self._options]

    @property
    def messages(self) -> list[SipMessage]:
        """All so far, both ways."""
        return _messages(self._text("messages"))

    def all_of(self, start: str) -> list[SipMessage]:
        """What it has received that begins so: a method, or `SIP/2.0 486`."""
        return [message for message in self.messages if message.received and message.start.startswith(start)]

    async def received(self, start: str, number: int = 1) -> SipMessage:
        """Wait until it has received something that begins so, the first or a later one."""

        def there() -> list[SipMessage] | None:
            found = self.all_of(start)
            return found if len(found) >= number else None

        return (await until(f"SIPp has received no {start}: {self._text('errors')}", there))[number - 1]

    async def logged(self, text: str) -> str:
        """Wait until a <log/> of its scenario has said this; all that they have said."""
        return await until(f"SIPp has not logged {text}", lambda: (said := self._text("logs")) * (text in said))

    async def over(self) -> int:
        """Wait until it has made all its calls; 0: all went as the scenario says."""
        assert self._process is not None
        return await self._process.over()

    def counts(self) -> Counter[str]:
        """How many it has received of each kind: methods, and statuses as `486`."""
        return Counter(_kind(message.start) for message in self.messages if message.received)

    def troubles(self) -> str:
        """What it did not expect."""
        return self._text("errors")

    def _text(self, name: str) -> str:
        path = self.folder / name
        return path.read_text(errors="replace") if path.exists() else ""


def _kind(start: str) -> str:
    first, _, rest = start.partition(" ")
    return rest.partition(" ")[0] if first == "SIP/2.0" else first


_MESSAGE = re.compile(r"^-{20,} [^\n]*\n(?P<how>UDP|TCP) message (?P<way>received|sent)[^\n]*:\n\n", re.MULTILINE)


def _messages(text: str) -> list[SipMessage]:
    """What SIPp's trace of messages holds."""
    marks = list(_MESSAGE.finditer(text))
    ends = [*(mark.start() for mark in marks), len(text)][1:]
    return [_message(mark["way"] == "received", text[mark.end() : end]) for mark, end in zip(marks, ends, strict=True)]


def _message(received: bool, text: str) -> SipMessage:
    head, _, body = text.replace("\r\n", "\n").partition("\n\n")
    start, *lines = head.split("\n")
    pairs = (line.partition(":") for line in lines)
    return SipMessage(received, start, tuple((name.strip(), value.strip()) for name, _, value in pairs), body.strip())
