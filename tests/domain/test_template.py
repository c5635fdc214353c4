"""Templates are data: strict names, no second look at what was put in."""

import contextlib
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.domain.scenario import TestProfile
from ringback.domain.template import LITERAL_LESS_THAN, fill, known_names, template_names
from ringback.errors import UsageError

PROFILE = TestProfile(
    name="ada",
    caller_variables={
        "name": "Ada",
        "address": {"city": "London", "lines": ["1 High St", "Flat 2"]},
        "key with space": "spaced",
        "age": 36,
        "balance": 12.5,
        "vip": True,
        "nothing": None,
        "trap": "{{test_profile.name}}",
        "shared": "caller's",
        "tag": "<endcall/>",
        "born": dt.date(1815, 12, 10),
    },
    agent_variables={"X-Customer": "c-7", "shared": "agent's", "address": {"zip": "N1"}},
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no template", "no template"),
        ("I am {{test_profile.name}}.", "I am Ada."),
        ("{{ test_profile.name }}", "Ada"),
        ("{{test_profile.address.city}}", "London"),
        ("{{test_profile['key with space']}}", "spaced"),
        ('{{test_profile["key with space"]}}', "spaced"),
        ("{{test_profile.address['city']}}", "London"),
        ("{{test_profile['address']['city']}}", "London"),
        ("{{test_profile.address.lines[1]}}", "Flat 2"),
        ("{{test_profile.age}}", "36"),
        ("{{test_profile.balance}}", "12.5"),
        ("{{test_profile.vip}}", "true"),
        ("{{test_profile.nothing}}", "null"),
        ("{{test_profile.born}}", "1815-12-10"),
        ("{{test_profile.address}}", '{"city": "London", "lines": ["1 High St", "Flat 2"]}'),
        ("{{test_profile.trap}}", "{{test_profile.name}}"),
        ("{{test_profile.shared}}", "caller's"),
        ("{{test_profile.X-Customer}}", "c-7"),
        ("{{test_profile.address.zip}}", "N1"),
        ("{{test_profile.name}}{{test_profile.name}}", "AdaAda"),
        ("it is }} {a} {", "it is }} {a} {"),
        ("{{function.lookup.total}} for {{test_profile.name}}", "{{function.lookup.total}} for Ada"),
    ],
)
def test_templates_are_filled_from_the_profile(text: str, expected: str) -> None:
    assert fill(text, PROFILE, where="scenario 'x'") == expected


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{{test_profile.nmae}}", "there is no `test_profile.nmae`"),
        ("{{test_profile.name.first}}", "there is no `test_profile.name.first`"),
        ("{{test_profile.address.lines[9]}}", "there is no `test_profile.address.lines.9`"),
        ("{{test_profile.name", "left open"),
        ("{{test_profile.name}", "left open"),
        ("{{name}}", "is no template"),
        ("{{test_profile.name.__class__()}}", "there is no `test_profile.name.__class__()`"),
        ("{{ 7 * 7 }}", "is no template"),
        ("{{test_profile}}", "is no template"),
    ],
)
def test_what_cannot_be_filled_is_an_error_that_names_the_place_and_what_exists(text: str, complaint: str) -> None:
    with pytest.raises(UsageError) as caught:
        fill(text, PROFILE, where="scenario 'greet', instructions")
    message = str(caught.value)
    assert complaint in message
    assert "scenario 'greet', instructions" in message
    assert "test_profile.address.city" in message
    assert "test_profile['key with space']" in message
    assert message.index("test_profile.name,") < message.index("test_profile.X-Customer")


def test_attributes_of_objects_are_out_of_reach() -> None:
    with pytest.raises(UsageError, match="there is no"):
        fill("{{test_profile.name.__class__}}", PROFILE, where="here")


def test_without_a_profile_the_error_says_so() -> None:
    with pytest.raises(UsageError, match="has no test profile"):
        fill("{{test_profile.name}}", None, where="here")


def test_an_empty_profile_says_that_it_is_empty() -> None:
    with pytest.raises(UsageError, match="is empty"):
        fill("{{test_profile.name}}", TestProfile(), where="here")


def test_directives_in_a_value_can_be_kept_from_being_parsed() -> None:
    filled = fill("<spell>{{test_profile.tag}}</spell>", PROFILE, where="here", before_directives=True)
    assert filled == f"<spell>{LITERAL_LESS_THAN}endcall/></spell>"


def test_names_are_listed_for_validation() -> None:
    text = "{{test_profile.a.b}} {{test_profile['c d']}} {{test_profile.a.b}} {{function.x.y}}"
    assert template_names(text) == ("test_profile.a.b", "test_profile['c d']")
    assert template_names("none") == ()
    with pytest.raises(ValueError, match="left open"):
        template_names("{{oops")
    assert "test_profile.address.zip" in known_names(PROFILE)
    assert known_names(None) == ()


@given(st.text())
def test_any_value_goes_in_verbatim(value: str) -> None:
    profile = TestProfile(caller_variables={"v": value})
    assert fill("a {{test_profile.v}} b", profile, where="here") == f"a {value} b"


@given(st.text(alphabet="{}test_profile.x['] "))
def test_no_text_crashes_it(text: str) -> None:
    """Whatever is written is filled or refused with a sentence."""
    with contextlib.suppress(UsageError):
        fill(text, PROFILE, where="here")
