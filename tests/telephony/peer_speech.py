"""Speech that peers play and hear, 8 kHz, made with flite once for each sentence of a process.

spoken(text) -> Sound               words_wav(folder, *parts) -> Path          words_mulaw(folder, text) -> Path
"""

import wave
from pathlib import Path

import numpy as np

from ringback.speech.audio import Sound
from ringback.speech.codec import encode_mulaw
from ringback.speech.flite import FliteVoice
from ringback.speech.resampling import resampled
from ringback.speech.text_to_speech import Voice

RATE = 8000
_SAID: dict[str, Sound] = {}


async def spoken(text: str) -> Sound:
    """One sentence, 8 kHz."""
    if text not in _SAID:
        voice = FliteVoice("rms")
        try:
            _SAID[text] = resampled(await voice.speak(text, Voice()), RATE)
        finally:
            await voice.close()
    return _SAID[text]


async def words_wav(folder: Path, *parts: str | float, name: str = "says.wav", tail: float = 60.0) -> Path:
    """A WAV file of sentences and of silences in seconds, one after the other, and of a long silence at its end.

    A program that has played its file to the end sends nothing any more, which would be a call without sound.
    """
    silence = [np.zeros(round(part * RATE), np.int16) for part in (*parts, tail) if not isinstance(part, str)]
    pieces = [(await spoken(part)).samples if isinstance(part, str) else silence.pop(0) for part in parts]
    path = folder / name
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(np.concatenate([*pieces, *silence]).astype("<i2").tobytes())
    return path


async def words_mulaw(folder: Path, text: str, *, name: str = "speech.ulaw", tail: float = 0.0) -> Path:
    """The bytes of PCMU of a sentence and of a silence of `tail` seconds, as SIPp plays them."""
    samples = np.concatenate([(await spoken(text)).samples, np.zeros(round(tail * RATE), np.int16)])
    path = folder / name
    path.write_bytes(encode_mulaw(samples).tobytes())
    return path


def read_wav(path: Path) -> Sound:
    """One channel."""
    with wave.open(str(path)) as file:
        assert file.getnchannels() == 1
        return Sound(np.frombuffer(file.readframes(file.getnframes()), np.int16), file.getframerate())


def read_channels(path: Path) -> tuple[Sound, Sound]:
    """Caller and agent of a recording."""
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2)
        return Sound(samples[:, 0], file.getframerate()), Sound(samples[:, 1], file.getframerate())
