"""The contract of what speaks for a caller."""

from dataclasses import dataclass
from typing import Protocol

from ringback.speech.audio import Sound


@dataclass(frozen=True, slots=True)
class Voice:
    """How a caller sounds, as far as a provider can do it; what it cannot is left to its default."""

    id: str | None = None
    """The provider's name of a voice; None: the one of the setting."""
    speed: float = 1.0
    """0.5 to 2: share of the normal pace."""
    language: str = "en"


class TextToSpeech(Protocol):
    """Speaks texts. One a process, for all calls; `close` at the end."""

    @property
    def name(self) -> str:
        """`provider:name`."""
        ...

    async def speak(self, text: str, voice: Voice) -> Sound:
        """The text as sound, without silence longer than 50 ms before and behind it.

        Raises:
            SpeechError: the provider failed, with its cause in words.
        """
        ...

    async def close(self) -> None:
        """Let go of processes and connections."""
        ...
