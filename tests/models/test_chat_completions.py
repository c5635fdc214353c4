"""Whatever bytes a server sends, they become an answer or a trouble."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from ringback.models import chat_completions
from ringback.models.model import Message
from ringback.models.provider import Answer, Cause, Trouble

JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
MESSAGES = st.dictionaries(
    st.sampled_from(["content", "tool_calls", "refusal", "role"]),
    JSON_VALUES
    | st.lists(
        st.fixed_dictionaries({"function": st.fixed_dictionaries({"name": st.text(), "arguments": JSON_VALUES})})
    ),
)
COMPLETIONS = st.fixed_dictionaries(
    {"choices": st.lists(st.fixed_dictionaries({"message": MESSAGES}), max_size=2) | JSON_VALUES},
    optional={"usage": JSON_VALUES | st.fixed_dictionaries({"prompt_tokens": JSON_VALUES}), "error": JSON_VALUES},
)


def read(body: bytes) -> Answer | Trouble:
    try:
        return chat_completions.answer(body)
    except Trouble as trouble:
        return trouble


@settings(deadline=None, derandomize=True)
@given(st.binary() | JSON_VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_an_answer_or_a_trouble(body: bytes) -> None:
    assert isinstance(read(body), Answer | Trouble)


@settings(deadline=None, derandomize=True)
@given(COMPLETIONS)
def test_anything_like_a_completion_is_an_answer_or_a_trouble(completion: Any) -> None:
    read_back = read(json.dumps(completion).encode())
    assert isinstance(read_back, Answer | Trouble)
    if isinstance(read_back, Answer):
        assert isinstance(read_back.text, str)
        read_back.text.encode()  # can be sent and stored


@settings(deadline=None, derandomize=True)
@given(st.integers(100, 599), st.dictionaries(st.sampled_from(["Retry-After", "X"]), st.text()), st.binary())
def test_any_refusal_is_one_printable_line(status: int, headers: dict[str, str], body: bytes) -> None:
    trouble = chat_completions.refusal(status, headers, body)
    assert str(trouble).isprintable()
    assert len(str(trouble)) < 400
    assert trouble.retry_after is None or trouble.retry_after >= 0


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"prompt_tokens": 3, "completion_tokens": 0}, (3, 0)),
        ({"prompt_tokens": -1, "completion_tokens": True}, (None, None)),
        ({"prompt_tokens": "3", "completion_tokens": 1.5}, (None, None)),
        ([], (None, None)),
        (None, (None, None)),
    ],
)
def test_token_counts_that_are_no_counts_are_not_reported(usage: Any, tokens: tuple[int | None, int | None]) -> None:
    body = json.dumps({"choices": [{"message": {"content": "Hi"}}], "usage": usage}).encode()
    answer = chat_completions.answer(body)
    assert (answer.input_tokens, answer.output_tokens) == tokens


def test_arguments_sent_as_an_object_are_taken_too() -> None:
    call = {"function": {"name": "book", "arguments": {"day": "Monday"}}}
    body = json.dumps({"choices": [{"message": {"tool_calls": [call]}}]}).encode()
    assert chat_completions.answer(body).tool_requests[0].arguments == '{"day": "Monday"}'


def test_a_refusal_in_words_is_the_text() -> None:
    body = b'{"choices": [{"message": {"content": null, "refusal": "I cannot help with that."}}]}'
    assert chat_completions.answer(body).text == "I cannot help with that."


def test_a_lone_surrogate_in_a_prompt_can_be_sent() -> None:
    body = chat_completions.request("m", [Message("user", "\ud83d")], None, (), schema_known=True, temperature=None)
    assert rb"\ud83d" in body


class Anything(BaseModel):
    """A shape that OpenAI's strict form cannot express."""

    values: dict[str, Any]


def test_a_shape_with_free_keys_is_not_asked_for_strictly() -> None:
    body = chat_completions.request("m", [Message("user", "x")], Anything, (), schema_known=True, temperature=None)
    assert json.loads(body)["response_format"]["json_schema"]["strict"] is False


@pytest.mark.parametrize(
    ("status", "cause", "retryable"),
    [
        (408, Cause.TIMEOUT, True),
        (409, Cause.REQUEST, True),
        (413, Cause.REQUEST, False),
        (429, Cause.RATE, True),
        (501, Cause.SERVER, False),
        (502, Cause.SERVER, True),
    ],
)
def test_statuses_are_tried_again_only_where_that_can_help(status: int, cause: Cause, retryable: bool) -> None:
    trouble = chat_completions.refusal(status, {}, b"")
    assert (trouble.cause, trouble.retryable) == (cause, retryable)
