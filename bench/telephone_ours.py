"""Our side of the telephone benchmark: whole calls, with voice activity, recording, hearing and a scripted caller."""

import asyncio
import gc
import tempfile
import time
from pathlib import Path
from typing import Any

from scripted_calls import scripted_call
from telephone_use import BETWEEN, STAGGER, between, used
from voice_sides import AGENT_LINES

from ringback.channels.sip.account import Identity, TelephoneSettings
from ringback.channels.sip.line import SipLine
from ringback.channels.sip.messages import Control
from ringback.channels.sip.telephone import Telephone
from ringback.channels.websocket import agent_session
from ringback.conversation.call_clock import CallClock
from ringback.conversation.voice_call import VoiceTools
from ringback.domain.voice import VoiceRecord
from ringback.speech.build import open_speech_to_text, open_text_to_speech
from ringback.speech.speech_to_text import WarmsUp
from ringback.speech.voice_activity import VoiceActivity

SETTINGS = TelephoneSettings(listen="127.0.0.1:0", interface="127.0.0.1", max_calls=400)
IDENTITY = Identity()


class Counting(Telephone):
    """A telephone that counts frames of ours which the stack did not send in time, or at all."""

    def __init__(self) -> None:
        super().__init__(SETTINGS)
        self.unsent = 0

    def _told(self, message: Control) -> None:
        if message.get("is") == "closed":
            self.unsent += int(message.get("gaps", 0)) + int(message.get("left_out", 0))
        super()._told(message)


async def set_up(uri: str, count: int) -> dict[str, Any]:
    """How long it took until calls were established, one after the other, in seconds."""
    telephone = Telephone(SETTINGS)
    await telephone.start()
    took: list[float] = []
    for _ in range(count):
        line = SipLine(telephone, uri, {}, identity=IDENTITY)
        started = time.perf_counter()
        await line.open()
        took.append(time.perf_counter() - started)
        await asyncio.sleep(BETWEEN)
        await line.close()
        await asyncio.sleep(BETWEEN)
    await telephone.close()
    return {"took": took}


async def hold(uri: str, count: int, seconds: float, *, agent: int) -> dict[str, Any]:
    """CPU, memory and lateness of so many calls at once; one call is held before them, so that all is loaded."""
    telephone = Counting()
    await telephone.start()
    async with agent_session(connect_timeout=10.0) as session:
        voice = open_text_to_speech("flite:slt", base_url=None, api_key=None, timeout=30.0, session=session)
        ear = open_speech_to_text(
            "pocketsphinx", base_url=None, api_key=None, timeout=30.0, session=session, known_lines=AGENT_LINES
        )
        assert isinstance(ear, WarmsUp)
        await ear.warm_up(count)
        clock = CallClock(VoiceActivity(), now=time.monotonic)
        with tempfile.TemporaryDirectory() as folder:
            tools = VoiceTools(clock=clock, text_to_speech=voice, speech_to_text=ear, recordings=Path(folder))

            async def one(number: int, stop: asyncio.Event) -> VoiceRecord:
                line = SipLine(telephone, uri, {}, identity=IDENTITY)
                return await scripted_call(line, number, tools=tools, stop=stop)

            await first_call(one)
            telephone.unsent = 0
            gc.collect()
            gc.freeze()
            before, stop = used(agent, telephone.pid), asyncio.Event()
            calls: list[asyncio.Task[VoiceRecord]] = []
            for number in range(1, count + 1):
                calls.append(asyncio.create_task(one(number, stop)))
                await asyncio.sleep(STAGGER)
            start, at = used(agent, telephone.pid), time.perf_counter()
            await asyncio.sleep(seconds)
            end = used(agent, telephone.pid)
            figures = between(before, start, end, time.perf_counter() - at)
            stop.set()
            records = await asyncio.gather(*calls)
        await voice.close()
        await ear.close()
    await telephone.close()
    return {**figures, **told(records), "unsent": telephone.unsent}


async def first_call(one: Any) -> None:
    """A call that loads what is loaded once."""
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(3.0, stop.set)
    await one(0, stop)


def told(records: list[VoiceRecord]) -> dict[str, Any]:
    """What the calls' records say of their lateness and of their media."""
    media = [record.media for record in records if record.media is not None]
    return {
        "clock_p99": max(record.lateness.p99 for record in records),
        "received": sum(line.packets_received for line in media),
        "lost_received": sum(line.lost_received for line in media),
    }
