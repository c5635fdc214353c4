"""Prices and limits of what speaks and hears."""

from pathlib import Path

import pytest

from ringback.errors import UsageError
from ringback.models.budget import Budget
from ringback.settings import Settings
from ringback.wiring.speech_accounts import SpeechAccounts


def test_a_limit_of_cost_needs_the_prices_of_what_speaks_and_hears() -> None:
    accounts = SpeechAccounts(Settings(), Budget(1.0))
    accounts.check(speaks="openai:tts-1", hears="pocketsphinx")
    with pytest.raises(UsageError, match="price of openai:gpt-4o-mini-tts is not known, so the cost limit"):
        accounts.check(speaks="openai:gpt-4o-mini-tts", hears="pocketsphinx")
    with pytest.raises(UsageError, match="price of elevenlabs:scribe_v1 is not known"):
        accounts.check(hears="elevenlabs:scribe_v1")


def test_without_a_limit_any_provider_will_do() -> None:
    SpeechAccounts(Settings(), Budget()).check(speaks="openai:gpt-4o-mini-tts", hears="elevenlabs:scribe_v1")


def test_own_prices_make_a_limit_possible(tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    file.write_text('{"elevenlabs:scribe_v1": {"minutes": 0.0066}}', encoding="utf-8")
    SpeechAccounts(Settings(prices_file=file), Budget(1.0)).check(hears="elevenlabs:scribe_v1")
