"""A line in memory with an agent of real speech on it, on a virtual clock, heard by the real models."""

import asyncio
import importlib
import subprocess
import tempfile
import wave
from collections.abc import AsyncIterator, Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from virtual_clock import VirtualClockLoop

from ringback.callers.caller import Caller
from ringback.channels.channel import Dropped
from ringback.channels.line import FRAME_SECONDS, Encoding, Happened, LineEvent, LineReport
from ringback.conversation.call_clock import CallClock, decode, encode
from ringback.conversation.limits import Limits
from ringback.conversation.loop import Held
from ringback.conversation.manner import Manner
from ringback.conversation.recorder import Recorder
from ringback.conversation.voice_call import VoiceTools, converse_by_voice
from ringback.domain.conversation import Entry, FindingCode
from ringback.domain.event import Event
from ringback.domain.voice import Recognition, RecognitionMode, VoiceRecord
from ringback.speech.audio import Samples, Sound
from ringback.speech.resampling import resampled
from ringback.speech.speech_to_text import Hearing
from ringback.speech.text_to_speech import Voice
from ringback.speech.voice_activity import VoiceActivity

LOUD = 300
"""Root mean square over which a frame has sound."""


@cache
def _by_flite(text: str, voice: str) -> Sound:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True)
        with wave.open(str(path), "rb") as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int16)
            return Sound(samples, file.getframerate())


@cache
def spoken(text: str, rate: int = 16_000, *, voice: str = "rms") -> Samples:
    """The text by flite, without silence around it."""
    sound = resampled(_by_flite(text, voice), rate).samples
    loud = np.flatnonzero(np.abs(sound) > LOUD)
    return sound[loud[0] : loud[-1] + 1]


def silence(seconds: float, rate: int = 16_000) -> Samples:
    return np.zeros(round(seconds * rate), np.int16)


def noise(seconds: float, rate: int = 16_000, level: float = 3000) -> Samples:
    return np.random.default_rng(1).normal(0, level, round(seconds * rate)).astype(np.int16)


@cache
def activity() -> VoiceActivity:
    """The real model, loaded once."""
    return VoiceActivity()


class FliteAtOnce:
    """A `TextToSpeech` that takes no time of the virtual clock."""

    name = "flite:slt"

    def __init__(self, *, takes: float = 0.0, fails: Exception | None = None) -> None:
        self.takes = takes
        self.fails = fails

    async def speak(self, text: str, voice: Voice) -> Sound:
        if self.takes:
            await asyncio.sleep(self.takes)
        if self.fails is not None:
            raise self.fails
        return Sound(spoken(text, voice="slt"), 16_000)

    async def close(self) -> None:
        pass


@cache
def _decoder() -> tuple[Any, str]:
    """The real recogniser, loaded once, and what it takes for the channel's colour before it has heard anything."""
    pocketsphinx: Any = importlib.import_module("pocketsphinx")  # it brings no types
    decoder = pocketsphinx.Decoder(lm=None, samprate=16_000, loglevel="FATAL")
    return decoder, decoder.get_cmn(False)


class GrammarAtOnce:
    """A `SpeechToText` by pocketsphinx in this process, so that it takes no time of the virtual clock."""

    name = "pocketsphinx:grammar"
    mode = RecognitionMode.GRAMMAR

    def __init__(self, *lines: str, takes: Sequence[float] = (), fails: Exception | None = None) -> None:
        self._lines = tuple(line.lower().strip(".?!").replace(",", "") for line in lines)
        self._texts = dict(zip(self._lines, lines, strict=True))
        self.takes = list(takes)
        self.fails = fails
        self.heard: list[Sound] = []

    async def hear(self, sound: Sound, *, language: str = "en") -> Hearing:
        self.heard.append(sound)
        if self.takes:
            await asyncio.sleep(self.takes.pop(0))
        if self.fails is not None:
            raise self.fails
        text = self._recognised(sound) if self._lines else ""
        return Hearing(text, Recognition(mode=self.mode, matched=bool(text)))

    def _recognised(self, sound: Sound) -> str:
        decoder, unheard = _decoder()
        decoder.add_jsgf_string("lines", f"#JSGF V1.0; grammar lines; public <line> = {' | '.join(self._lines)};")
        decoder.activate_search("lines")
        decoder.set_cmn(unheard)
        decoder.start_utt()
        decoder.process_raw(resampled(sound, 16_000).samples.tobytes(), full_utt=True)
        decoder.end_utt()
        found = decoder.hyp()
        return self._texts.get(found.hypstr, "") if found is not None else ""

    async def close(self) -> None:
        pass


