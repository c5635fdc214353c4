"""The contract of what hears an agent."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ringback.domain.voice import Recognition, RecognitionMode
from ringback.speech.audio import Sound


@dataclass(frozen=True, slots=True)
class Hearing:
    """What was heard in a stretch of sound."""

    text: str
    """Empty where nothing was recognised."""
    recognition: Recognition


class SpeechToText(Protocol):
    """Hears turns. One for each agent (a grammar is the agent's); `close` at the end."""

    @property
    def name(self) -> str:
        """`provider:name`."""
        ...

    @property
    def mode(self) -> RecognitionMode:
        """Whether it knows lines or words."""
        ...

    async def hear(self, sound: Sound, *, language: str = "en") -> Hearing:
        """What is said in one whole turn of the agent.

        Raises:
            SpeechError: the provider failed, with its cause in words.
        """
        ...

    async def close(self) -> None:
        """Let go of processes and connections."""
        ...


@runtime_checkable
class WarmsUp(Protocol):
    """Speech to text that loads something first, which its first turns would have to wait for."""

    async def warm_up(self, at_once: int | None = None) -> None:
        """Load it now.

        Args:
            at_once: How many turns may have to be heard at the same moment; None: as many as it can hear.

        Raises:
            SpeechError: it cannot be loaded.
        """
        ...
