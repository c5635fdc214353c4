"""Holding one spoken call: a line and a caller, driven by the rules of turn taking and by the clock of all calls."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ringback.callers.caller import Caller
from ringback.channels.line import Line
from ringback.conversation.call_clock import CallClock
from ringback.conversation.disturbances import make_ready
from ringback.conversation.endings import after_failure
from ringback.conversation.limits import Limits
from ringback.conversation.line_reading import read_line
from ringback.conversation.loop import Held
from ringback.conversation.loop_lag import LoopLag
from ringback.conversation.manner import Manner
from ringback.conversation.recorder import Recorder
from ringback.conversation.spoken_exchange import SpokenExchange
from ringback.conversation.stopping import WhenStopped, open_unless_stopped
from ringback.conversation.voice_record import LATE, VoiceNotes, late_sentence, no_voice_sentence
from ringback.domain.conversation import FindingCode, Role
from ringback.domain.ending import Ending
from ringback.domain.voice import Lateness
from ringback.errors import SpeechError
from ringback.speech.recording import Recording
from ringback.speech.speech_to_text import SpeechToText
from ringback.speech.text_to_speech import TextToSpeech

_HANG_UP_PATIENCE = 2.0
"""Seconds in which an agent may answer our hanging up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceTools:
    """What spoken calls share."""

    clock: CallClock
    """Of the process."""
    text_to_speech: TextToSpeech
    speech_to_text: SpeechToText
    """Of the agent."""
    recordings: Path | None
    """Folder of recordings; None: no sound is kept."""


async def converse_by_voice(
    line: Line,
    caller: Caller,
    recorder: Recorder,
    *,
    tools: VoiceTools,
    manner: Manner,
    limits: Limits,
    end_of_turn: float,
    agent_speaks_first: bool | None = None,
    language: str = "en",
    stem: str,
    seed: int = 0,
    stop: asyncio.Event | None = None,
) -> Held:
    """Dial, and let caller and agent talk until somebody, a limit or the user ends the call.

    Args:
        line: Not yet open; closed when this returns or raises.
        caller: Asked for one move after the other; `said` is told when words have sounded, if only in part.
        recorder: Keeps what happens; its clock must be the event loop's.
        tools: What spoken calls share.
        manner: How the caller sounds and takes turns.
        limits: Times and counts.
        end_of_turn: Seconds of silence that end a turn of the agent's.
        agent_speaks_first: None: listen for a greeting, then open.
        language: Code of the language that both speak.
        stem: Of the recording's files, `RESULT/RUN-ATTEMPT`.
        seed: Of chances and disturbances.
        stop: Set by the user; the agent may finish its turn, then the call is ended.

    Raises ChannelError where the line cannot be opened, Interrupted where the user stops before it is. An error of the
    caller, its model or its voice, or of what hears the agent, ends the call and is returned as its failure.
    """
    rate = line.encoding.rate
    recording = Recording(tools.recordings, stem, rate) if tools.recordings is not None else None
    notes = VoiceNotes(recording, rate)
    kept = False
    try:
        manner = await _with_noise(manner, rate, recorder)
        await open_unless_stopped(line.open, stop)
        with LoopLag() as lag:
            exchange = SpokenExchange(
                line,
                caller,
                recorder,
                ear=tools.clock.ear(rate),
                notes=notes,
                text_to_speech=tools.text_to_speech,
                speech_to_text=tools.speech_to_text,
                manner=manner,
                limits=limits,
                end_of_turn=end_of_turn,
                agent_speaks_first=agent_speaks_first,
                language=language,
                seed=seed,
            )
            ending, lateness, over_at = await _hold(
                exchange, line=line, recorder=recorder, notes=notes, clock=tools.clock, stop=stop
            )
            lag_seen = lag.largest
        if exchange.failure is not None:
            ending = after_failure(exchange.failure)
        if lateness.p99 > LATE:
            recorder.remark(FindingCode.LATE_SENDING, late_sentence(lateness))
        voice = await notes.finish(
            transport=line.transport,
            mode=tools.speech_to_text.mode,
            speech_to_text=tools.speech_to_text.name,
            text_to_speech=tools.text_to_speech.name,
            stem=stem,
            lateness=lateness,
            seed=seed,
            line=line.report,
        )
        kept = True
        if voice.agent_speech and not any(entry.role is Role.AGENT for entry in recorder.entries):
            recorder.remark(FindingCode.BAD_FRAME, no_voice_sentence(voice.agent_speech, line.encoding))
        return Held(recorder.finish(ending, over_at, loop_lag=lag_seen, voice=voice), exchange.failure)
    finally:
        await line.close()
        if not kept:
            await notes.discard()


async def _with_noise(manner: Manner, rate: int, recorder: Recorder) -> Manner:
    """The manner, its background noise made ready before anybody waits for a frame; without one that is no sound."""
    try:
        await make_ready(manner, rate)
    except SpeechError as error:
        recorder.remark(FindingCode.DIRECTIVE_SKIPPED, f"background_noise: {error}")
        return replace(manner, background=None)
    return manner


async def _hold(
    exchange: SpokenExchange,
    *,
    line: Line,
    recorder: Recorder,
    notes: VoiceNotes,
    clock: CallClock,
    stop: asyncio.Event | None,
) -> tuple[Ending, Lateness, float]:
    """Talk; returns how it ended, how late our frames were sent, and when the line was closed."""
    reader = asyncio.get_running_loop().create_task(read_line(line, exchange, recorder, notes))
    recorder.call_opened(clock.join(exchange))
    try:
        with WhenStopped(stop, lambda: exchange.turns.stop(exchange.now)):
            ending = await exchange.over
        lateness = clock.leave(exchange)
        with suppress(TimeoutError):
            async with asyncio.timeout(_HANG_UP_PATIENCE):
                await line.hang_up()
        over_at = recorder.clock()
        await exchange.settle()
    finally:
        clock.leave(exchange)
        reader.cancel()
        await asyncio.wait((reader,))
        await exchange.drop_tasks()
    return ending, lateness, over_at
