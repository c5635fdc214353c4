"""Prices of models: from a pinned package of public list prices, or from the user's own table."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genai_prices.types import PriceCalculation

_MILLION = 1_000_000

_PROVIDERS = {"google-gla": "google", "gemini": "google", "grok": "x-ai", "xai": "x-ai"}
"""Our provider names where the price list has others."""


_RELEASED = ("0.2.3", "2026-11-10")
"""The version of the price list in our lock file, and the day it came out: the package itself carries no date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a model costs, in US dollars per million tokens."""

    input_per_million: float
    output_per_million: float

    def of(self, input_tokens: int, output_tokens: int) -> float:
        """US dollars for so many tokens."""
        return (input_tokens * self.input_per_million + output_tokens * self.output_per_million) / _MILLION


Prices = Mapping[str, Price]
"""The user's own prices by `provider:name`; they go before the list's."""


def price(name: str, input_tokens: int, output_tokens: int, own: Prices | None = None) -> float | None:
    """US dollars for so many tokens of a model (`provider:name`); None where no price is known."""
    known = (own or {}).get(name) or _flat(name)
    if known is not None:
        return known.of(input_tokens, output_tokens)
    return _listed(name, input_tokens, output_tokens)


def has_price(name: str, own: Prices | None = None) -> bool:
    """Whether the cost of the model's calls can be told."""
    return price(name, 0, 0, own) is not None


def source() -> str:
    """Where the listed prices are from, for reports: the package that carries them, its version and its day."""
    installed = version("genai-prices")
    released = f", released {_RELEASED[1]}" if installed == _RELEASED[0] else ""
    return f"list prices of genai-prices {installed}{released}"


@lru_cache(maxsize=256)
def _flat(name: str) -> Price | None:
    """The listed price where it is the same for any number of tokens; kept, for the list is slow to look things up."""
    listed = _calculation(name, 0, 0)
    if listed is None:
        return None
    per_input, per_output = listed.model_price.input_mtok, listed.model_price.output_mtok
    if isinstance(per_input, Decimal) and isinstance(per_output, Decimal):
        return Price(input_per_million=float(per_input), output_per_million=float(per_output))
    return None


def _listed(name: str, input_tokens: int, output_tokens: int) -> float | None:
    listed = _calculation(name, input_tokens, output_tokens) if _is_listed(name) else None
    return None if listed is None else float(listed.total_price)


@lru_cache(maxsize=256)
def _is_listed(name: str) -> bool:
    return _calculation(name, 0, 0) is not None


def _calculation(name: str, input_tokens: int, output_tokens: int) -> "PriceCalculation | None":
    from genai_prices import Usage, calc_price  # noqa: PLC0415 - slow import

    provider, _, model = name.partition(":")
    try:
        return calc_price(
            Usage(input_tokens=input_tokens, output_tokens=output_tokens),
            model,
            provider_id=_PROVIDERS.get(provider, provider),
        )
    except LookupError:
        return None
