"""Noises: as loud as they are said to be, without a seam, the same each time, and each with its own colour."""

import numpy as np
import pytest

from ringback.domain.noise import OTHER_NAMES, BackgroundNoise, SingleNoise, background_noise
from ringback.speech.level import NOMINAL
from ringback.speech.noise import BACKGROUND, LOOP_SECONDS, background_loop, single_noise

ALL = pytest.mark.parametrize("noise", BackgroundNoise)


def share_below(noise: BackgroundNoise, frequency: float) -> float:
    """The share of a noise's power below a frequency."""
    power = np.abs(np.fft.rfft(background_loop(noise, 16_000)[: LOOP_SECONDS * 16_000])) ** 2
    return float(power[: round(frequency * LOOP_SECONDS)].sum() / power.sum())


@ALL
@pytest.mark.parametrize("rate", [8_000, 16_000])
def test_a_loop_is_15_decibels_under_speech_and_goes_round_without_a_seam(noise: BackgroundNoise, rate: int) -> None:
    whole = background_loop(noise, rate).astype(np.float64)
    loop, again = whole[: LOOP_SECONDS * rate], whole[LOOP_SECONDS * rate :]
    assert np.sqrt(np.mean(loop**2)) == pytest.approx(NOMINAL * 10 ** (-15 / 20), rel=1e-3)
    assert np.array_equal(again, loop[: rate // 50])
    assert abs(again[0] - loop[-1]) <= np.abs(np.diff(loop)).max()


@ALL
def test_a_loop_is_the_same_each_time_it_is_made(noise: BackgroundNoise) -> None:
    kept, made_anew = background_loop(noise, 8_000), background_loop.__wrapped__(noise, 8_000)
    assert kept is not made_anew
    assert np.array_equal(kept, made_anew)


def test_no_two_noises_are_alike() -> None:
    loops = [background_loop(noise, 8_000) for noise in BackgroundNoise]
    for number, loop in enumerate(loops):
        for other in loops[:number]:
            assert abs(np.corrcoef(loop, other)[0, 1]) < 0.3


def test_noises_have_the_colours_of_their_names() -> None:
    assert share_below(BackgroundNoise.WHITE, 4000) == pytest.approx(0.5, abs=0.02)
    decade = share_below(BackgroundNoise.PINK, 2000) - share_below(BackgroundNoise.PINK, 200)
    assert decade == pytest.approx(
        share_below(BackgroundNoise.PINK, 4000) - share_below(BackgroundNoise.PINK, 400), abs=0.02
    )
    assert share_below(BackgroundNoise.BROWN, 200) > 0.85
    for low in (BackgroundNoise.CAR, BackgroundNoise.WIND, BackgroundNoise.TRAIN):
        assert share_below(low, 800) > 0.7
    assert share_below(BackgroundNoise.RAIN, 700) < 0.2
    for voices in (BackgroundNoise.BABBLE, BackgroundNoise.CAFE, BackgroundNoise.OFFICE):
        assert share_below(voices, 4000) > 0.9


@pytest.mark.parametrize("noise", SingleNoise)
def test_a_single_noise_is_short_and_grows_with_its_volume(noise: SingleNoise) -> None:
    plain, loud = (single_noise(noise, 8_000, volume).astype(np.float64) for volume in (1.0, 2.0))
    level = BACKGROUND if noise is SingleNoise.OFFICE else NOMINAL
    assert 0.4 < len(plain) / 8_000 <= 2
    assert np.sqrt(np.mean(plain**2)) == pytest.approx(level, rel=0.5)
    assert np.sqrt(np.mean(loud**2)) == pytest.approx(2 * np.sqrt(np.mean(plain**2)), rel=0.1)
    assert np.array_equal(single_noise(noise, 8_000), single_noise(noise, 8_000))


def test_two_coughs_differ() -> None:
    assert len(single_noise(SingleNoise.COUGH1, 8_000)) != len(single_noise(SingleNoise.COUGH2, 8_000))


@pytest.mark.parametrize("name", ["Coffee shop", "coffee_shop", "COFFEE-SHOP", "cafe"])
def test_a_noise_may_be_written_in_several_ways(name: str) -> None:
    assert background_noise(name) is BackgroundNoise.CAFE


def test_other_names_lead_to_noises_and_unknown_ones_nowhere() -> None:
    assert {background_noise(name) for name in OTHER_NAMES} <= set(BackgroundNoise)
    assert background_noise("https://example.org/rain.wav") is None
    assert background_noise("../../etc/passwd") is None
