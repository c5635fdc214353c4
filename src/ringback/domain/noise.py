"""The names of background noises and of single noises; `speech/noise.py` makes their sound."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias


class BackgroundNoise(StrEnum):
    """Where a caller is, by its sound."""

    OFFICE = "office"
    CAFE = "cafe"
    STREET = "street"
    CAR = "car"
    BABBLE = "babble"
    """Many voices at once, none of them to be understood."""
    RAIN = "rain"
    WIND = "wind"
    TRAIN = "train"
    MACHINE = "machine"
    """A fan or an engine in the room: a hum with overtones."""
    CRACKLE = "crackle"
    """A bad line."""
    WHITE = "white"
    PINK = "pink"
    BROWN = "brown"


OTHER_NAMES = {
    "coffee-shop": BackgroundNoise.CAFE,
    "coffeeshop": BackgroundNoise.CAFE,
    "restaurant": BackgroundNoise.CAFE,
    "crowd": BackgroundNoise.BABBLE,
    "people": BackgroundNoise.BABBLE,
    "call-center": BackgroundNoise.OFFICE,
    "traffic": BackgroundNoise.STREET,
    "fan": BackgroundNoise.MACHINE,
    "static": BackgroundNoise.CRACKLE,
}
"""What else a noise may be called."""

OFF = frozenset({"", "off", "none"})
"""What says that there is no noise."""


class SingleNoise(StrEnum):
    """A noise that is heard once."""

    OFFICE = "office"
    """Two seconds of an office."""
    BEEP = "beep"
    COUGH1 = "cough1"
    COUGH2 = "cough2"


@dataclass(frozen=True, slots=True)
class NoiseFile:
    """A sound file of the user's own that is played as background noise."""

    path: Path


Noise: TypeAlias = BackgroundNoise | NoiseFile


def background_noise(name: str) -> BackgroundNoise | None:
    """The noise of that name, however it is written (`Coffee shop`, `coffee_shop`); None where there is none."""
    plain = "-".join(name.lower().replace("_", " ").replace("-", " ").split())
    try:
        return BackgroundNoise(plain)
    except ValueError:
        return OTHER_NAMES.get(plain)
