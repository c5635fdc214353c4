"""Refusals, in the words of whoever refuses."""

import pytest

from ringback.models.provider import Cause
from ringback.speech.hosted_client import SpeechSettingNames
from ringback.speech.hosted_refusals import refusal


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": {"message": "Unknown voice.", "type": "invalid"}}', "HTTP 400: Unknown voice."),
        (b'{"error": "Unknown voice."}', "HTTP 400: Unknown voice."),
        (b'{"err_code": "Bad Request", "err_msg": "corrupt data", "request_id": "1"}', "HTTP 400: corrupt data"),
        (
            b'{"category": "INVALID_JSON", "message": "Invalid JSON submitted.", "details": "missing field"}',
            "HTTP 400: Invalid JSON submitted.; missing field",
        ),
        (b'{"detail": {"status": "bad", "message": "Too short."}}', "HTTP 400: Too short."),
        (b'{"detail": [{"loc": ["body"], "msg": "Field required"}]}', "HTTP 400: Field required"),
        (b'{"detail": "Not so."}', "HTTP 400: Not so."),
        (b'{"a": {"b": 1}}', "HTTP 400"),
        (b'[[[[[{"message": "deep"}]]]]]', "HTTP 400"),
        (b"<html>", "HTTP 400"),
        (b"", "HTTP 400"),
    ],
)
def test_the_words_of_each_provider_are_found(body: bytes, words: str) -> None:
    trouble = refusal(400, {}, body)
    assert trouble.cause is Cause.REQUEST
    assert words in str(trouble)
    assert not trouble.retryable


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_has_a_remedy(cause: Cause) -> None:
    own = SpeechSettingNames(name="RINGBACK_TEXT_TO_SPEECH", key="OPENAI_API_KEY").remedy(cause)
    other = SpeechSettingNames(name="RINGBACK_TEXT_TO_SPEECH", base_url="RINGBACK_TEXT_TO_SPEECH_BASE_URL").remedy(
        cause
    )
    assert own.endswith(".")
    assert "BASE_URL" not in own
    assert other.endswith(".")
