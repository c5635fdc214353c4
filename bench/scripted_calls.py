"""One whole call of ours by a caller with a script; the benchmarks of voice and of the telephone hold many of them."""

import asyncio

from ringback.callers.scripted import ScriptedCaller
from ringback.channels.line import Line
from ringback.conversation.limits import Limits
from ringback.conversation.manner import Manner
from ringback.conversation.recorder import Recorder
from ringback.conversation.voice_call import VoiceTools, converse_by_voice
from ringback.domain.voice import VoiceRecord

CALLER_LINES = tuple(f"This is line {name} of mine." for name in ("one", "two", "three", "four", "five", "six")) * 20


async def scripted_call(line: Line, number: int, *, tools: VoiceTools, stop: asyncio.Event) -> VoiceRecord:
    """Talk until `stop` is set; what is kept of the call."""
    held = await converse_by_voice(
        line,
        ScriptedCaller(CALLER_LINES),
        Recorder(number, lambda _: None, clock=asyncio.get_running_loop().time),
        tools=tools,
        manner=Manner(),
        limits=Limits(finish_turn=0.0, max_turns=200),
        end_of_turn=0.8,
        stem=f"1/{number}-1",
        stop=stop,
    )
    assert held.failure is None, held.failure
    assert held.conversation.voice is not None
    return held.conversation.voice
