"""A hosted recogniser behind the contract of `speech_to_text.py`: retries, counting, and what is too short to send.

What is asked of a provider, and how, is in the file of each.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from ringback.domain.voice import Recognition, RecognitionMode
from ringback.models.provider import Cause, Trouble
from ringback.speech.audio import Sound
from ringback.speech.hosted_client import HostedClient
from ringback.speech.hosted_usage import SpeechUsage, tell_payer
from ringback.speech.speech_to_text import Hearing

_LONGEST = 100_000
"""Characters of one turn: two hours of speech."""

_SHORTEST = 0.1
"""Seconds: no word is shorter, and OpenAI and ElevenLabs refuse what is."""


class HearingProvider(Protocol):
    """Hears one stretch of sound in one request."""

    async def hear_once(self, sound: Sound, language: str) -> Hearing:
        """What is said in it. Raises `Trouble`."""
        ...


@dataclass(slots=True, kw_only=True)
class HostedEar:
    """Hears through a provider; safe to use from many calls at once."""

    client: HostedClient
    provider: HearingProvider
    usage: SpeechUsage = field(default_factory=SpeechUsage)
    """So far."""
    mode: RecognitionMode = RecognitionMode.OPEN

    @property
    def name(self) -> str:
        """`provider:name`."""
        return self.client.name

    async def hear(self, sound: Sound, *, language: str = "en") -> Hearing:
        """What is said in one whole turn; see `SpeechToText.hear`.

        Raises:
            SpeechUnavailable: another time it may succeed.
            SpeechRejected: another time will not help.
        """
        if sound.duration < _SHORTEST:
            return heard("", None)
        found = await self.client.ask(lambda: self.provider.hear_once(sound, language))
        used = SpeechUsage(calls=1, seconds=sound.duration)
        self.usage += used
        tell_payer(used)
        return found

    async def close(self) -> None:
        """Nothing to let go of: the HTTP client belongs to whoever opened it."""


def heard(text: str, confidence: float | None) -> Hearing:
    """A transcript of any words; an empty one is no match."""
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    sure = None if confidence is None else min(1.0, max(0.0, confidence))
    return Hearing(words, Recognition(mode=RecognitionMode.OPEN, matched=bool(words), confidence=sure))


def json_object(body: bytes | str) -> dict[str, Any]:
    """The object in an answer. Raises `Trouble` where there is none."""
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError):
        page = (body if isinstance(body, str) else body[:64].decode(errors="replace")).lstrip()[:1] == "<"
        what = "it is a web page, not a transcript" if page else "it is no JSON"
        raise Trouble(Cause.ANSWER, what, retryable=not page) from None
    if not isinstance(value, dict):
        raise Trouble(Cause.ANSWER, "it is no JSON object", retryable=False)
    return cast("dict[str, Any]", value)


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects in a list; none where it is something else."""
    items = cast("list[Any]", value) if isinstance(value, list) else []
    return [cast("dict[str, Any]", item) for item in items if isinstance(item, dict)]


def text_of(value: Any) -> str:
    """The transcript's text. Raises `Trouble` where it is no text, or longer than any turn."""
    if not isinstance(value, str):
        raise Trouble(Cause.ANSWER, "it has no transcript", retryable=False)
    if len(value) > _LONGEST:
        raise Trouble(Cause.ANSWER, f"its transcript has more than {_LONGEST:,} characters", retryable=False)
    return value


def number(value: Any) -> float | None:
    """A finite number of JSON; None where it is something else."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        known = float(value)
    except OverflowError:
        return None
    return known if math.isfinite(known) else None


def likely(logarithms: Iterable[Any]) -> float | None:
    """The geometric mean of probabilities whose natural logarithms are given; None where there are none."""
    known = [value for item in logarithms if (value := number(item)) is not None]
    return math.exp(min(0.0, math.fsum(known) / len(known))) if known else None
