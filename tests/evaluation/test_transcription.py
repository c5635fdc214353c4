"""What an agent heard of our caller, against what was spoken."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringback.evaluation.transcription import Accuracy, Misheard, compare
from ringback.evaluation.transcription_words import weight, words


def compared(spoken: str, heard: str, turns: int = 1) -> Accuracy:
    return compare(words(spoken), words(heard), turns)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I DON'T know, sorry!", ["i", "do", "not", "know", "sorry"]),
        ("can\u2019t - cannot \u2013 won't", ["can", "not", "can", "not", "will", "not"]),
        ("at 10, on the 23", ["at", "ten", "on", "the", "twenty", "three"]),
        ("555 07 20", ["five", "five", "five", "zero", "seven", "twenty"]),
        ("Zoë's été", ["zoës", "été"]),
        ("٣", ["three"]),
        ("...", []),
    ],
)
def test_texts_are_compared_by_their_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("friday", 1.0),
        ("okafor", 1.0),
        ("appointment", 1.0),
        ("seven", 1.0),
        ("not", 1.0),
        ("booked", 0.5),
        ("cancelling", 0.5),
        ("tries", 0.5),
        ("planned", 0.5),
        ("would", 0.0),
        ("the", 0.0),
        ("um", 0.0),
        ("slowly", 0.0),
    ],
)
def test_words_weigh_by_what_they_carry(word: str, expected: float) -> None:
    assert weight(word) == expected


def test_what_was_heard_as_it_was_spoken_is_perfect() -> None:
    accuracy = compared("My name is Ada, I need 2 tickets.", "my name is ada i need two tickets")
    assert (accuracy.score, accuracy.word_error_rate, accuracy.errors) == (100.0, 0.0, ())


def test_small_words_cost_a_tenth_of_a_point() -> None:
    accuracy = compared("I would like to pay for the ticket", "would like to pay a ticket")
    assert accuracy.score == pytest.approx(99.7)
    assert accuracy.word_error_rate == pytest.approx(3 / 8)


@pytest.mark.parametrize(
    ("spoken", "heard", "error"),
    [
        ("I can come", "I cannot come", Misheard("", "not")),
        ("on the Friday", "on seven Friday", Misheard("the", "seven")),
        ("see Ada", "see", Misheard("ada", "")),
    ],
)
def test_an_error_weighs_as_its_heavier_word(spoken: str, heard: str, error: Misheard) -> None:
    accuracy = compared(spoken, heard)
    assert accuracy.errors == (error,)
    assert (accuracy.weighted, accuracy.score) == (1.0, 80.0)


@pytest.mark.parametrize(
    ("wrong", "score"), [(0, 100), (1, 80), (3, 80), (4, 60), (6, 60), (7, 40), (12, 40), (13, 20), (40, 20)]
)
def test_the_bands_are_those_of_the_reference(wrong: int, score: float) -> None:
    assert compare(["cat"] * 40, ["cat"] * (40 - wrong) + ["dog"] * wrong, 10).score == score


def test_half_an_error_is_an_error() -> None:
    assert compared("please book it", "please cancel it").score == 80.0


def test_long_calls_are_scaled_to_ten_turns() -> None:
    accuracy = compare(["cat"] * 40, ["cat"] * 28 + ["dog"] * 12, 40)
    assert (accuracy.weighted, accuracy.score) == (3.0, 80.0)
    assert compare(["cat"] * 40, ["cat"] * 28 + ["dog"] * 12, 4).score == 40.0


@settings(deadline=None)
@given(st.text(), st.text(), st.integers(0, 50))
def test_any_texts_can_be_compared(spoken: str, heard: str, turns: int) -> None:
    said = words(spoken)
    if not said:
        return
    accuracy = compare(said, words(heard), turns)
    assert 0 <= accuracy.score <= 100
    assert 0 <= accuracy.word_error_rate <= max(1.0, len(words(heard)) / len(said))
    assert accuracy.weighted <= len(accuracy.errors)
    assert (accuracy.word_error_rate == 0) == (said == words(heard))
