"""What happens to our caller's sound on its way, and that it is the same each time."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from virtual_clock import run_virtually

from ringback.conversation.disturbances import Disturbances, make_ready
from ringback.conversation.manner import Manner
from ringback.conversation.plan import Background, Conditions
from ringback.domain.noise import BackgroundNoise
from ringback.speech.audio import Samples
from ringback.speech.level import NOMINAL
from ringback.speech.noise import BACKGROUND

RATE = 8_000
SIZE = 160
SILENCE = np.zeros(SIZE, np.int16)
ALL = Manner(
    background=BackgroundNoise.STREET,
    background_reduced=0.3,
    packet_loss=0.1,
    jitter=0.1,
    delay=0.06,
    clipping=0.3,
    narrow_band=True,
)


def numbered(count: int) -> list[Samples]:
    """Frames that can be told apart: each holds its number, from 1."""
    return [np.full(SIZE, number, np.int16) for number in range(1, count + 1)]


def hum(frequency: float, count: int, level: float = 4000, rate: int = RATE) -> list[Samples]:
    """Frames of one tone."""
    wave = level * np.sin(2 * np.pi * frequency * np.arange(count * rate // 50) / rate)
    return list(np.rint(wave).astype(np.int16).reshape(count, rate // 50))


def sent(manner: Manner, frames: Sequence[Samples], seed: int = 1, rate: int = RATE) -> Samples:
    """What is sent of these frames."""
    way = Disturbances(manner, rate, seed)
    return np.concatenate([way.apply(frame).copy() for frame in frames])


def level(sound: Samples) -> float:
    return float(np.sqrt(np.mean(sound.astype(np.float64) ** 2)))


def test_without_disturbances_nothing_is_changed_or_copied() -> None:
    way = Disturbances(Manner(), RATE, 1)
    for frame in numbered(10):
        assert way.apply(frame) is frame
    assert way.delay == 0


@pytest.mark.parametrize("rate", [8_000, 16_000])
def test_the_same_seed_gives_the_same_sound_bit_for_bit_and_another_another(rate: int) -> None:
    frames = hum(500, 250, rate=rate)
    assert np.array_equal(sent(ALL, frames, 7, rate), sent(ALL, frames, 7, rate))
    assert not np.array_equal(sent(ALL, frames, 7, rate), sent(ALL, frames, 8, rate))


@pytest.mark.parametrize("one", ["packet_loss", "jitter", "background"])
def test_each_random_disturbance_follows_the_seed_alone(one: str) -> None:
    """Changing the packet loss does not move the noise, and so on."""
    manner = replace(Manner(), **{one: getattr(ALL, one)})
    frames = hum(500, 200)
    assert np.array_equal(sent(manner, frames, 7), sent(manner, frames, 7))
    assert not np.array_equal(sent(manner, frames, 7), sent(manner, frames, 8))


def test_any_whole_number_is_a_seed() -> None:
    for seed in (0, -1, 2**80):
        sent(ALL, numbered(3), seed)


@pytest.mark.parametrize("noise", [BackgroundNoise.WHITE, BackgroundNoise.OFFICE, BackgroundNoise.BABBLE])
def test_background_noise_is_as_loud_as_its_volume_says(noise: BackgroundNoise) -> None:
    quiet = [SILENCE] * 8 * 50
    assert level(sent(Manner(background=noise), quiet)) == pytest.approx(BACKGROUND, rel=0.02)
    assert level(sent(Manner(background=noise, background_base=4.0), quiet)) == pytest.approx(4 * BACKGROUND, rel=0.02)


def test_background_noise_goes_down_while_the_caller_speaks_without_a_click() -> None:
    manner = Manner(background=BackgroundNoise.WHITE, background_base=2.0, background_reduced=0.5)
    tone = hum(1000, 100, NOMINAL * 2**0.5)
    sound = sent(manner, [*[SILENCE] * 100, *tone, *[SILENCE] * 100])
    before, during, after = sound[: 100 * SIZE], sound[100 * SIZE : 200 * SIZE], sound[201 * SIZE :]
    assert level(before) == pytest.approx(2 * BACKGROUND, rel=0.05)
    assert level(after) == pytest.approx(2 * BACKGROUND, rel=0.05)
    rest = during[SIZE:].astype(np.int32) - np.concatenate(tone[1:])
    assert level(rest.astype(np.int16)) == pytest.approx(0.5 * BACKGROUND, rel=0.05)


def test_conditions_of_a_directive_go_over_those_of_the_personality() -> None:
    way = Disturbances(Manner(background=BackgroundNoise.CAR, packet_loss=1.0), RATE, 1)
    assert not way.apply(SILENCE).any()  # lost
    heard = Conditions(packet_loss=0.0)
    assert way.apply(SILENCE, heard).any()
    off = Conditions(background=Background(None), packet_loss=0.0)
    way.apply(SILENCE, off)
    assert not way.apply(SILENCE, off).any()
    loud = Conditions(background=Background(BackgroundNoise.WHITE, 5.0), packet_loss=0.0)
    way.apply(SILENCE, loud)
    assert level(np.concatenate([way.apply(SILENCE, loud) for _ in range(50)])) == pytest.approx(
        5 * BACKGROUND, rel=0.1
    )


@pytest.mark.parametrize("share", [0.02, 0.2, 1.0])
def test_lost_frames_are_silence_and_as_many_as_asked_for(share: float) -> None:
    frames = numbered(3000)
    kept = sent(Manner(packet_loss=share), frames).reshape(-1, SIZE)
    lost = [number for number, frame in enumerate(kept) if not frame.any()]
    assert len(lost) / len(frames) == pytest.approx(share, abs=0.02)
    assert all(np.array_equal(kept[n], frames[n]) for n in range(len(frames)) if n not in set(lost))


def test_delay_moves_everything_by_so_much() -> None:
    frames = numbered(100)
    way = Disturbances(Manner(delay=0.2), RATE, 1)
    sound = np.concatenate([way.apply(frame) for frame in frames])
    assert not sound[: 10 * SIZE].any()
    assert np.array_equal(sound[10 * SIZE :], np.concatenate(frames[:90]))
    assert way.delay == 0.2


def test_jitter_leaves_gaps_and_loses_and_turns_round_nothing() -> None:
    frames = [*numbered(200), *[SILENCE] * 100]
    came = sent(Manner(jitter=0.1), frames).reshape(-1, SIZE)[:, 0]
    words = [int(number) for number in came if number]
    assert words == list(range(1, 201))
    first, last = (int(np.flatnonzero(came == number)[0]) for number in (1, 200))
    assert 200 <= last - first + 1 <= 200 + 5
    assert (came[first:last] == 0).any()


def test_a_backlog_of_jitter_is_made_good_in_silence() -> None:
    way = Disturbances(Manner(jitter=0.1, delay=0.04), RATE, 1)
    for _ in range(5):
        for frame in numbered(100):
            way.apply(frame)
        assert 0.04 <= way.delay <= 0.14 + 1e-9
        for _ in range(100):
            way.apply(SILENCE)
        assert way.delay <= 0.14 + 1e-9


@pytest.mark.parametrize(("clipping", "decibels"), [(0.5, -15), (1.0, -30)])
def test_clipping_cuts_off_what_is_over_its_limit_and_nothing_else(clipping: float, decibels: float) -> None:
    limit = 32_768 * 10 ** (decibels / 20)
    loud, quiet = hum(500, 50, 20_000), hum(500, 50, limit * 0.9)
    assert np.abs(sent(Manner(clipping=clipping), loud)).max() == pytest.approx(limit, abs=1)
    assert np.array_equal(sent(Manner(clipping=clipping), quiet), np.concatenate(quiet))


@pytest.mark.parametrize("rate", [8_000, 16_000])
def test_a_narrow_band_lets_the_telephone_s_frequencies_through_and_no_others(rate: int) -> None:
    def through(frequency: float) -> float:
        frames = hum(frequency, 50, rate=rate)
        sound = sent(Manner(narrow_band=True), frames, rate=rate)
        return 20 * np.log10(max(level(sound[rate // 5 :]), 1e-3) / level(np.concatenate(frames)))

    for inside in (500, 1000, 2000, 3000):
        assert abs(through(inside)) < 1
    assert through(60) < -25
    assert through(3800) < -25
    if rate > 8_000:
        assert through(5000) < -40


def test_nothing_wraps_round_at_full_scale() -> None:
    manner = Manner(background=BackgroundNoise.WHITE, background_base=10.0, narrow_band=True)
    frames = hum(500, 50, 32_767)
    sound = sent(manner, frames).astype(np.int32)
    sign = np.concatenate(frames).astype(np.int32)
    shifted = sign[: -RATE * 16 // 2000]
    agree = np.sign(sound[RATE * 16 // 2000 :]) == np.sign(shifted)
    assert agree[np.abs(shifted) > 20_000].mean() > 0.99


def test_a_frame_that_is_given_is_never_written_to() -> None:
    way = Disturbances(ALL, RATE, 1)
    for frame in numbered(20):
        frame.flags.writeable = False
        way.apply(frame)


def test_noises_are_made_ready_on_a_virtual_clock_too() -> None:
    run_virtually(make_ready(ALL, RATE, BackgroundNoise.PINK))
    run_virtually(make_ready(ALL, RATE, BackgroundNoise.PINK))
