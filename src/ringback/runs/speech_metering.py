"""What one run's speech used: a voice and an ear that count, wrapped around the shared ones.

Imported only where an agent is spoken to.
"""

from dataclasses import dataclass, field

from ringback.domain.usage import Usage
from ringback.domain.voice import RecognitionMode
from ringback.models.budget import Budget
from ringback.speech.audio import Sound
from ringback.speech.hosted_usage import SpeechUsage, paid_by
from ringback.speech.prices import SpeechPrice
from ringback.speech.speech_to_text import Hearing, SpeechToText
from ringback.speech.text_to_speech import TextToSpeech, Voice


@dataclass(slots=True, kw_only=True)
class SpeechMeter:
    """Adds up what one role used in one run."""

    name: str
    """`provider:name`."""
    price: SpeechPrice | None
    """None: not known."""
    budget: Budget
    """Of the whole result."""
    usage: Usage = field(default_factory=Usage)

    def check(self) -> None:
        """Before anything that costs money. Raises `CostLimitReached`."""
        if self.price is None or not self.price.free:
            self.budget.check()

    def paid(self, answered: SpeechUsage) -> None:
        """A provider has answered, and will send a bill for it."""
        cost = None if self.price is None else self.price.of(characters=answered.characters, seconds=answered.seconds)
        used = Usage(cost=cost)
        self.usage += used
        self.budget.add(self.name, used)

    def count(self, sound: Sound, *, characters: int = 0) -> None:
        """Something was spoken or heard, paid or not."""
        self.usage += Usage(utterances=1, characters=characters, sound_seconds=sound.duration)


class MeteredTextToSpeech:
    """Passes every text on and counts it."""

    def __init__(self, voice: TextToSpeech, meter: SpeechMeter) -> None:
        self._voice = voice
        self._meter = meter

    @property
    def name(self) -> str:
        """`provider:name` of the voice behind."""
        return self._voice.name

    async def speak(self, text: str, voice: Voice) -> Sound:
        """Let the voice behind speak; raises what it raises, and `CostLimitReached`."""
        self._meter.check()
        with paid_by(self._meter.paid):
            sound = await self._voice.speak(text, voice)
        self._meter.count(sound, characters=len(text))
        return sound

    async def close(self) -> None:
        """Nothing to release: the voice behind is shared and closed by its owner."""


class MeteredSpeechToText:
    """Passes every stretch of sound on and counts it."""

    def __init__(self, ear: SpeechToText, meter: SpeechMeter) -> None:
        self._ear = ear
        self._meter = meter

    @property
    def name(self) -> str:
        """`provider:name` of the ear behind."""
        return self._ear.name

    @property
    def mode(self) -> RecognitionMode:
        """Whether the ear behind knows lines or words."""
        return self._ear.mode

    async def hear(self, sound: Sound, *, language: str = "en") -> Hearing:
        """Let the ear behind hear; raises what it raises, and `CostLimitReached`."""
        self._meter.check()
        with paid_by(self._meter.paid):
            hearing = await self._ear.hear(sound, language=language)
        self._meter.count(sound)
        return hearing

    async def close(self) -> None:
        """Nothing to release: the ear behind is shared and closed by its owner."""
