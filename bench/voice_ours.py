"""Our side of the voice benchmark: whole calls, with voice activity, recording, hearing and a scripted caller."""

import asyncio
import gc
import tempfile
import time
from pathlib import Path

import numpy as np
from scripted_calls import scripted_call
from voice_sides import AGENT_LINES

from ringback.channels.media_streams import MediaStreamsLine
from ringback.channels.websocket import agent_session
from ringback.conversation.call_clock import CallClock
from ringback.conversation.voice_call import VoiceTools
from ringback.domain.voice import Lateness
from ringback.speech.build import open_speech_to_text, open_text_to_speech
from ringback.speech.voice_activity import VoiceActivity


async def hold(port: int, count: int, seconds: float) -> dict[str, float]:
    """How late frames were sent: the median of the calls' medians, the largest of their p99, the worst frame."""
    gc.collect()
    gc.freeze()
    stop = asyncio.Event()
    async with agent_session(connect_timeout=10.0) as session:
        voice = open_text_to_speech("flite:slt", base_url=None, api_key=None, timeout=30.0, session=session)
        ear = open_speech_to_text(
            "pocketsphinx", base_url=None, api_key=None, timeout=30.0, session=session, known_lines=AGENT_LINES
        )
        clock = CallClock(VoiceActivity(), now=time.monotonic)
        with tempfile.TemporaryDirectory() as folder:
            tools = VoiceTools(clock=clock, text_to_speech=voice, speech_to_text=ear, recordings=Path(folder))

            async def one(number: int) -> Lateness:
                line = MediaStreamsLine(f"ws://127.0.0.1:{port}/", {}, {}, session=session)
                return (await scripted_call(line, number, tools=tools, stop=stop)).lateness

            calls = [asyncio.create_task(one(number)) for number in range(1, count + 1)]
            await asyncio.sleep(seconds)
            stop.set()
            late = await asyncio.gather(*calls)
        await voice.close()
        await ear.close()
    return {
        "frames": sum(call.frames for call in late),
        "p50": float(np.median([call.p50 for call in late])),
        "p99": max(call.p99 for call in late),
        "worst": max(call.worst for call in late),
    }
