"""What calls cost."""

import tomllib
from datetime import datetime
from pathlib import Path

import pytest

from ringback.models.prices import Price, has_price, price, source


def test_the_price_of_a_known_model_is_its_list_price() -> None:
    assert price("openai:gpt-4o-mini", 1_000_000, 0) == pytest.approx(0.15)
    assert price("openai:gpt-4o-mini", 0, 1_000_000) == pytest.approx(0.60)


def test_a_price_that_depends_on_the_length_is_not_taken_as_flat() -> None:
    short = price("google:gemini-2.5-pro", 100_000, 0)
    long = price("google-gla:gemini-2.5-pro", 1_000_000, 0)
    assert short is not None
    assert long is not None
    assert long > short * 10


@pytest.mark.parametrize("name", ["openai:no-such-model", "nobody:gpt-4o", "gpt-4o", "", ":", "openai:"])
def test_an_unknown_model_has_no_price(name: str) -> None:
    assert price(name, 10, 10) is None
    assert not has_price(name)


def test_own_prices_go_first() -> None:
    own = {"openai:gpt-4o-mini": Price(input_per_million=1, output_per_million=2)}
    assert price("openai:gpt-4o-mini", 1_000_000, 1_000_000, own) == 3
    assert has_price("local:llama", {"local:llama": Price(input_per_million=0, output_per_million=0)})


def test_the_source_names_the_version_of_the_lock_file_and_the_day_it_came_out() -> None:
    locked = tomllib.loads((Path(__file__).parents[2] / "uv.lock").read_text())["package"]
    (package,) = (package for package in locked if package["name"] == "genai-prices")
    day = datetime.fromisoformat(package["wheels"][0]["upload-time"]).date()
    assert source() == f"list prices of genai-prices {package['version']}, released {day}"


def test_of_another_version_no_day_is_made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def another(name: str) -> str:
        return {"genai-prices": "9.9.9"}[name]

    monkeypatch.setattr("ringback.models.prices.version", another)
    assert source() == "list prices of genai-prices 9.9.9"
