from importlib import import_module
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ringback.speech.number_words import LIMIT, cardinal, ordinal

num2words: Any = import_module("num2words")
"""It has no types."""
NUMBERS = st.integers(0, 9_999) | st.integers(0, LIMIT - 1)


def plain(text: str) -> tuple[str, ...]:
    return tuple(text.replace("-", " ").replace(",", "").split())


@given(NUMBERS)
@example(1_000_005)
def test_numbers_are_said_as_an_independent_library_says_them(number: int) -> None:
    british = plain(str(num2words.num2words(number)))
    assert cardinal(number, hundred_and=True) == british
    assert cardinal(number) == tuple(word for word in british if word != "and")


@given(NUMBERS)
def test_places_are_said_as_an_independent_library_says_them(number: int) -> None:
    british = plain(str(num2words.num2words(number, to="ordinal")))
    assert ordinal(number) == tuple(word for word in british if word != "and")


@pytest.mark.parametrize("number", [0, 13, 40, 112, 1_905, LIMIT - 1])
def test_words_of_numbers_are_no_compounds(number: int) -> None:
    assert all(word.isalpha() for word in (*cardinal(number), *ordinal(number)))
