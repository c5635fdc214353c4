"""The mouth: frames exact to the sample, what was said and where, and breaking off."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.conversation.manner import Manner
from ringback.conversation.mouth import Mouth, Said, words_within
from ringback.conversation.plan import Background, Change, Conditions, Piece, Plan
from ringback.domain.noise import BackgroundNoise
from ringback.speech.audio import Samples

RATE = 8_000
SIZE = 160


def words(text: str, length: int, *, protected: bool = False, loud: int = 1000) -> Piece:
    """A piece that says a text."""
    return Piece(length=length, samples=np.full(length, loud, np.int16), text=text, protected=protected)


def pause(length: int) -> Piece:
    return Piece(length=length)


def mouth(*pieces: Piece, keys_in_sound: bool = True) -> Mouth:
    """One that is to say these."""
    made = Mouth(RATE, Manner(), 1, keys_in_sound=keys_in_sound)
    made.say(Plan(pieces=pieces))
    return made


def all_of(speaker: Mouth) -> Samples:
    """Frames until nothing is left."""
    frames: list[Samples] = []
    while speaker.busy:
        frames.append(speaker.frame())
        assert len(frames[-1]) == SIZE
    return np.concatenate(frames) if frames else np.zeros(0, np.int16)


def test_a_mouth_with_nothing_to_say_gives_silence_for_ever() -> None:
    speaker = Mouth(RATE, Manner(), 1)
    for _ in range(3):
        frame = speaker.frame()
        assert len(frame) == SIZE
        assert not frame.any()
    assert not speaker.busy
    assert not speaker.speaking
    assert speaker.take_said() == []
    assert speaker.position == 3 * SIZE


@given(st.lists(st.integers(1, 500), max_size=12), st.integers(0, 5))
def test_pieces_of_any_length_come_out_to_the_sample(lengths: list[int], silent_before: int) -> None:
    speaker = Mouth(RATE, Manner(), 1)
    for _ in range(silent_before):
        speaker.frame()
    pieces = [words(f"w{n}", length, loud=n + 1) for n, length in enumerate(lengths)]
    speaker.say(Plan(pieces=tuple(pieces)))
    sound = all_of(speaker)
    whole = sum(lengths)
    assert np.array_equal(sound[:whole], np.concatenate([np.zeros(0, np.int16), *(piece.samples for piece in pieces)]))
    assert not sound[whole:].any()
    assert len(sound) - whole < SIZE
    at = silent_before * SIZE
    for said, piece in zip(speaker.take_said(), pieces, strict=True):
        assert (said.text, said.start, said.end, said.interrupted) == (piece.text, at, at + piece.length, False)
        at = said.end


def test_words_are_told_when_they_are_over_and_once() -> None:
    speaker = mouth(words("one", 200), pause(100), words("two", 200, protected=True))
    speaker.frame()
    assert speaker.take_said() == []
    all_of(speaker)
    assert speaker.take_said() == [
        Said(text="one", start=0, end=200),
        Said(text="two", start=300, end=500, protected=True),
    ]
    assert speaker.take_said() == []


def test_plans_follow_each_other_and_are_numbered() -> None:
    speaker = mouth(words("one", SIZE))
    speaker.say(Plan(pieces=(words("two", SIZE),)))
    all_of(speaker)
    speaker.say(Plan(pieces=(words("three", SIZE),)))
    all_of(speaker)
    assert [(said.text, said.plan) for said in speaker.take_said()] == [("one", 0), ("two", 1), ("three", 2)]


def test_what_a_frame_is_of_is_said_with_it() -> None:
    hold = Piece(length=SIZE, hold=True, protected=True)
    speaker = mouth(words("a", SIZE), pause(SIZE), hold, words("b", SIZE, protected=True))
    seen: list[tuple[bool, bool, bool]] = []
    for _ in range(5):
        speaker.frame()
        seen.append((speaker.speaking, speaker.holding, speaker.protected))
    yes, no = True, False
    assert seen == [(yes, no, no), (no, no, no), (no, yes, yes), (yes, no, yes), (no, no, no)]


def test_breaking_off_keeps_the_whole_words_that_were_heard_and_fades() -> None:
    speaker = mouth(words("one two three four", 10 * SIZE), pause(SIZE), words("five", SIZE))
    for _ in range(5):
        speaker.frame()
    speaker.stop()
    assert speaker.broken_off
    fading = speaker.frame()
    assert 1000 >= fading[0] > fading[20] > fading[39]
    assert not fading[40:].any()
    assert not speaker.busy
    assert speaker.take_said() == [Said(text="one two", start=0, end=5 * SIZE + 40, interrupted=True)]


def test_words_that_had_not_begun_are_dropped_without_a_trace() -> None:
    speaker = mouth(pause(3 * SIZE), words("one", SIZE))
    speaker.frame()
    speaker.stop()
    assert not speaker.busy
    assert speaker.broken_off
    assert speaker.take_said() == []
    assert not speaker.frame().any()


def test_stopping_a_mouth_that_is_silent_does_nothing() -> None:
    speaker = Mouth(RATE, Manner(), 1)
    speaker.stop()
    assert not speaker.broken_off
    assert not speaker.busy


def test_what_is_protected_and_has_begun_goes_on_and_what_follows_is_dropped() -> None:
    speaker = mouth(
        words("one", 2 * SIZE, protected=True),
        pause(0),
        words("two", SIZE, protected=True),
        words("three", SIZE),
        words("four", SIZE, protected=True),
    )
    speaker.frame()
    speaker.stop()
    all_of(speaker)
    assert [(said.text, said.interrupted) for said in speaker.take_said()] == [("one", False), ("two", False)]
    assert speaker.broken_off


def test_what_is_protected_goes_on_between_two_of_its_pieces() -> None:
    speaker = mouth(words("one", SIZE, protected=True), words("two", SIZE, protected=True))
    speaker.frame()
    speaker.stop()
    all_of(speaker)
    assert [said.text for said in speaker.take_said()] == ["one", "two"]


def test_what_is_protected_and_has_not_begun_is_dropped() -> None:
    speaker = mouth(words("one", 2 * SIZE), words("two", SIZE, protected=True))
    speaker.frame()
    speaker.stop()
    all_of(speaker)
    assert [said.interrupted for said in speaker.take_said()] == [True]


@pytest.mark.parametrize("in_sound", [True, False])
def test_a_key_is_told_with_the_frame_in_which_it_begins(in_sound: bool) -> None:
    key = Piece(length=800, samples=np.full(800, 500, np.int16), key="5", protected=True)
    speaker = mouth(pause(SIZE + 10), key, pause(800), keys_in_sound=in_sound)
    told: list[tuple[str, ...]] = []
    sound: list[Samples] = []
    while speaker.busy:
        sound.append(speaker.frame())
        told.append(speaker.keys)
    assert told[:3] == [(), ("5",), ()]
    assert not any(told[3:])
    whole = np.concatenate(sound)
    assert whole.any() == in_sound
    assert len(whole) == -(-(SIZE + 10 + 1600) // SIZE) * SIZE


def change(token: int, conditions: Conditions | None) -> Piece:
    return Piece(length=0, change=Change(token, conditions))


NOISY = Conditions(background=Background(BackgroundNoise.CAR))
LOSSY = Conditions(packet_loss=0.5)


def test_conditions_hold_from_their_place_to_the_end_of_their_pair() -> None:
    speaker = mouth(
        words("a", SIZE), change(1, NOISY), words("b", SIZE), change(2, LOSSY), words("c", SIZE),
        change(2, None), words("d", SIZE), change(1, None), words("e", SIZE),
    )  # fmt: skip
    seen: list[Conditions] = []
    for _ in range(5):
        speaker.frame()
        seen.append(speaker.conditions)
    assert seen[1] == seen[3] == NOISY
    assert seen[2] == LOSSY.over(NOISY)
    assert seen[4] == Conditions()


def test_conditions_without_an_end_hold_for_the_rest_of_the_call() -> None:
    speaker = mouth(change(0, NOISY), words("a", SIZE))
    all_of(speaker)
    speaker.say(Plan(pieces=(change(0, LOSSY), words("b", SIZE), change(0, None), words("c", SIZE))))
    speaker.frame()
    assert speaker.conditions == LOSSY.over(NOISY)
    all_of(speaker)
    assert speaker.conditions == NOISY


def test_the_end_of_a_pair_is_not_lost_by_breaking_off() -> None:
    speaker = mouth(change(0, NOISY), words("a", 5 * SIZE), change(0, None), words("b", SIZE))
    speaker.frame()
    assert speaker.conditions == NOISY
    speaker.stop()
    speaker.frame()
    assert speaker.conditions == Conditions()


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.0, ""), (0.2, ""), (0.3, "one"), (0.55, "one two"), (0.99, "one two"), (1.0, "one two three")],
)
def test_a_text_is_cut_between_words(share: float, said: str) -> None:
    assert words_within("one two three", share) == said
