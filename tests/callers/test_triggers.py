"""`contains` triggers are decided without a model."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.callers.triggers import parse_trigger


@pytest.mark.parametrize(
    ("condition", "words", "matches"),
    [
        ('contains "date of birth"', "What is your Date of Birth?", True),
        ('contains "date of birth"', "What is your name?", False),
        ('Contains "a" AND contains "b"', "b then a", True),
        ('contains "a" AND contains "b"', "only a", False),
        ('contains "yes" OR contains "no"', "NO", True),
        ('contains "yes" or "sure"', "Sure thing", True),
        ('contains "a" AND contains "b" OR contains "c"', "c alone", True),
        ('contains "a" OR contains "b" AND contains "c"', "b only", False),
        ("contains 'single quoted'", "it is Single Quoted", True),
        ("contains “curly”", "curly", True),
        ('contains "I\'m sorry"', "I\u2019m  sorry", True),
        ('contains "two words"', "two\nwords", True),
        (r'contains "say \"hi\""', 'say "hi"', True),
        ('contains "straße"', "STRASSE", True),
    ],
)
def test_triggers_look_for_text_and_case_does_not_matter(condition: str, words: str, *, matches: bool) -> None:
    trigger = parse_trigger(condition)
    assert trigger is not None
    assert trigger.matches(words) is matches


@pytest.mark.parametrize(
    "condition",
    [
        "The agent asks for the date of birth",
        "contains a greeting",
        'contains "appointment" and asks for a date',
        'contains "x" contains "y"',
        'contains "x" OR',
        'the text contains "x"',
        'contains ""',
        "",
    ],
)
def test_anything_else_is_natural_language(condition: str) -> None:
    assert parse_trigger(condition) is None


@given(st.text().filter(lambda text: '"' not in text and "\\" not in text and text.strip()))
def test_a_trigger_finds_its_own_text(text: str) -> None:
    trigger = parse_trigger(f'contains "{text}"')
    assert trigger is not None
    assert trigger.matches(f"before {text} after")
