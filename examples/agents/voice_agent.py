# /// script
# requires-python = ">=3.11"
# dependencies = ["aiohttp>=3.13"]
# ///
"""A voice agent in one file, for media streams, the WebSocket protocol of Twilio; flite speaks (apt-get install flite).

Start it, and let Ringback call it:

    uv run voice_agent.py --port 8765
    ringback run SUITE --agent ws://127.0.0.1:8765 --channel media-streams --known-lines voice_agent_lines.txt

It hears when somebody has spoken, not what: it answers with one line after the other. Put your recogniser and your
model into `answer`. It stops when the caller speaks, and hangs up after its last line.
"""

import argparse
import asyncio
import base64
import contextlib
import json
import tempfile
import wave
from pathlib import Path

from aiohttp import web

GREETING = "Hello, this is the bicycle shop."
ANSWERS = ["We are open from Monday to Friday, and we close at six.", "Thank you for calling. Goodbye."]

LOUD = 300
"""Mean absolute sample from which on 20 ms of the caller count as speech."""
QUIET_FRAMES = 30
"""Frames of 20 ms without speech that end the caller's turn."""


def encode(sample: int) -> int:
    """One 16-bit sample as mu-law (ITU-T G.711)."""
    sign, level = (0x80, -sample) if sample < 0 else (0, sample)
    level = min(level, 32635) + 132
    exponent = level.bit_length() - 8
    return ~(sign | exponent << 4 | level >> exponent + 3 & 0x0F) & 0xFF


def decode(byte: int) -> int:
    """One byte of mu-law as a 16-bit sample."""
    byte = ~byte & 0xFF
    level = ((byte & 0x0F) << 3 | 0x84) << (byte >> 4 & 7)
    return 132 - level if byte & 0x80 else level - 132


LEVELS = [abs(decode(byte)) for byte in range(256)]


async def spoken(words: str) -> bytes:
    """The words as mu-law of 8000 Hz."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "words.wav"
        program = await asyncio.create_subprocess_exec("flite", "-voice", "slt", "-t", words, "-o", str(path))
        if await program.wait() != 0:
            raise RuntimeError("flite did not speak")
        with wave.open(str(path)) as file:
            samples = memoryview(file.readframes(file.getnframes())).cast("h")
    # The voice has 16,000 Hz; two samples become one.
    return bytes(encode((one + two) // 2) for one, two in zip(samples[::2], samples[1::2], strict=False))


def answer(_turn: bytes, number: int) -> str | None:
    """What to say to the caller's turn (mu-law, 8000 Hz); None hangs up."""
    return ANSWERS[number] if number < len(ANSWERS) else None


class Call:
    """One call: what is being said, and what the caller has said so far."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket
        self._stream = ""
        self._turn = bytearray()
        self._quiet = 0
        self._saying = ""
        """Mark behind what the caller hears now; empty while we are silent."""
        self._turns = 0

    async def hold(self) -> None:
        """Take messages until the line is closed."""
        async for message in self._socket:
            event = json.loads(message.data)
            match event["event"]:
                case "start":
                    self._stream = event["streamSid"]
                    await self._say(GREETING)
                case "media":
                    await self._hear(base64.b64decode(event["media"]["payload"]))
                case "mark" if event["mark"]["name"] == self._saying:
                    self._saying = ""
                    if self._turns == len(ANSWERS):  # on Twilio a REST request ends the call: see the how-to
                        await self._send("stop")
                case _:
                    pass

    async def _hear(self, frame: bytes) -> None:
        if sum(LEVELS[byte] for byte in frame) >= LOUD * len(frame):
            self._turn += frame
            self._quiet = 0
            if self._saying and self._turns < len(ANSWERS):  # the caller breaks in: drop what is not played yet
                self._saying = ""
                await self._send("clear")
        elif self._turn:
            self._turn += frame
            self._quiet += 1
            if self._quiet >= QUIET_FRAMES:
                words = answer(bytes(self._turn), self._turns)
                self._turn.clear()
                self._turns += 1
                await self._say(words or "Goodbye.")

    async def _say(self, words: str) -> None:
        self._saying = f"said {self._turns}"
        await self._send("media", media={"payload": base64.b64encode(await spoken(words)).decode()})
        await self._send("mark", mark={"name": self._saying})

    async def _send(self, event: str, **body: object) -> None:
        with contextlib.suppress(ConnectionError):
            await self._socket.send_json({"event": event, "streamSid": self._stream, **body})


async def talk(request: web.Request) -> web.WebSocketResponse:
    """One socket a call."""
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    await Call(socket).hold()
    return socket


async def serve(port: int) -> None:
    """Answer calls on this port; 0 takes a free one."""
    app = web.Application()
    app.router.add_get("/", talk)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print(f"listening on ws://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description="A voice agent for media streams.")
    parser.add_argument("--port", type=int, default=8765)
    asyncio.run(serve(parser.parse_args().port))


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
