"""The user's own prices, read from a file that people write by hand."""

from pathlib import Path

import pytest

from ringback.errors import UsageError
from ringback.models.price_file import load_prices
from ringback.models.prices import Price


def test_prices_are_read_by_model(tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    file.write_text('{"local:llama": {"input": 0.5, "output": 2}}')
    assert load_prices(file) == {"local:llama": Price(input_per_million=0.5, output_per_million=2)}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b'{"a:b": 3}',
        b'{"a:b": {"input": 1}}',
        b'{"a:b": {"input": 1, "output": 1, "currency": "EUR"}}',
        b'{"a:b": {"input": -1, "output": 0}}',
        b'{"a:b": {"input": NaN, "output": 0}}',
        b'{"a:b": {"input": Infinity, "output": 0}}',
        b'{"a:b": {"input": "much", "output": 0}}',
    ],
)
def test_a_wrong_file_is_one_sentence_with_the_right_form(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "prices.json"
    file.write_bytes(content)
    with pytest.raises(UsageError) as raised:
        load_prices(file)
    assert f"RINGBACK_PRICES_FILE {file}: " in str(raised.value)
    assert 'Write {"provider:name": {"input": 0.5, "output": 1.5}}' in str(raised.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.json: No such file or directory\."):
        load_prices(tmp_path / "nowhere.json")
