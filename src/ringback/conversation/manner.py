"""How a caller sounds and takes turns on a line: a personality's voice fields, read into numbers.

Stored personalities may hold what nobody checked (older versions, other products); what cannot be read is left at its
default and said in `Manner.skipped`, so that no call fails for it and nothing is left out in silence.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from ringback.conversation.own_noises import find_noise, noise_problem
from ringback.domain.noise import Noise
from ringback.domain.scenario import Personality

INTERRUPTION_LEVELS: Mapping[str, tuple[float, float]] = {
    "off": (0.0, 2.0),
    "low": (0.15, 3.0),
    "medium": (0.35, 2.0),
    "high": (0.7, 1.2),
}
"""How likely the caller breaks into a turn of the agent's, and after how many seconds of it."""

_LEVEL_OF_NUMBERS = 2.0
"""Seconds into the agent's turn, where the level is a bare probability."""

LONGEST_NETWORK_DELAY = 2.0
"""Seconds, for `latency` and for `jitter`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a caller sounds and takes turns. Times are seconds."""

    voice_id: str | None = None
    """The provider's name of a voice; None: the one of the setting."""
    provider: str | None = None
    """Whose name `voice_id` is (`11labs`, `cartesia`); None: not said."""
    speed: float = 1.0
    """Share of the normal pace."""
    volume: float = 1.0
    """Factor on the nominal level of speech."""

    interruption_chance: float = 0.0
    """How likely the caller breaks into a turn of the agent's: 0 to 1."""
    interruption_after: float = 2.0
    """How long the agent has spoken in that turn by then."""
    idle_timeout: float = 10.0
    """Silence after which the caller asks whether the agent is there."""
    idle_prompts: int = 3
    """How often it asks before it gives up."""
    start_delay: float = 0.0
    """Pause before each answer, beside the time that finding it takes."""
    stop_words: int = 0
    """Words of the agent that make the caller stop; 0: its voice alone does."""
    stop_seconds: float = 0.2
    """How long the agent speaks before the caller stops."""
    backoff: float = 1.0
    """Pause before the caller speaks again after it was interrupted."""
    end_call_enabled: bool = True
    """Whether the caller may hang up."""
    backchannels: bool = False
    """Whether the caller says `mm-hm` while the agent speaks at length."""

    background: Noise | None = None
    background_base: float = 1.0
    """Volume of the noise (1: 15 dB under speech of nominal level) while the caller is silent."""
    background_reduced: float = 1.0
    """The same while the caller speaks."""
    packet_loss: float = 0.0
    """Share of our frames that are lost: 0 to 1."""
    jitter: float = 0.0
    """The longest time that a frame comes late."""
    delay: float = 0.0
    """Time that every frame takes."""
    clipping: float = 0.0
    """How hard the microphone is overdriven: 0 not at all, 1 to the point of noise."""
    narrow_band: bool = False
    """Whether only 300 to 3400 Hz get through."""

    noises: Path | None = None
    """Folder of sound files that may be named as background noise; None: there is none."""
    skipped: tuple[str, ...] = ()
    """What of the personality cannot be carried out, one sentence each."""


def manner_of(personality: Personality | None, noises: Path | None = None) -> Manner:
    """The manner of a personality; the default one where there is none. `noises`: folder of the user's own noises."""
    if personality is None:
        return Manner(noises=noises)
    voice = personality.voice
    skipped: list[str] = []
    network = _object(voice.get("network_simulation"))
    messages = _object(voice.get("message_plan"))
    stopping = _object(voice.get("stop_speaking_plan"))
    chance, after = _interruption(voice.get("interruption_level"), skipped)
    background, base, reduced = _background(voice, noises, skipped)
    return Manner(
        voice_id=voice["voice_id"] if isinstance(voice.get("voice_id"), str) and voice["voice_id"] else None,
        provider=voice["provider"] if isinstance(voice.get("provider"), str) else None,
        speed=_number(voice.get("speed"), 1.0, low=0.5, high=2.0),
        volume=_number(_object(voice.get("generation_config")).get("volume"), 1.0, high=2.0),
        interruption_chance=chance,
        interruption_after=after,
        idle_timeout=_number(messages.get("idle_timeout_seconds"), 10.0, low=1.0),
        idle_prompts=round(_number(messages.get("idle_message_max_spoken_count"), 3, low=1, high=100)),
        start_delay=_start_delay(voice.get("start_speaking_plan")),
        stop_words=round(_number(stopping.get("num_words"), 0, high=1000)),
        stop_seconds=_number(stopping.get("voice_seconds"), 0.2, high=60.0),
        backoff=_number(stopping.get("backoff_seconds"), 1.0, high=60.0),
        end_call_enabled=voice.get("end_call_enabled") is not False,
        backchannels=voice.get("backchannels") is True,
        background=background,
        background_base=base,
        background_reduced=reduced,
        packet_loss=_loss(network, skipped),
        jitter=_milliseconds(network, "jitter"),
        delay=_milliseconds(network, "latency", "delay"),
        clipping=_number(network.get("clipping"), 0.0, high=1.0),
        narrow_band=network.get("narrow_band") is True,
        noises=noises,
        skipped=tuple(skipped),
    )


