"""The user's own prices of voices and ears."""

from pathlib import Path

import pytest

from ringback.errors import UsageError
from ringback.models.price_file import load_prices
from ringback.models.prices import Price
from ringback.speech.price_file import load_speech_prices
from ringback.speech.prices import hearing_cost, speaking_cost, speaking_price

FILE = b"""{
  "openai:my-model": {"input": 0.5, "output": 1.5},
  "openai:tts-1/nova": {"characters": 12},
  "deepgram:nova-3": {"minutes": 0.003}
}"""


def test_one_file_has_the_prices_of_models_voices_and_ears(tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    file.write_bytes(FILE)
    own = load_speech_prices(file)
    assert speaking_cost("openai:tts-1/nova", 1_000_000, own) == pytest.approx(12)
    assert hearing_cost("deepgram:nova-3", 60, own) == pytest.approx(0.003)
    assert load_prices(file) == {"openai:my-model": Price(input_per_million=0.5, output_per_million=1.5)}
    price = speaking_price("openai:tts-1/nova", own)
    assert price is not None
    assert price.source == "prices.json"


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b'{"a:b": {"characters": -1}}', "a:b.characters"),
        (b'{"a:b": {"minutes": 1, "characters": 1}}', "a:b.minutes"),
        (b'{"a:b": {"minutes": "x"}}', "a:b.minutes"),
    ],
)
def test_a_wrong_price_of_speech_is_named_by_its_place(tmp_path: Path, content: bytes, place: str) -> None:
    file = tmp_path / "prices.json"
    file.write_bytes(content)
    with pytest.raises(UsageError) as raised:
        load_speech_prices(file)
    assert f"{file}: {place}: " in str(raised.value)
    assert '{"characters": 15} for a voice' in str(raised.value)