class LineInMemory:
    """A `Line` to an agent that is a function: asked each 20 ms, it says, hangs up or does nothing."""

    def __init__(
        self,
        agent: "Callable[[LineInMemory], None] | None" = None,
        *,
        encoding: Encoding = Encoding.PCM,
        carries_keys: bool = False,
    ) -> None:
        self.transport = "chirp" if encoding is Encoding.PCM else "media-streams"
        self.encoding = encoding
        self.carries_keys = carries_keys
        self.report = LineReport()
        self.rate = encoding.rate
        self._agent = agent
        self._queue = np.zeros(0, np.int16)
        self._inbox: asyncio.Queue[Happened] = asyncio.Queue()
        self.ticks = 0
        self._loud_for = self._quiet_for = 0  # frames of our caller
        self.sent: list[Samples] = []
        self.heard: list[Samples] = []
        self.keys: list[tuple[float, str]] = []
        self.signs: list[tuple[float, str]] = []
        self.hung_up_at: float | None = None
        self.closed = False
        self.defect: Exception | None = None

    # What the agent does

    @property
    def now(self) -> float:
        """Seconds of the call."""
        return self.ticks * FRAME_SECONDS

    def say(self, sound: Samples | str) -> None:
        """Queue sound (or the text, spoken)."""
        samples = spoken(sound, self.rate) if isinstance(sound, str) else sound
        self._queue = np.concatenate((self._queue, samples))

    def clear(self) -> None:
        self._queue = self._queue[:0]

    def tell(self, event: LineEvent) -> None:
        self._inbox.put_nowait(event)  # pyright: ignore[reportArgumentType] - all kinds but the root

    def drop(self, code: int | None = 1000, reason: str = "") -> None:
        self.tell(Dropped(at=0.0, close_code=code, reason=reason))  # pyright: ignore[reportArgumentType] - as above

    @property
    def saying(self) -> bool:
        return len(self._queue) > 0

    def caller_loud(self, seconds: float) -> bool:
        """Whether our caller sounded in each frame of so many last seconds."""
        return self._loud_for * FRAME_SECONDS >= seconds - 1e-9

    def caller_quiet(self, seconds: float) -> bool:
        return self._quiet_for * FRAME_SECONDS >= seconds - 1e-9

    # The line

    @property
    def waiting(self) -> float:
        return len(self._queue) / self.rate

    async def open(self) -> None:
        pass

    def send(self, frame: bytes) -> None:
        if self.defect is not None:
            raise self.defect
        assert len(frame) == self.encoding.frame_bytes
        samples = decode(self.encoding, [frame])[0]
        self.sent.append(samples)
        loud = _rms(samples) > LOUD
        self._loud_for, self._quiet_for = (self._loud_for + 1, 0) if loud else (0, self._quiet_for + 1)

    def played(self) -> bytes:
        if self._agent is not None:
            self._agent(self)
        self.ticks += 1
        size = self.encoding.frame_samples
        frame = np.zeros(size, np.int16)
        taken = self._queue[:size]
        frame[: len(taken)] = taken
        self._queue = self._queue[size:]
        self.heard.append(frame)
        return encode(self.encoding, frame.reshape(1, -1))[0]

    def press(self, digit: str) -> None:
        self.keys.append((self.now, digit))

    def began_speaking(self) -> None:
        self.signs.append((self.now, "began"))

    def stopped_speaking(self) -> None:
        self.signs.append((self.now, "stopped"))

    async def events(self) -> AsyncIterator[Happened]:
        while True:
            event = await self._inbox.get()
            yield event
            if isinstance(event, Dropped):
                return

    async def hang_up(self) -> None:
        self.hung_up_at = self.now
        await self.close()

    async def close(self) -> None:
        if not self.closed:
            self.closed = True
            self._inbox.put_nowait(Dropped(at=0.0, close_code=None, reason="", closed_by_us=True))

    # What was on it

    @property
    def caller_sound(self) -> Samples:
        return np.concatenate(self.sent)

    @property
    def agent_sound(self) -> Samples:
        return np.concatenate(self.heard)


def _rms(frame: Samples) -> float:
    return float(np.linalg.norm(frame.astype(np.float32))) / len(frame) ** 0.5


