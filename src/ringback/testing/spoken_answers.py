"""The behaviour of a voice agent that is described by sounds."""

import asyncio
from typing import Any, Protocol

from ringback.speech.audio import Sound


class SpokenCall(Protocol):
    """A call at a voice agent."""

    closed: asyncio.Event

    async def listen(self, *, silence: float = ...) -> Sound | None:
        """The caller's next utterance; None: the line is closed."""
        ...

    async def say(self, sound: Sound) -> Any:
        """Say it to its end."""
        ...

    async def hang_up(self) -> None:
        """End the call."""
        ...


class SpokenAnswers:
    """Greets, then answers each utterance with the next reply."""

    def __init__(
        self, greeting: Sound | None, replies: tuple[Sound, ...], delay: float, silence: float, *, hangs_up: bool
    ) -> None:
        self._greeting = greeting
        self._replies = replies
        self._delay = delay
        self._silence = silence
        self._hangs_up = hangs_up

    async def __call__(self, call: SpokenCall) -> None:
        """Hold one whole call."""
        if self._greeting is not None:
            await call.say(self._greeting)
        for reply in self._replies:
            if await call.listen(silence=self._silence) is None:
                return
            await asyncio.sleep(self._delay)
            await call.say(reply)
        if self._hangs_up:
            await call.hang_up()
        await call.closed.wait()
