"""Debian's baresip as the other side of a telephone call: a stack that is none of ours, driven over its TCP door.

    async with BaresipPeer(folder, user="agent", says=await words_wav(folder, 0.3, "Hello.")) as peer:
        peer.uri                      sip:agent@127.0.0.1:PORT
        await peer.dial("sip:ringback@127.0.0.1:5070")
        await peer.event("CALL_ESTABLISHED")
        await peer.say(await words_wav(folder, "Goodbye."))     another file from here on
        await peer.press("12#"); await peer.pressed("5")         DTMF there, DTMF heard
        await peer.hold(); await peer.resume(); await peer.transfer("sip:x@host"); await peer.hang_up()
        await peer.over()                                        the call has ended
        await peer.has_heard(2.0)                                seconds of sound that have come
        peer.heard()                                             Sound of what came, 8 kHz, once the call is over

The doors: module ctrl_tcp (JSON in netstrings), its events `CALL_INCOMING`, `CALL_ESTABLISHED`, `CALL_DTMF_START`,
`CALL_CLOSED` and so on with `peeruri` and `param`; module sndfile, which writes what comes and goes, decoded.
"""

import asyncio
import json
import os
import random
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from peer_process import PATIENCE, PeerProcess, free_port, on_free_ports, until
from peer_speech import RATE, read_wav, words_wav

from ringback.speech.audio import Sound

MODULES = ("/usr/lib/baresip/modules", "/usr/lib64/baresip/modules", "/usr/local/lib/baresip/modules")
CALLS = 4
"""At the same time, each with two ports."""
DOOR, MEDIA = 2, 4
"""Where its TCP door and its media are, from its SIP port on (the one after that is for SIP over TLS)."""


