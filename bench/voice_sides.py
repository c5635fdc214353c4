"""One side of the voice benchmark in a process of its own; `bench/voice.py` starts them.

`agent` serves media streams: to every call it plays speech and silence in turn, a frame each 20 ms, paced by one clock,
and reads what comes. `bare` holds so many calls with nothing but a clock and the same sockets: a frame of the same size
each 20 ms, and reading. `ours` holds them with voice activity, recording, hearing and a scripted caller.
"""

import argparse
import asyncio
import base64
import json
import resource
import time

import aiohttp
import numpy as np
import uvloop
from aiohttp import web

from ringback.speech.codec import encode_mulaw
from ringback.speech.flite import FliteVoice
from ringback.speech.resampling import resampled
from ringback.speech.text_to_speech import Voice

WHO = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)

FRAME = 0.02
SILENCE = b"\xff" * 160
AGENT_LINES = ("Good morning, you have reached the clinic.", "I can help you with that.", "Is there anything else?")


async def spoken(line: str) -> bytes:
    """A line of speech as mu-law at 8 kHz."""
    sound = await FliteVoice().speak(line, Voice())
    return encode_mulaw(resampled(sound, 8000).samples).tobytes()


def media(frame: bytes) -> str:
    """A frame as either side sends it."""
    payload = base64.b64encode(frame).decode()
    return json.dumps({"event": "media", "streamSid": "MZ" + "0" * 32, "media": {"payload": payload}})


async def program() -> list[str]:
    """What the agent sends to each call, over and over: about a quarter speech, the rest silence to be answered in."""
    frames: list[bytes] = []
    for line in AGENT_LINES:
        sound = await spoken(line)
        frames += [sound[at : at + 160].ljust(160, b"\xff") for at in range(0, len(sound), 160)]
        frames += [SILENCE] * 250
    return [media(frame) for frame in frames]


async def agent() -> None:
    """Serve, and print the port."""
    frames, calls = await program(), dict[web.WebSocketResponse, int]()

    async def call(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        calls[socket] = 0
        async for _ in socket:
            pass
        calls.pop(socket, None)
        return socket

    app = web.Application()
    app.router.add_get("/", call)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=4096)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    started, tick = time.perf_counter(), 0
    while True:
        tick += 1
        await asyncio.sleep(max(0.0, started + tick * FRAME - time.perf_counter()))
        for socket, at in list(calls.items()):
            calls[socket] = (at + 1) % len(frames)
            try:
                await socket.send_str(frames[at])
            except ConnectionError:
                calls.pop(socket, None)


async def bare(port: int, count: int, seconds: float) -> dict[str, float]:
    """How late frames were sent."""
    late: list[float] = []
    text = media(SILENCE)
    async with aiohttp.ClientSession() as session:
        sockets = [await session.ws_connect(f"http://127.0.0.1:{port}/", compress=0) for _ in range(count)]

        async def read(socket: aiohttp.ClientWebSocketResponse) -> None:
            async for message in socket:
                json.loads(message.data)

        readers = [asyncio.create_task(read(socket)) for socket in sockets]
        started = time.perf_counter()
        for tick in range(1, int(seconds / FRAME)):
            due = started + tick * FRAME
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            for socket in sockets:
                await socket.send_str(text)
                late.append(time.perf_counter() - due)
        for socket in sockets:
            await socket.close()
        await asyncio.gather(*readers)
    p50, p99 = np.percentile(late, [50, 99])
    return {"frames": len(late), "p50": float(p50), "p99": float(p99), "worst": max(late)}


def main() -> None:
    """One side."""
    parser = argparse.ArgumentParser()
    parser.add_argument("side", choices=("agent", "bare", "ours"))
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--calls", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    if options.side == "agent":
        uvloop.run(agent())
        return
    if options.side == "bare":
        hold = bare
    else:
        import voice_ours  # noqa: PLC0415 - what the bare loop does not need, it does not load

        hold = voice_ours.hold
    figures = uvloop.run(hold(options.port, options.calls, options.seconds))
    cpu = sum(resource.getrusage(who).ru_utime + resource.getrusage(who).ru_stime for who in WHO)
    print(json.dumps({**figures, "cpu": cpu}))


if __name__ == "__main__":
    main()
