import hashlib
from importlib.resources import files

import numpy as np
import pytest

from ringback.speech.audio import Sound
from ringback.speech.flite import FliteVoice
from ringback.speech.resampling import resampled
from ringback.speech.text_to_speech import Voice
from ringback.speech.voice_activity import VoiceActivity


def test_the_model_is_the_one_whose_hash_is_known() -> None:
    model = files("ringback.speech").joinpath("silero_vad.onnx").read_bytes()
    assert hashlib.sha256(model).hexdigest() == "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3"


@pytest.mark.parametrize("rate", [8_000, 16_000])
def test_silence_has_no_voice(rate: int) -> None:
    activity = VoiceActivity()
    ear = activity.ear(rate)
    for _ in range(50):
        activity.listen([ear], [np.zeros(rate // 50, np.int16)])
    assert not ear.voice
    assert ear.began is None


def test_other_rates_are_refused() -> None:
    with pytest.raises(ValueError, match="not 44100 Hz"):
        VoiceActivity().ear(44_100)


async def test_voice_is_found_where_flite_speaks_on_its_own_line_only() -> None:
    spoken = resampled(await FliteVoice().speak("Good morning. How can I help you today?", Voice()), 8_000).samples
    said = np.concatenate([np.zeros(8_000, np.int16), spoken, np.zeros(8_000, np.int16)])
    wide = resampled(Sound(said, 8_000), 16_000).samples
    activity = VoiceActivity()
    narrow_ear, silent_ear, wide_ear = activity.ear(8_000), activity.ear(8_000), activity.ear(16_000)
    voiced: list[bool] = []
    for frame in range(len(said) // 160):
        frames = [said[frame * 160 :][:160], np.zeros(160, np.int16), wide[frame * 320 :][:320]]
        activity.listen([narrow_ear, silent_ear, wide_ear], frames)
        voiced.append(narrow_ear.voice)
    assert not silent_ear.voice
    assert silent_ear.began is None
    assert not any(voiced[:50])
    assert any(voiced)
    assert narrow_ear.ended is not None
    assert abs(narrow_ear.ended - (8_000 + len(spoken))) < 1_200
    assert wide_ear.ended is not None
    assert abs(wide_ear.ended / 16_000 - narrow_ear.ended / 8_000) < 0.15


def test_many_lines_are_judged_as_one_line_is() -> None:
    rng = np.random.default_rng(1)
    sounds = rng.integers(-20_000, 20_000, (5, 40 * 160)).astype(np.int16)
    activity = VoiceActivity()
    together = [activity.ear(8_000) for _ in sounds]
    alone = activity.ear(8_000)
    for frame in range(40):
        piece = slice(frame * 160, (frame + 1) * 160)
        activity.listen(together, [sound[piece] for sound in sounds])
        activity.listen([alone], [sounds[3][piece]])
    assert together[3].probability == pytest.approx(alone.probability, abs=1e-4)
