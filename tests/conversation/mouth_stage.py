"""A real voice and a real ear, and messages as they are sent on a line."""

import asyncio
from dataclasses import dataclass, field

import numpy as np

from ringback.callers.directives import parse_directives
from ringback.conversation.disturbances import Disturbances
from ringback.conversation.manner import Manner
from ringback.conversation.mouth import Mouth, Said, prepare
from ringback.conversation.plan import Plan
from ringback.domain.voice import Span
from ringback.speech.activity import sounding
from ringback.speech.audio import Samples, Sound
from ringback.speech.flite import FliteVoice
from ringback.speech.pocketsphinx_ear import GrammarEar
from ringback.speech.tones import KeyDetector

KNOWN = (
    "I would like to book an appointment",
    "my name is Susan Miller",
    "please hold the line",
    "press one for sales",
    "leave a message after the tone",
    "no wait",
    "W Z Q",
)
BOOK, NAME, HOLD, PRESS, LEAVE, WAIT, WZQ = KNOWN
PLAIN = Manner()


@dataclass(eq=False)
class Heard:
    """A message as it was sent on a line of 8 kHz."""

    plan: Plan
    sound: Samples
    keys: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    """As the mouth told them, with the time."""
    said: list[Said] = field(default_factory=list[Said])
    rate: int = 8_000

    def spans(self) -> tuple[Span, ...]:
        return sounding(self.sound, self.rate)

    def part(self, start: float, end: float) -> Samples:
        return self.sound[round(start * self.rate) : round(end * self.rate)]

    def of(self, number: int) -> Samples:
        """The sound of one of the texts that were said."""
        return self.sound[self.said[number].start : self.said[number].end]

    def keys_in_sound(self) -> str:
        size, detector = self.rate // 50, KeyDetector(self.rate)
        sound = np.concatenate((self.sound, np.zeros(3 * size, np.int16)))
        frames = (sound[at : at + size] for at in range(0, len(sound) - size + 1, size))
        return "".join(key for frame in frames if (key := detector.feed(frame)))


class Stage:
    """A voice and an ear that all tests share."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self.voice = FliteVoice("slt")
        self._ear = GrammarEar(KNOWN)

    def prepare(self, message: str, manner: Manner, rate: int) -> Plan:
        return self._runner.run(prepare(parse_directives(message), text_to_speech=self.voice, manner=manner, rate=rate))

    def send(
        self,
        message: str,
        manner: Manner = PLAIN,
        *,
        rate: int = 8_000,
        keys_in_sound: bool = True,
        behind: float = 0.1,
    ) -> Heard:
        """Lay a message out and send it and `behind` seconds more."""
        plan = self.prepare(message, manner, rate)
        mouth, way = Mouth(rate, manner, 1, keys_in_sound=keys_in_sound), Disturbances(manner, rate, 1)
        mouth.say(plan)
        frames: list[Samples] = []
        heard = Heard(plan, np.zeros(0, np.int16), rate=rate)
        last = plan.samples + round(behind * rate)
        while mouth.position < last:
            at = mouth.position / rate
            frame = mouth.frame()
            heard.keys += [(at, key) for key in mouth.keys]
            frames.append(way.apply(frame, mouth.conditions, speaking=mouth.speaking).copy())
        heard.sound = np.concatenate(frames)
        heard.said = mouth.take_said()
        return heard

    def recognise(self, sound: Samples, rate: int = 8_000) -> str:
        return self._runner.run(self._ear.hear(Sound(sound, rate))).text

    def close(self) -> None:
        self._runner.run(self._ear.close())
        self._runner.run(self.voice.close())
        self._runner.close()


def level(sound: Samples) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(sound.astype(np.float64) ** 2))) if len(sound) else 0.0