def loud_spans(samples: Samples, rate: int, gap: float = 0.2) -> list[tuple[float, float]]:
    """Stretches of sound to 5 ms, in seconds; gaps under `gap` are joined."""
    size = rate // 200
    frames = samples[: len(samples) // size * size].reshape(-1, size).astype(np.float64)
    loud = np.flatnonzero(np.sqrt((frames**2).mean(axis=1)) > LOUD)
    spans: list[tuple[float, float]] = []
    for frame in loud:
        start, end = frame * 0.005, (frame + 1) * 0.005
        if spans and start - spans[-1][1] < gap:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def polite(*lines: str, greets: bool = True, after: float = 0.7) -> Callable[[LineInMemory], None]:
    """An agent that says the first line at once and each other one so long after our caller has spoken."""
    left = list(lines)
    spoke = greets

    def act(line: LineInMemory) -> None:
        nonlocal spoke
        spoke = spoke or line.caller_loud(0.06)
        if left and not line.saying and spoke and ((greets and len(left) == len(lines)) or line.caller_quiet(after)):
            line.say(left.pop(0))
            spoke = False

    return act


class _Inline(VirtualClockLoop):
    """Threads take no time: what is given to one is done at once."""

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> "asyncio.Future[Any]":
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - as a thread would hand it on
            future.set_exception(error)
        return future


class Call:
    """One call that was held on the virtual clock, with all that can be asked about it."""

    def __init__(
        self,
        caller: Caller,
        agent: Callable[[LineInMemory], None] | None = None,
        *,
        hears: Sequence[str] = (),
        manner: Manner | None = None,
        limits: Limits | None = None,
        end_of_turn: float = 0.6,
        agent_speaks_first: bool | None = None,
        encoding: Encoding = Encoding.PCM,
        carries_keys: bool = False,
        recordings: Path | None = None,
        text_to_speech: FliteAtOnce | None = None,
        speech_to_text: GrammarAtOnce | None = None,
        stop_at: float | None = None,
        meanwhile: Callable[[VirtualClockLoop], None] | None = None,
        seed: int = 0,
    ) -> None:
        self.caller = caller
        self.events: list[Event] = []
        self._agent = agent
        self._manner = manner or Manner(idle_timeout=2.0, idle_prompts=1)
        self._limits = limits or Limits(grace=0.2)
        self._first = agent_speaks_first
        self._end_of_turn = end_of_turn
        self._encoding = encoding
        self._carries_keys = carries_keys
        self._recordings = recordings
        self._text_to_speech = text_to_speech or FliteAtOnce()
        self._speech_to_text = speech_to_text or GrammarAtOnce(*hears)
        self._stop_at = stop_at
        self._meanwhile = meanwhile
        self._seed = seed
        with asyncio.Runner(loop_factory=_Inline) as runner:
            self.held = runner.run(self._run())
        self.conversation = self.held.conversation

    async def _run(self) -> Held:
        loop = asyncio.get_running_loop()
        self.line = LineInMemory(self._agent, encoding=self._encoding, carries_keys=self._carries_keys)
        stop = asyncio.Event()
        if self._stop_at is not None:
            loop.call_later(self._stop_at, stop.set)
        if self._meanwhile is not None:
            assert isinstance(loop, VirtualClockLoop)
            self._meanwhile(loop)
        tools = VoiceTools(
            clock=CallClock(activity()),
            text_to_speech=self._text_to_speech,
            speech_to_text=self._speech_to_text,
            recordings=self._recordings,
        )
        return await converse_by_voice(
            self.line,
            self.caller,
            Recorder(1, self.events.append, clock=loop.time),
            tools=tools,
            manner=self._manner,
            limits=self._limits,
            end_of_turn=self._end_of_turn,
            agent_speaks_first=self._first,
            stem="1/1-1",
            seed=self._seed,
            stop=stop,
        )

    @property
    def lines(self) -> list[str]:
        """The transcript in short: `> ` caller, `< ` agent, `…` broken off, `!` ends the call."""
        return [_short(entry) for entry in self.conversation.entries]

    @property
    def codes(self) -> list[FindingCode]:
        return [finding.code for finding in self.conversation.findings]

    @property
    def voice(self) -> VoiceRecord:
        assert self.conversation.voice is not None
        return self.conversation.voice

    @property
    def caller_spans(self) -> list[tuple[float, float]]:
        return loud_spans(self.line.caller_sound, self.line.rate)

    @property
    def agent_spans(self) -> list[tuple[float, float]]:
        return loud_spans(self.line.agent_sound, self.line.rate)


def _short(entry: Entry) -> str:
    mark = "> " if entry.role == "Testing Agent" else "< "
    return mark + entry.content + ("…" if entry.interrupted else "") + ("!" if entry.ends_call else "")
