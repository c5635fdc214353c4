"""Objects are found in what weak models write, and never invented."""

from contextlib import suppress
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from ringback.models.model import Message
from ringback.models.shape import Misfit, complaint, parse, strict_schema, with_instruction


class Part(BaseModel):
    """A part of an expectation."""

    verdict: Literal["met", "not_met", "cannot_tell"]
    quotes: list[str] = Field(default_factory=list)


class Verdict(BaseModel):
    """A verdict."""

    parts: list[Part]
    score: int = Field(default=0, ge=0, le=100)


GOOD = '{"parts": [{"verdict": "met", "quotes": ["Booked."]}], "score": 100}'


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"  {GOOD}\n",
        f"```json\n{GOOD}\n```",
        f"Here is my verdict: {GOOD} I hope it helps {{really}}.",
        f'<think>{{"parts": [], "score": 3}}</think>{GOOD}',
        f'{{"note": 1}} {GOOD}',
    ],
    ids=["bare", "spaces", "fence", "prose", "thinking", "second object"],
)
def test_an_object_is_found_in(text: str) -> None:
    verdict = parse(text, Verdict)
    assert isinstance(verdict, Verdict)
    assert verdict.score == 100


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "It is not a JSON object."),
        ("The agent did well.", "It is not a JSON object."),
        (GOOD[:-10], "verdict"),
        ('{"score": 5}', "parts: Field required"),
        ('{"parts": [{"verdict": "yes"}]}', "parts.0.verdict: Input should be 'met', 'not_met' or 'cannot_tell'"),
        ('{"parts": [], "score": 101}', "score: Input should be less than or equal to 100"),
        ('{"parts": ' + '[{"verdict": "no"},' * 9 + '{"verdict": "no"}' + "]" * 10 + "}", ""),
        ("{" * 100_000, ""),
        ('{"parts":' * 5_000, ""),
        ("[" * 100_000, ""),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_does_not_fit_is_told_in_words(text: str, says: str) -> None:
    with pytest.raises(Misfit) as raised:
        parse(text, Verdict)
    assert says in str(raised.value) or "parts" in str(raised.value)
    assert str(raised.value) in complaint(raised.value)


def test_only_the_first_problems_are_listed() -> None:
    text = '{"parts": [' + ", ".join(['{"verdict": "no"}'] * 9) + "]}"
    with pytest.raises(Misfit, match=r"; and 4 more\.$"):
        parse(text, Verdict)


@settings(deadline=None, derandomize=True)
@given(st.text() | st.text(alphabet='{}[]":,ab\\'))
def test_any_text_fits_or_is_a_misfit(text: str) -> None:
    with suppress(Misfit):
        assert isinstance(parse(text, Verdict), Verdict)


def test_the_strict_schema_closes_objects_at_every_depth() -> None:
    schema, strict = strict_schema(Verdict)
    assert strict
    nodes: list[Any] = [schema, schema["$defs"]["Part"]]
    assert [node["required"] for node in nodes] == [["parts", "score"], ["verdict", "quotes"]]
    assert all(node["additionalProperties"] is False for node in nodes)
    assert "default" not in schema["properties"]["score"]


def test_a_field_may_be_called_default() -> None:
    class Named(BaseModel):
        default: str

    schema, strict = strict_schema(Named)
    assert strict
    assert list(schema["properties"]) == ["default"]


def test_the_instruction_joins_the_users_last_message() -> None:
    joined = with_instruction([Message("user", "Judge this.")], Verdict)
    assert len(joined) == 1
    assert joined[0].content.startswith("Judge this.\n\nAnswer with one JSON object")
    assert len(with_instruction([Message("system", "You judge.")], Verdict)) == 2