def interruption_level(level: object) -> tuple[float, float]:
    """How likely the caller breaks into a turn, and after how many seconds of it.

    Raises:
        ValueError: none of the levels and no number from 0 to 1, with a sentence.
    """
    if isinstance(level, str) and (found := INTERRUPTION_LEVELS.get(level.strip().lower() or "off")):
        return found
    chance = _as_number(level)
    if chance is None or not 0 <= chance <= 1:
        known = ", ".join(INTERRUPTION_LEVELS)
        raise ValueError(f"'{level}' is no level of interruption; write one of {known}, or a chance from 0 to 1.")
    return chance, _LEVEL_OF_NUMBERS


def packet_loss(value: object) -> float:
    """The share of frames that are lost, from `5%`, `5` (per cent from 1 on) or `0.05` (a share under 1).

    Raises:
        ValueError: it is none of these, with a sentence.
    """
    text = value.strip() if isinstance(value, str) else value
    per_cent = isinstance(text, str) and text.endswith("%")
    number = _as_number(text[:-1] if per_cent and isinstance(text, str) else text)
    if number is None or not 0 <= number <= 100:  # noqa: PLR2004 - per cent
        raise ValueError(f"'{value}' is no packet loss; write a share such as 0.05, or per cent such as 5%.")
    return number / 100 if per_cent or number >= 1 else number


def _object(value: object) -> Mapping[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _as_number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _number(value: object, default: float, *, low: float = 0.0, high: float = 3600.0) -> float:
    number = _as_number(value)
    return default if number is None else min(max(number, low), high)


def _interruption(level: object, skipped: list[str]) -> tuple[float, float]:
    if level is None:
        return INTERRUPTION_LEVELS["off"]
    try:
        return interruption_level(level)
    except ValueError as error:
        skipped.append(f"interruption_level: {error}")
        return INTERRUPTION_LEVELS["off"]


def _start_delay(plan: object) -> float:
    if isinstance(plan, dict):
        fields = _object(cast("object", plan))
        plan = next((fields[name] for name in ("wait_seconds", "waitSeconds", "seconds") if name in fields), None)
    return _number(plan, 0.0, high=60.0)


def _background(voice: Mapping[str, Any], noises: Path | None, skipped: list[str]) -> tuple[Noise | None, float, float]:
    name = voice.get("background_noise")
    volumes = _object(voice.get("background_sound_volume"))
    base = _number(volumes.get("base"), 1.0, high=10.0)
    reduced = _number(volumes.get("reduced"), base, high=10.0)
    if not isinstance(name, str):
        return None, base, reduced
    if reason := noise_problem(name, noises):
        skipped.append(f"background_noise: {reason}")
    return find_noise(name, noises), base, reduced


def _loss(network: Mapping[str, Any], skipped: list[str]) -> float:
    if network.get("packet_loss") is None:
        return 0.0
    try:
        return packet_loss(network["packet_loss"])
    except ValueError as error:
        skipped.append(f"network_simulation: {error}")
        return 0.0


def _milliseconds(network: Mapping[str, Any], *names: str) -> float:
    for name in names:
        for key in (name, f"{name}_ms"):
            if key in network:
                return _number(network[key], 0.0, high=1000 * LONGEST_NETWORK_DELAY) / 1000
    return 0.0
