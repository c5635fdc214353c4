"""The least that the same SIP stack can do: it dials, and each 20 ms writes a frame and reads one for each call.

One process, the stack's codecs and buffers as ours; nothing is decided, checked, heard or kept.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any

from baresip import Account, Call, Config, Runtime, UserAgent
from baresip.errors import AudioNotActive
from baresip.events import Event, StackEvent
from telephone_use import BETWEEN, STAGGER, between, used

FRAME = 0.02
CONFIG = Config(
    net_interface="127.0.0.1",
    native_log_level="error",
    extra_config_text="sip_listen 127.0.0.1:0\naudio_jitter_buffer_type fixed\naudio_jitter_buffer_ms 40-40\n",
)
ACCOUNT = Account(user="ringback", domain="127.0.0.1", password="", reg_interval=0, audio_codecs=("pcmu", "pcma"))
"""It has no password, and does not register."""


class Stack:
    """The stack, and which of its calls are established."""

    def __init__(self, runtime: Runtime, user: UserAgent) -> None:
        self._user = user
        self._established: set[int] = set()
        self._news = asyncio.Event()
        runtime.subscribe(self._happened)

    def _happened(self, event: StackEvent) -> None:
        # Not by the stack's own waiting: where the other side answers at once, it misses what it waits for.
        if event.event is Event.CALL_ESTABLISHED:
            self._established.add(event.call)
            self._news.set()

    async def dial(self, uri: str) -> tuple[Call, float]:
        """A call, and the seconds until it was established."""
        started = time.perf_counter()
        call = await self._user.dial(uri)
        async with asyncio.timeout(10):
            while call.handle not in self._established:
                self._news.clear()
                await self._news.wait()
        return call, time.perf_counter() - started


@asynccontextmanager
async def stack() -> AsyncGenerator[Stack]:
    """The stack, running."""
    runtime = Runtime()
    await runtime.start(CONFIG)
    yield Stack(runtime, await UserAgent.create(runtime, ACCOUNT))
    await runtime.close()


async def set_up(uri: str, count: int) -> dict[str, Any]:
    """How long it took until calls were established, one after the other, in seconds."""
    took: list[float] = []
    async with stack() as bare:
        for _ in range(count):
            call, seconds = await bare.dial(uri)
            took.append(seconds)
            await asyncio.sleep(BETWEEN)
            await call.hangup()
            await asyncio.sleep(BETWEEN)
    return {"took": took}


async def hold(uri: str, count: int, seconds: float, *, agent: int) -> dict[str, Any]:
    """CPU and memory of so many calls at once; one call is held before them, so that all is loaded."""
    async with stack() as bare:
        first, _ = await bare.dial(uri)
        await asyncio.sleep(1.0)
        await first.hangup()
        before = used(agent)
        calls: list[Call] = []
        pacing = asyncio.create_task(_pace(calls))
        for _ in range(count):
            calls.append((await bare.dial(uri))[0])
            await asyncio.sleep(STAGGER)
        start, at = used(agent), time.perf_counter()
        await asyncio.sleep(seconds)
        figures = between(before, start, used(agent), time.perf_counter() - at)
        pacing.cancel()
        await asyncio.gather(*(call.hangup() for call in calls))
    return figures


async def _pace(calls: list[Call]) -> None:
    """A frame to and from each call each 20 ms, until this is cancelled."""
    due, silence = time.perf_counter(), bytes(320)
    while True:
        due += FRAME
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        for call in calls:
            with suppress(AudioNotActive):
                call.audio.write(silence)
                call.audio.read(6400)
