"""The clinic's front desk on a voice line: it hears an utterance, thinks, and speaks until it is interrupted.

One fault is planted beside the text desk's, for the spoken demo suite to find: while it tells the opening hours it does
not listen, so that whoever interrupts it there is talked over.
"""

import asyncio
import contextlib
import uuid
from collections.abc import Coroutine, Mapping
from typing import Any, Protocol, runtime_checkable

from ringback.demo.front_desk import Frame, FrontDesk
from ringback.speech.audio import Sound
from ringback.speech.speech_to_text import SpeechToText
from ringback.speech.text_to_speech import TextToSpeech, Voice

_VOICE = Voice()
_DEAF = "We are open"
"""How the words begin that the desk says to their end, whoever speaks."""
_AHEAD = 0.2
"""Seconds of sound in a piece where nothing that was sent can be taken back."""
_QUIET = 0.6
"""Seconds of silence after which the caller is taken to have spoken."""


class DeskCall(Protocol):
    """One call at the agent's end of a line, whatever the line is."""

    @property
    def parameters(self) -> Mapping[str, str]:
        """What the call carried beside its handshake."""
        ...

    headers: dict[str, str]

    async def listen(self, *, silence: float = ...) -> Sound | None:
        """The caller's next utterance; None: the line is closed."""
        ...

    async def speaks(self) -> int | None:
        """Wait until the caller begins to speak; None: the line is closed."""
        ...

    async def hang_up(self) -> None:
        """End the call."""
        ...


class TelephoneCall(DeskCall, Protocol):
    """A call by telephone: nothing but sound."""

    async def say(self, sound: Sound) -> None:
        """Say it, in real time; cancelled, the rest is not said."""
        ...


@runtime_checkable
class SocketCall(DeskCall, Protocol):
    """A call over a WebSocket, whose protocol has words of its own."""

    @property
    def transport(self) -> str:
        """`media-streams` or `chirp`."""
        ...

    async def say(self, sound: Sound, *, frame: float = ..., real_time: bool = ...) -> None:
        """Send the sound in pieces of `frame` seconds: as time goes on, or all at once."""
        ...

    async def mark(self, name: str) -> None:
        """Ask to be told when all sound so far has been played (media streams)."""
        ...

    async def marked(self, name: str) -> bool:
        """Wait for the echo of a mark; False: the line is closed."""
        ...

    async def clear(self) -> None:
        """Drop what is queued (media streams)."""
        ...

    async def began_speaking(self) -> None:
        """CHIRP's `speech.started`."""
        ...

    async def stopped_speaking(self) -> None:
        """CHIRP's `speech.completed`."""
        ...

    async def transcript(self, text: str) -> None:
        """Tell what was heard of the caller."""
        ...

    async def metadata(self, values: Mapping[str, Any]) -> None:
        """Tell metadata."""
        ...


VoiceCall = TelephoneCall | SocketCall


class VoiceDesk:
    """Holds calls, each with a desk of its own."""

    def __init__(self, ear: SpeechToText, mouth: TextToSpeech, *, thinking: float = 0.2) -> None:
        """A desk on the telephone.

        Args:
            ear: hears callers.
            mouth: speaks for the desk.
            thinking: seconds before each answer, and as many for each tool, as in the chat.
        """
        self._ear = ear
        self._mouth = mouth
        self._thinking = thinking

    async def __call__(self, call: VoiceCall) -> None:
        """Hold one whole call."""
        desk = FrontDesk.for_headers({**call.headers, **call.parameters})
        await self._say(call, desk.greet())
        while (sound := await call.listen(silence=_QUIET)) is not None:
            heard = await self._ear.hear(sound)
            if heard.text and isinstance(call, SocketCall):
                await call.transcript(heard.text)
            frames = desk.hear(heard.text)
            tools = sum(frame.get("role") == "Function Call Result" for frame in frames)
            await asyncio.sleep(self._thinking * (1 + tools))
            await self._say(call, frames)
            if desk.ended:
                await call.hang_up()
                return

    async def _say(self, call: VoiceCall, frames: list[Frame]) -> None:
        """Speak the words of all frames; the caller may break in, and what was not said then is dropped."""
        for frame in frames:
            if (metadata := frame.get("metadata")) and isinstance(call, SocketCall):
                await call.metadata(metadata)
        words = " ".join(str(frame["content"]) for frame in frames if frame.get("content"))
        if not words:
            return
        saying = _play(call, await self._mouth.speak(words, _VOICE))
        await (saying if words.startswith(_DEAF) else _until_interrupted(call, saying))


async def _play(call: VoiceCall, sound: Sound) -> None:
    """Returns when the caller has heard all of it; cancelled, the caller does not hear the rest."""
    if not isinstance(call, SocketCall):
        await call.say(sound)
    elif call.transport == "chirp":
        await call.began_speaking()
        try:
            await call.say(sound, frame=_AHEAD)
        finally:
            await call.stopped_speaking()
    else:
        await _play_ahead(call, sound)


async def _play_ahead(call: SocketCall, sound: Sound) -> None:
    """The telephone company keeps what comes early; a mark tells when it has been played."""
    name = uuid.uuid4().hex
    try:
        await call.say(sound, real_time=False)
        await call.mark(name)
        await call.marked(name)
    except asyncio.CancelledError:
        await call.clear()
        raise


async def _until_interrupted(call: VoiceCall, playing: Coroutine[Any, Any, None]) -> None:
    """Play, and stop as soon as the caller speaks."""
    saying = asyncio.ensure_future(playing)
    interrupted = asyncio.ensure_future(call.speaks())
    try:
        await asyncio.wait((saying, interrupted), return_when=asyncio.FIRST_COMPLETED)
        if saying.done():
            await saying
    finally:
        for task in (saying, interrupted):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
