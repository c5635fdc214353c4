"""What a line claims, however it is written, and what makes a claim known."""

import pytest

from ringback.callers.claims import claims
from ringback.callers.grounding import Ground


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("2026-03-03", "March 3rd"),
        ("2026-03-03", "the third of March"),
        ("2026-03-03", "3/3/2026"),
        ("2026-03-03", "3.3.26"),
        ("2026-03-21", "March twenty-first, 2026"),
        ("1985-07-14", "seven fourteen eighty-five"),
        ("1985-07-14", "oh seven one four one nine eight five"),
        ("1985-07-14", "the 14th of July"),
        ("March 2026", "in March"),
        ("in March, on the 5th", "March 5th"),
        ("5pm", "17:00"),
        ("17:00", "5 o'clock in the afternoon"),
        ("17:00", "at five, please"),
        ("17:00", "5"),
        ("17:30", "half past five"),
        ("5:30 PM", "five thirty"),
        ("5:30 PM", "five thirty pm"),
        ("17:45", "quarter to six"),
        ("9.15 am", "nine fifteen in the morning"),
        ("8:05", "eight oh five am"),
        ("12:00", "noon"),
        ("0:00", "midnight"),
        ("1200", "$1,200"),
        ("1,200.50", "1200.5"),
        ("1.200,50 €", "1200,50"),
        ("12.5", "12,50"),
        ("2500", "two thousand five hundred"),
        ("250", "two hundred and fifty"),
        ("2k", "2000"),
        ("1000000", "one million"),
        ("77", "double seven"),
        ("4155550199", "415 555 0199"),
        ("+1 (415) 555-0199", "four one five, five five five, zero one nine nine"),
        ("4155550199", "the last four are 0199"),
        ("AB-1234", "AB1234"),
        ("AB-1234", "1234"),
        ("ada@example.com", "Ada at example dot com"),
        ("two tickets", "2 tickets"),
        ("5-7 days", "five to seven days"),
        ("3-year-old", "three years old"),
        ("21st", "the 21st"),
        ("anything", "one moment, two of them, the first three"),
        ("anything", "24/7, 100% sure, one on one"),
        ("anything", "oh, one more thing"),
        ("anything", "I may second that, a thousand thanks"),
        ("anything", "COVID-19"),
    ],
)
def test_what_is_known_in_one_form_is_known_in_another(source: str, line: str) -> None:
    ground = Ground([source])
    assert [claim.text for claim in claims(line) if not ground.holds(claim)] == []


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("2026-03-03", "March 4th"),
        ("2026-03-03", "March 3rd, 2027"),
        ("2026-03-03", "three people"),
        ("2026-03-03", "in April"),
        ("March 3rd", "March 3rd, 2025"),
        ("5pm", "5am"),
        ("5pm", "17 tickets"),
        ("17:00", "half past five"),
        ("17:00", "noon"),
        ("1200", "$1,300"),
        ("4155550199", "0188"),
        ("AB-1234", "AB-1235"),
        ("ada@example.com", "bob@example.com"),
        ("", "table for two"),
        ("", "two people"),
        ("", "fifty dollars"),
        ("", "three days"),
        ("", "forty-two"),
        ("", "I am 42"),
        ("", "four one five"),
        ("", "99:99 or 45/45/45"),
    ],
)
def test_what_was_never_said_is_not_known(source: str, line: str) -> None:
    ground = Ground([source])
    assert any(not ground.holds(claim) for claim in claims(line))


def test_claims_say_where_they_stand() -> None:
    line = "Call 555 0199 on March 3rd."
    assert [line[claim.start : claim.end].strip() for claim in claims(line)] == ["555 0199", "March 3rd"]
    assert claims("nothing to see") == ()


def test_only_the_beginning_of_an_endless_text_is_read() -> None:
    assert len(claims("7 a " * 50_000)) == 5_000
