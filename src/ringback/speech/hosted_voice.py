"""A hosted voice behind the contract of `text_to_speech.py`: long texts, retries, silence and counting.

What is asked of a provider, and how, is in the file of each.
"""

import asyncio
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from ringback.errors import SpeechRejected
from ringback.models.provider import Cause, Trouble
from ringback.speech.audio import Sound
from ringback.speech.hosted_client import HostedClient
from ringback.speech.hosted_usage import SpeechUsage, tell_payer
from ringback.speech.spoken_texts import SpokenTexts
from ringback.speech.text_to_speech import Voice
from ringback.speech.trimming import trimmed

_log = logging.getLogger(__name__)

_BETWEEN = 0.3
"""Seconds between the parts of a text that was too long for one request: those between two sentences."""

_NOTHING_RATE = 16_000
"""Hz, of the sound of a text without words."""

_MOST_UNKNOWN = 1000

_SENTENCE = re.compile(r"(?<=[.!?;:])\s+")
_WORD = re.compile(r"\s+")


class SpeakingProvider(Protocol):
    """Speaks one text that is not too long for it, in one request."""

    @property
    def longest(self) -> int:
        """Characters."""
        ...

    async def speak_once(self, text: str, voice: Voice) -> Sound:
        """The text as the provider makes it. Raises `Trouble`."""
        ...


@dataclass(slots=True, kw_only=True)
class HostedVoice:
    """Speaks through a provider; safe to use from many calls at once."""

    client: HostedClient
    provider: SpeakingProvider
    usage: SpeechUsage = field(default_factory=SpeechUsage)
    """So far. The same words in the same voice are asked for, and paid, once in a process."""
    spoken: SpokenTexts = field(default_factory=SpokenTexts)
    unknown: set[str | None] = field(default_factory=set[str | None])
    """Voices that the provider has refused."""

    @property
    def name(self) -> str:
        """`provider:name`."""
        return self.client.name

    async def speak(self, text: str, voice: Voice) -> Sound:
        """The text as sound, trimmed of silence; see `TextToSpeech.speak`.

        Raises:
            SpeechUnavailable: another time it may succeed.
            SpeechRejected: another time will not help.
        """
        return await self.spoken.get((text, voice), lambda: self._whole(text, voice))

    async def close(self) -> None:
        """Forget what was spoken; the HTTP client belongs to whoever opened it."""
        self.spoken.forget()

    async def _whole(self, text: str, voice: Voice) -> Sound:
        sounds = [await self._part(part, voice) for part in parts(text, self.provider.longest)]
        if not sounds:
            return Sound(np.zeros(0, dtype=np.int16), _NOTHING_RATE)
        rate = sounds[0].rate
        pause = np.zeros(round(_BETWEEN * rate), dtype=np.int16)
        pieces = [piece for sound in sounds for piece in (pause, sound.samples)][1:]
        return Sound(np.concatenate(pieces), rate)

    async def _part(self, text: str, voice: Voice) -> Sound:
        if voice.id in self.unknown:
            voice = replace(voice, id=None)
        try:
            return await self._made(text, voice)
        except SpeechRejected:
            if voice.id is None:
                raise
        # Personalities name voices of many providers; one that this one does not have sounds as the setting says.
        sound = await self._made(text, replace(voice, id=None))
        if len(self.unknown) < _MOST_UNKNOWN:
            self.unknown.add(voice.id)
        _log.warning("%s does not speak as the voice %.100r; its own voice is taken.", self.name, voice.id)
        return sound

    async def _made(self, text: str, voice: Voice) -> Sound:
        async def once() -> tuple[float, Sound]:
            made = await self.provider.speak_once(text, voice)
            # Takes milliseconds, in which calls would have to wait for their frames.
            sound = await asyncio.to_thread(trimmed, made)
            if not len(sound.samples):
                raise Trouble(Cause.ANSWER, "nothing sounds in it", retryable=True)
            return made.duration, sound

        seconds, sound = await self.client.ask(once)
        used = SpeechUsage(calls=1, characters=len(text), seconds=seconds)
        self.usage += used
        tell_payer(used)
        return sound


def parts(text: str, longest: int) -> Iterator[str]:
    """The text in parts of so many characters at most, cut between sentences, else between words, else anywhere."""
    rest = text.strip()
    while len(rest) > longest:
        ends = [m for pattern in (_WORD, _SENTENCE) if (m := _last(pattern, rest, longest))]
        begin, end = ends[-1] if ends else (longest, longest)
        if _has_words(part := rest[:begin].rstrip()):
            yield part
        rest = rest[end:].lstrip()
    if _has_words(rest):
        yield rest


def _has_words(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _last(pattern: re.Pattern[str], text: str, longest: int) -> tuple[int, int] | None:
    """The last match that leaves at most `longest` characters, and at least one, before it."""
    found = [match.span() for match in pattern.finditer(text, 0, longest + 1) if match.start() > 0]
    return found[-1] if found else None
