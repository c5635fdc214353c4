"""From an utterance to a plan: words are spoken by a voice, directives become lengths, tones and conditions.

Words go to the voice by sentences, a few at a time; a directive that stands alone holds to the end of its message
(`speed`, `volume`, `voice`) or of the call (`background_noise`, `network_simulation`), a pair for what it encloses.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ringback.callers.directives import seconds_of
from ringback.conversation.disturbances import make_ready
from ringback.conversation.manner import Manner, packet_loss
from ringback.conversation.own_noises import find_noise, noise_problem
from ringback.conversation.plan import Background, Change, Conditions, Piece, Plan
from ringback.domain.noise import SingleNoise
from ringback.domain.utterance import EndCall, Hold, Part, Silence, Spell, Utterance, VoiceDirective, Words
from ringback.speech.audio import Samples, Sound
from ringback.speech.level import at_level
from ringback.speech.noise import single_noise
from ringback.speech.resampling import resampled
from ringback.speech.text_to_speech import TextToSpeech, Voice
from ringback.speech.tones import KEY_SECONDS, beep, tone

_AT_ONCE = 4
"""Requests to the voice for one utterance at the same time."""
_SENTENCE_GAP = 0.2
"""Seconds between two sentences of one part."""
_LETTER_GAP = 0.25
"""Seconds between spelled letters; twice that where the text has a space."""
_BEEP_GAP = 0.3
"""Seconds between the greeting of an answering machine and its beep."""
_SHORTEST_SENTENCE = 40
"""Letters: what is shorter is spoken together with what follows, for `Dr. Smith` is no two sentences."""
_SENTENCE_END = re.compile(r"(?<=[.!?\u2026\u3002])\s+")

_PROVIDERS = {"11labs": "elevenlabs"}
"""What the reference calls a provider, where Ringback has another name for it."""

_SPOKEN_SIGNS = {
    "-": "dash", ".": "dot", "@": "at", "_": "underscore", "/": "slash", "+": "plus", "#": "hash", "*": "star",
    "&": "and", ":": "colon", ",": "comma", "'": "apostrophe",
}  # fmt: skip
"""How signs are spelled."""

_ELSEWHERE = {
    "send_sms": "a line carries no text messages",
    "client_message": "a line carries no messages of a client",
    "audio": "recorded clips are not kept",
    "function": "functions are not called from a fixed message",
}
"""Directives that no line can carry out, and why."""


@dataclass(frozen=True, slots=True)
class _Speech:
    """Words that the voice still has to speak, at their place among the pieces."""

    asked: str
    """What the voice is given."""
    text: str
    """What the transcript has."""
    voice: Voice
    volume: float
    protected: bool


@dataclass(frozen=True, slots=True)
class _Opened:
    """A directive that may have an end, and what held before it."""

    name: str
    voice: Voice
    volume: float
    change: int | None
    """Its change of the line, where it made one."""


@dataclass(slots=True)
class _Layout:
    """What has been laid out so far."""

    provider: str
    rate: int
    voice: Voice
    volume: float
    noises: Path | None = None
    protected: int = 0
    """How many pairs of `ignore_interruptions` are open."""
    opened: list["_Opened"] = field(default_factory=list["_Opened"])
    pieces: list[Piece | _Speech] = field(default_factory=list[Piece | _Speech])
    ends_call: bool = False
    interruption: float | None = None
    skipped: list[str] = field(default_factory=list[str])


async def prepare(
    utterance: Utterance, *, text_to_speech: TextToSpeech, manner: Manner, rate: int, language: str = "en"
) -> Plan:
    """Lay an utterance out for a line of `rate` Hz.

    Raises:
        SpeechError: the voice could not speak it.
    """
    provider = text_to_speech.name.partition(":")[0]
    layout = _Layout(provider, rate, Voice(None, manner.speed, language), manner.volume, manner.noises)
    if manner.voice_id:
        _choose_voice(layout, manner.provider, manner.voice_id)
    for part in utterance.parts:
        _lay_out(layout, part)
    changes = [piece.change.conditions for piece in layout.pieces if isinstance(piece, Piece) and piece.change]
    grounds = [change.background for change in changes if change and change.background]
    await make_ready(manner, rate, *(ground.noise for ground in grounds if ground.noise))
    speeches = [piece for piece in layout.pieces if isinstance(piece, _Speech)]
    sounds = iter(await _spoken(speeches, text_to_speech))
    pieces = [_said(piece, next(sounds), rate) if isinstance(piece, _Speech) else piece for piece in layout.pieces]
    return Plan(
        pieces=tuple(pieces),
        ends_call=layout.ends_call,
        interruption=layout.interruption,
        skipped=tuple(layout.skipped),
    )


async def _spoken(speeches: Sequence[_Speech], text_to_speech: TextToSpeech) -> list[Sound]:
    places = asyncio.Semaphore(_AT_ONCE)

    async def speak(asked: str, voice: Voice) -> Sound:
        async with places:
            return await text_to_speech.speak(asked, voice)

    tasks: dict[tuple[str, Voice], asyncio.Task[Sound]] = {}
    for speech in speeches:  # a letter or a sentence that comes twice is spoken once
        key = speech.asked, speech.voice
        if key not in tasks:
            tasks[key] = asyncio.create_task(speak(*key))
    try:
        await asyncio.gather(*tasks.values())
    finally:
        for task in tasks.values():
            task.cancel()
    return [tasks[speech.asked, speech.voice].result() for speech in speeches]


def _said(speech: _Speech, sound: Sound, rate: int) -> Piece:
    samples = at_level(resampled(sound, rate).samples, rate, speech.volume)
    if not len(samples):  # a voice that makes nothing of the words: they are said all the same
        samples = np.zeros(1, np.int16)
    return Piece(length=len(samples), samples=samples, text=speech.text, protected=speech.protected)


def _lay_out(layout: _Layout, part: Part) -> None:
    match part:
        case Words(text):
            _add_words(layout, text)
        case Spell(text):
            _add_spelling(layout, text)
        case Silence(seconds):
            _add_silence(layout, seconds)
        case Hold(seconds):
            layout.pieces.append(Piece(length=round(seconds * layout.rate), hold=True, protected=True))
        case EndCall():
            layout.ends_call = True
        case VoiceDirective():
            _carry_out(layout, part)


def _add_words(layout: _Layout, text: str) -> None:
    for number, sentence in enumerate(sentences(text)):
        if number:
            _add_silence(layout, _SENTENCE_GAP)
        speech = _Speech(sentence, sentence, layout.voice, layout.volume, layout.protected > 0)
        layout.pieces.append(speech)


def sentences(text: str) -> list[str]:
    """The parts of a text that are spoken one by one; nothing where there is nothing that can be spoken."""
    parts: list[str] = []
    for part in _SENTENCE_END.split(text.strip()):
        if parts and (len(parts[-1]) < _SHORTEST_SENTENCE or not _speakable(part)):
            parts[-1] = f"{parts[-1]} {part}"
        else:
            parts.append(part)
    return [part for part in parts if _speakable(part)]


def _speakable(text: str) -> bool:
    return any(letter.isalnum() for letter in text)


def _add_spelling(layout: _Layout, text: str) -> None:
    gap = 0.0
    for letter in text:
        if letter.isspace():
            gap *= 2
            continue
        asked = letter.upper() if letter.isalnum() else _SPOKEN_SIGNS.get(letter)
        if asked is None:
            continue
        if gap:
            _add_silence(layout, gap)
        gap = _LETTER_GAP
        layout.pieces.append(_Speech(asked, letter, layout.voice, layout.volume, layout.protected > 0))


def _add_silence(layout: _Layout, seconds: float) -> None:
    layout.pieces.append(Piece(length=round(seconds * layout.rate), protected=layout.protected > 0))


def _add_sound(layout: _Layout, samples: Samples, *, protected: bool) -> None:
    layout.pieces.append(Piece(length=len(samples), samples=samples, protected=protected or layout.protected > 0))


def _carry_out(layout: _Layout, directive: VoiceDirective) -> None:
    name = directive.name
    attributes = dict(directive.attributes)
    if reason := _ELSEWHERE.get(name):
        layout.skipped.append(f"<{name}> was skipped: {reason}.")
    elif name.startswith("/"):
        _end_pair(layout, name[1:])
    elif name == "interruption":
        layout.interruption = seconds_of(attributes["time"])
    elif name == "dtmf":
        _add_keys(layout, attributes["digits"])
    elif name == "noise":
        volume = float(attributes.get("volume") or 1.0)
        _add_sound(layout, single_noise(SingleNoise(attributes["sound"]), layout.rate, volume), protected=False)
    elif name in {"ivr", "voicemail"}:
        _add_announcement(layout, directive.text, beeps=name == "voicemail")
    else:
        _begin_pair(layout, name, attributes)
        if directive.text:
            _add_words(layout, directive.text)
            _end_pair(layout, name)


def _add_keys(layout: _Layout, digits: str) -> None:
    # Keys go on whatever the agent says: a menu talks while they are pressed.
    gap = Piece(length=round(KEY_SECONDS * layout.rate), protected=True)
    for digit in digits:
        sound = tone(digit, layout.rate)
        layout.pieces += (Piece(length=len(sound), samples=sound, key=digit, protected=True), gap)


def _add_announcement(layout: _Layout, text: str, *, beeps: bool) -> None:
    layout.protected += 1
    _add_words(layout, text)
    if beeps:
        _add_silence(layout, _BEEP_GAP)
        _add_sound(layout, beep(layout.rate), protected=True)
    layout.protected -= 1


def _begin_pair(layout: _Layout, name: str, attributes: Mapping[str, str]) -> None:
    voice, volume, change = layout.voice, layout.volume, None
    match name:
        case "ignore_interruptions":
            layout.protected += 1
        case "speed":
            speed = min(max(voice.speed * float(attributes["ratio"]), 0.5), 2.0)
            layout.voice = replace(voice, speed=speed)
        case "volume":
            layout.volume *= float(attributes["ratio"])
        case "voice":
            _choose_voice(layout, attributes["provider"], attributes["id"])
        case "background_noise":
            change = _change_line(layout, _background(layout, attributes))
        case _:  # network_simulation, the last one
            change = _change_line(layout, _network(layout, attributes))
    layout.opened.append(_Opened(name, voice, volume, change))


def _end_pair(layout: _Layout, name: str) -> None:
    while layout.opened:  # what stands alone inside a pair ends with it
        opened = layout.opened.pop()
        layout.voice, layout.volume = opened.voice, opened.volume
        if opened.change is not None:
            layout.pieces.append(Piece(length=0, change=Change(opened.change, None)))
        if opened.name == name:
            break
    if name == "ignore_interruptions":
        layout.protected -= 1


def _choose_voice(layout: _Layout, provider: str | None, voice: str) -> None:
    named = (provider or layout.provider).lower()
    if _PROVIDERS.get(named, named) == layout.provider:
        layout.voice = replace(layout.voice, id=voice)
        return
    sentence = f"The voice '{voice[:60]}' was skipped: it is of {named[:60]}, and {layout.provider} speaks here."
    layout.skipped.append(sentence)


def _background(layout: _Layout, attributes: Mapping[str, str]) -> Conditions | None:
    sound = attributes["sound"]
    if reason := noise_problem(sound, layout.noises):
        layout.skipped.append(f"<background_noise> was skipped: {reason}")
        return None
    volume = float(attributes["volume"]) if attributes.get("volume") else None
    return Conditions(background=Background(find_noise(sound, layout.noises), volume))


def _network(layout: _Layout, attributes: Mapping[str, str]) -> Conditions | None:
    try:
        return Conditions(packet_loss=packet_loss(attributes["packet_loss"]))
    except ValueError as error:
        layout.skipped.append(f"<network_simulation> was skipped: {error}")
        return None


def _change_line(layout: _Layout, conditions: Conditions | None) -> int | None:
    if conditions is None:
        return None
    token = len(layout.pieces)
    layout.pieces.append(Piece(length=0, change=Change(token, conditions)))
    return token
