import hashlib
from importlib.resources import files

import numpy as np
import pytest

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
