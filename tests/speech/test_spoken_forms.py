import pytest

from ringback.speech.spoken_forms import spoken_forms


@pytest.mark.parametrize(
    ("token", "spoken"),
    [
        ("10:30", "ten thirty"),
        ("9:05,", "nine oh five"),
        ("8:00", "eight"),
        ("8:00", "eight o'clock"),
        ("17:00", "five p m"),
        ("0:15", "twelve fifteen a m"),
        ("5pm", "five p m"),
        ("112", "one hundred twelve"),
        ("112", "one hundred and twelve"),
        ("112.", "one one two"),
        ("2026", "twenty twenty six"),
        ("1905", "nineteen oh five"),
        ("1900", "nineteen hundred"),
        ("1,250", "one thousand two hundred fifty"),
        ("007", "zero zero seven"),
        ("3.5", "three point five"),
        ("3%", "three percent"),
        ("$5.50", "five dollars fifty cents"),
        ("$1", "one dollar"),
        ("21st", "twenty first"),
        ("Dr.", "doctor"),
        ("e-mail", "e mail"),
        ("don\u2019t", "don't"),
        ("\u201cYes!\u201d", "yes"),
        ("&", "and"),
    ],
)
def test_a_token_may_be_spoken_so(token: str, spoken: str) -> None:
    assert tuple(spoken.split()) in spoken_forms(token)


@pytest.mark.parametrize("token", ["-", "\u2026", "!", "()"])
def test_punctuation_is_not_spoken(token: str) -> None:
    assert spoken_forms(token) == ()


def test_am_is_a_word_except_behind_a_number() -> None:
    assert spoken_forms("am") == (("am",),)
    assert spoken_forms("a.m.", after_number=True) == (("a", "m"),)
    assert spoken_forms("am", after_number=True) == (("a", "m"),)


def test_long_numbers_have_few_forms() -> None:
    assert all(len(spoken_forms(token)) <= 24 for token in ("9" * 400, "1-2-3-4-5-6-7-8-9", "A1B2C3D4E5F6"))
    assert spoken_forms("$" + "9" * 5000)
    assert spoken_forms("9" * 5000 + "th")
