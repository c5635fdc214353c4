"""The user's own prices."""

from pathlib import Path

import pytest

from ringback.errors import UsageError
from ringback.models.price_file import load_prices


def test_prices_are_per_million_tokens(tmp_path: Path) -> None:
    path = tmp_path / "prices.json"
    path.write_text('{"local:m": {"input": 1, "output": 2.5}}', encoding="utf-8")
    assert load_prices(path)["local:m"].of(1_000_000, 2_000_000) == 6.0


@pytest.mark.parametrize("text", ["", "[]", '{"m": 3}', '{"m": {"input": -1, "output": 0}}', '{"m": {"input": 1}}'])
def test_a_wrong_file_is_a_sentence_that_shows_the_form(tmp_path: Path, text: str) -> None:
    path = tmp_path / "prices.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="per million tokens"):
        load_prices(path)


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="RINGBACK_PRICES_FILE"):
        load_prices(tmp_path / "none.json")
