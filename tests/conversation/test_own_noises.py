"""Background noises from files of the user's own: which names lead to them, and that they are heard."""

from pathlib import Path

import numpy as np
import pytest
import soundfile  # pyright: ignore[reportMissingTypeStubs] - it brings none
from mouth_stage import NAME, Stage
from staging import ListedCaller
from voice_staging import Call, polite

from ringback.callers.caller import Say
from ringback.conversation.disturbances import Disturbances, make_ready
from ringback.conversation.manner import Manner, manner_of
from ringback.conversation.own_noises import find_noise, noise_problem
from ringback.domain.conversation import FindingCode
from ringback.domain.noise import BackgroundNoise, NoiseFile
from ringback.domain.scenario import Personality
from ringback.domain.utterance import Utterance
from ringback.speech.noise import BACKGROUND

RATE = 8_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With a station, a street of its own, and a file beside it that nobody may name."""
    noises = tmp_path / "noises"
    noises.mkdir()
    wave = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(2 * RATE) / RATE)
    for path in (noises / "station.wav", noises / "street.wav", tmp_path / "secret.wav"):
        soundfile.write(path, wave, RATE)
    (noises / "notes.txt").write_text("no sound")
    return noises


def test_a_file_is_named_with_its_ending_or_without(folder: Path) -> None:
    for name in ("station", "station.wav", " station "):
        assert find_noise(name, folder) == NoiseFile(folder / "station.wav")
        assert noise_problem(name, folder) is None
    assert find_noise("street", folder) is BackgroundNoise.STREET
    assert find_noise("street.wav", folder) == NoiseFile(folder / "street.wav")


@pytest.mark.parametrize(
    "name",
    ["../secret", "../secret.wav", "/etc/passwd", "notes", "notes.txt", "nobody", "station.wav\0", "stätion", ".", "..",
     "a" * 5000, "https://example.org/a.wav", "station.WAV", "noises/station"],
)  # fmt: skip
def test_no_name_leads_out_of_the_folder_or_to_another_kind_of_file(folder: Path, name: str) -> None:
    assert find_noise(name, folder) is None
    assert noise_problem(name, folder)
    assert find_noise("station", None) is None


async def test_a_personality_s_file_is_heard_the_same_each_time_for_the_same_seed(folder: Path) -> None:
    personality = Personality(name="P", voice={"background_noise": "station", "background_sound_volume": {"base": 2}})
    manner = manner_of(personality, folder)
    assert (manner.background, manner.skipped) == (NoiseFile(folder / "station.wav"), ())
    await make_ready(manner, RATE)
    silence = np.zeros(RATE // 50, np.int16)

    def sent(seed: int) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
        way = Disturbances(manner, RATE, seed)
        return np.concatenate([way.apply(silence) for _ in range(300)])  # round the loop three times

    sound = sent(7)
    assert np.sqrt(np.mean(sound.astype(np.float64) ** 2)) == pytest.approx(2 * BACKGROUND, rel=0.03)
    assert np.argmax(np.abs(np.fft.rfft(sound))) / 6 == pytest.approx(1000, abs=1)
    assert np.array_equal(sound, sent(7))
    assert not np.array_equal(sound, sent(8))


def test_without_the_file_the_personality_is_quiet_and_says_so(folder: Path) -> None:
    manner = manner_of(Personality(name="P", voice={"background_noise": "harbour"}), folder)
    assert manner.background is None
    assert "RINGBACK_NOISES" in manner.skipped[0]


def test_a_file_that_is_no_sound_is_left_out_and_the_call_is_held(folder: Path) -> None:
    (folder / "broken.wav").write_text("no sound")
    manner = manner_of(Personality(name="P", voice={"background_noise": "broken"}), folder)
    goodbye = Say(Utterance.of("goodbye", ends_call=True))
    call = Call(ListedCaller(goodbye), polite("hello"), hears=("hello",), manner=manner)
    assert call.lines == ["< hello", "> goodbye!"]
    (finding,) = [one for one in call.conversation.findings if one.code is FindingCode.DIRECTIVE_SKIPPED]
    assert finding.sentence.startswith("background_noise: broken.wav, a background noise, cannot be read")
    assert str(folder) not in finding.sentence


def test_a_directive_plays_a_file_behind_its_words_alone(folder: Path) -> None:
    stage = Stage()
    manner = Manner(noises=folder)
    heard = stage.send(f'<background_noise sound="station">{NAME}<silence time="1s"/></background_noise>', manner)
    stage.close()
    quiet = heard.sound[heard.said[0].end + 160 : heard.said[0].end + 7_840].astype(np.float64)
    assert heard.plan.skipped == ()
    assert np.argmax(np.abs(np.fft.rfft(quiet))) * RATE / len(quiet) == pytest.approx(1000, abs=2)
