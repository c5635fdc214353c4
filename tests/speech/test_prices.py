"""Prices of speech: from a list with sources, from the user, or none at all."""

import pytest

from ringback.speech.prices import (
    SpeechPrice,
    hearing_cost,
    hearing_price,
    speaking_cost,
    speaking_price,
)


@pytest.mark.parametrize(
    ("name", "dollars"),
    [
        ("openai:tts-1/nova", 0.015),
        ("deepgram:aura-2-thalia-en", 0.03),
        ("deepgram-live:aura-2-thalia-en", 0.03),
        ("elevenlabs:21m00Tcm4TlvDq8ikWAM", 0.05),
        ("elevenlabs:21m00Tcm4TlvDq8ikWAM/eleven_multilingual_v2", 0.1),
        ("flite:slt", 0.0),
        ("piper:voice.onnx", 0.0),
    ],
)
def test_speaking_is_paid_by_the_character(name: str, dollars: float) -> None:
    assert speaking_cost(name, 1000) == pytest.approx(dollars)


@pytest.mark.parametrize(
    ("name", "dollars_a_minute"),
    [
        ("openai:whisper-1", 0.006),
        ("deepgram:nova-3", 0.0043),
        ("deepgram:nova-3-general", 0.0043),
        ("deepgram-live:nova-3", 0.0048),
        ("deepgram:enhanced", 0.0165),
        ("groq:whisper-large-v3-turbo", 0.000667),
        ("pocketsphinx", 0.0),
        ("faster-whisper:small.en", 0.0),
    ],
)
def test_hearing_is_paid_by_the_second(name: str, dollars_a_minute: float) -> None:
    assert hearing_cost(name, 60.0) == pytest.approx(dollars_a_minute, rel=1e-3)


def test_what_is_billed_by_tokens_has_no_price() -> None:
    assert speaking_cost("openai:gpt-4o-mini-tts", 1000) is None


@pytest.mark.parametrize(
    "name",
    ["openai:no-such-model", "nobody:nova-3", "deepgram:flux-general-en", "deepgram:nova-2", "elevenlabs:scribe_v1"],
)
def test_where_no_source_has_a_price_there_is_none(name: str) -> None:
    assert hearing_cost(name, 60.0) is None


def test_a_price_tells_its_page_and_day() -> None:
    price = hearing_price("deepgram:nova-3")
    assert price is not None
    assert price.source == "https://deepgram.com/pricing, read on 2026-08-20, as listed by voice-prices 0.11.0"
    assert not price.estimated


def test_a_price_that_the_provider_only_estimates_says_so() -> None:
    price = hearing_price("openai:gpt-4o-transcribe")
    assert price is not None
    assert price.estimated


def test_the_users_own_prices_go_before_the_list() -> None:
    own = {"openai:tts-1": SpeechPrice(per_thousand_characters=0.001, source="our contract")}
    assert speaking_cost("openai:tts-1", 500, own) == pytest.approx(0.0005)
    assert speaking_price("openai:tts-1", own) == own["openai:tts-1"]
    ear = {"mine:x": SpeechPrice(per_thousand_seconds=1.0, source="our contract")}
    assert hearing_cost("mine:x", 10.0, ear) == pytest.approx(0.01)