class BaresipPeer:
    """One process with one SIP user; takes calls by itself unless `answers` is False."""

    def __init__(
        self,
        folder: Path,
        *,
        user: str = "agent",
        says: Path | None = None,
        codecs: Sequence[str] = ("PCMU", "PCMA"),
        answers: bool = True,
        account: str = "",
        domain: str = "127.0.0.1",
    ) -> None:
        """`account`: further parameters of its account, such as `;auth_user=a;auth_pass=b;regint=60`."""
        self.folder = folder / f"baresip-{user.strip('+')}-{random.randrange(10**9)}"  # noqa: S311 - a name
        self.user = user
        self.events: list[dict[str, Any]] = []
        self.port = 0
        self._domain = domain
        self._says = says
        # It registers unless told not to.
        registers = "" if "regint=" in account else ";regint=0"
        answering = "auto" if answers else "manual"
        self._parameters = f";audio_codecs={','.join(codecs)};answermode={answering}{registers}{account}"
        self._news = asyncio.Condition()
        self._answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._reading: asyncio.Task[None] | None = None
        self._process: PeerProcess | None = None

    @property
    def uri(self) -> str:
        """Where it is called."""
        return f"sip:{self.user}@127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        """Start it; returns when it takes calls."""
        self.folder.mkdir(parents=True)
        if self._says is None:
            self._says = await words_wav(self.folder)  # silence
        await on_free_ports(self._start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Kill it."""
        if self._process is not None:
            await self._process.end()
        if self._reading is not None:
            self._writer.close()
            await self._reading

    async def _start(self) -> None:
        self.port = free_port()
        door, media = self.port + DOOR, self.port + MEDIA
        (self.folder / "config").write_text(self._config(door, media))
        (self.folder / "accounts").write_text(f"<sip:{self.user}@{self._domain}>;dtmfmode=rtpevent{self._parameters}\n")
        (self.folder / "contacts").touch()
        self._process = PeerProcess("baresip", "-f", str(self.folder), "-v", folder=self.folder)
        # The last of its modules, by which time it listens for SIP, too.
        await self._process.start(listens_on=door)
        reader, self._writer = await asyncio.open_connection("127.0.0.1", door)
        self._reading = asyncio.create_task(self._read(reader))

    def _config(self, door: int, media: int) -> str:
        assert self._says is not None
        modules = next((folder for folder in MODULES if Path(folder).is_dir()), MODULES[0])
        loaded = "\n".join(f"module {name}.so" for name in ("g711", "aufile", "aubridge", "sndfile"))
        return f"""\
sip_listen 127.0.0.1:{self.port}
net_interface 127.0.0.1
module_path {modules}
{loaded}
module_tmp uuid.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{door}
snd_path .
audio_source aufile,{self._near(self._says)}
audio_player aubridge,nobody
audio_alert aufile,none
statmode_default off
rtp_ports {media}-{media + CALLS * 2}
"""

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                length = int((await reader.readuntil(b":"))[:-1])
                message = json.loads((await reader.readexactly(length + 1))[:-1])
                if "response" in message:
                    self._answers.put_nowait(message)
                    continue
                async with self._news:
                    self.events.append(message)
                    self._news.notify_all()
        except (asyncio.IncompleteReadError, ConnectionError):
            return

    async def ask(self, command: str, parameters: str = "") -> str:
        """One of its commands, such as `callstat`; what it answers."""
        body = json.dumps({"command": command, "params": parameters, "token": "t"}).encode()
        self._writer.write(b"%d:%s," % (len(body), body))
        async with asyncio.timeout(PATIENCE):
            answer = await self._answers.get()
        assert answer["ok"], answer
        return str(answer["data"])

    def all_of(self, kind: str) -> list[dict[str, Any]]:
        """Events of a kind so far."""
        return [event for event in self.events if event["type"] == kind]

    async def event(self, kind: str, number: int = 1) -> dict[str, Any]:
        """Wait for the event of a kind, the first or a later one."""
        try:
            async with asyncio.timeout(PATIENCE), self._news:
                await self._news.wait_for(lambda: len(self.all_of(kind)) >= number)
        except TimeoutError:
            raise AssertionError(f"no {kind}: {self.events}\n{self.log()}") from None
        return self.all_of(kind)[number - 1]

    async def dial(self, uri: str) -> None:
        """Call somebody; `event` tells what comes of it."""
        await self.ask("dial", uri)

    async def accept(self) -> None:
        """Take the call that rings."""
        await self.ask("accept")

    async def hang_up(self) -> None:
        """End the call."""
        await self.ask("hangup")

    async def say(self, sound: Path) -> None:
        """Play another file from here on (8 kHz, one channel)."""
        await self.ask("ausrc", f"aufile,{self._near(sound)}")

    def _near(self, sound: Path) -> str:
        """Its path from the peer's own folder: what baresip 1.0.0 makes of long ones is cut off."""
        return os.path.relpath(sound, self.folder)

    async def hold(self) -> None:
        """Put the other side on hold."""
        await self.ask("hold")

    async def resume(self) -> None:
        """Take the other side back."""
        await self.ask("resume")

    async def transfer(self, uri: str) -> None:
        """Pass the other side on (REFER)."""
        await self.ask("transfer", uri)

    async def press(self, digits: str) -> None:
        """Press keys, one after the other (RFC 4733)."""
        for digit in digits:
            await self.ask("sndcode", digit)

    async def pressed(self, digits: str) -> None:
        """Wait until the other side has pressed just these keys."""
        await self.event("CALL_DTMF_START", len(digits))
        assert self.keys == digits

    @property
    def keys(self) -> str:
        """What the other side has pressed so far."""
        return "".join(str(event["param"]) for event in self.all_of("CALL_DTMF_START"))

    async def over(self, number: int = 1) -> str:
        """Wait until a call has ended; why."""
        return str((await self.event("CALL_CLOSED", number)).get("param", ""))

    async def has_heard(self, seconds: float) -> None:
        """Wait until so much has come, silence and all."""
        size = 2 * RATE * seconds
        await until(f"{seconds} s have not come", lambda: any(path.stat().st_size > size for path in self._heard()))

    def heard(self) -> Sound:
        """What the other side said in the last call; complete once that is over."""
        return read_wav(self._heard()[-1])

    def _heard(self) -> list[Path]:
        return sorted(self.folder.glob("dump-*-dec.wav"))

    def log(self) -> str:
        """All that it has printed."""
        return "" if self._process is None else self._process.log()
