"""What hosted speech costs: list prices of a pinned package, each with its page and the day on which it was read there.

Models that are billed by tokens (`gpt-4o-mini-tts`) have no price here: a provider's answer does not tell the tokens,
and a guess is not a price. What runs on this machine costs nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING

from ringback.speech.hosted_names import speaking_name

if TYPE_CHECKING:
    from voice_prices.types import ModelInfo

_LOCAL = frozenset({"flite", "piper", "pocketsphinx", "faster-whisper"})

_STREAMED_ONLY = ("nova", "flux")
"""Deepgram's models that have one price over WebSockets and another, or none, for whole files."""

_UNSOURCED = frozenset({"nova-2-batch"})
"""Entries of the list of which its own remarks say that the provider's page does not have them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechPrice:
    """What a voice or a recogniser costs, in US dollars."""

    per_thousand_characters: float = 0.0
    per_thousand_seconds: float = 0.0
    source: str
    """Where the price is from and of which day it is, as a phrase."""
    estimated: bool = False
    """The provider bills something else (tokens) and gives this as what it usually comes to."""

    @property
    def free(self) -> bool:
        """Whether nothing that it does costs money."""
        return not self.per_thousand_characters and not self.per_thousand_seconds

    def of(self, *, characters: int = 0, seconds: float = 0.0) -> float:
        """US dollars for so many characters spoken, or seconds heard."""
        return (characters * self.per_thousand_characters + seconds * self.per_thousand_seconds) / 1000


SpeechPrices = Mapping[str, SpeechPrice]
"""The user's own prices by setting (`provider:name`); they go before the list's."""


def speaking_price(name: str, own: SpeechPrices | None = None) -> SpeechPrice | None:
    """The price of a `text_to_speech` setting; None where no source has one."""
    if (known := (own or {}).get(name)) is not None:
        return known
    if name.partition(":")[0] in _LOCAL:
        return _FREE
    wanted = speaking_name(name)
    return _listed_voice(_billed_by(wanted.provider), wanted.model)


def hearing_price(name: str, own: SpeechPrices | None = None) -> SpeechPrice | None:
    """The price of a `speech_to_text` setting; None where no source has one."""
    if (known := (own or {}).get(name)) is not None:
        return known
    provider, _, model = name.partition(":")
    if provider in _LOCAL:
        return _FREE
    listed = (_listed_ear(_billed_by(provider), listing) for listing in _listings(provider, model))
    return next((price for price in listed if price is not None), None)


def speaking_cost(name: str, characters: int, own: SpeechPrices | None = None) -> float | None:
    """US dollars for so many characters spoken by a `text_to_speech` setting; None where no price is known."""
    price = speaking_price(name, own)
    return None if price is None else price.of(characters=characters)


def hearing_cost(name: str, seconds: float, own: SpeechPrices | None = None) -> float | None:
    """US dollars for so many seconds heard by a `speech_to_text` setting; None where no price is known."""
    price = hearing_price(name, own)
    return None if price is None else price.of(seconds=seconds)


_FREE = SpeechPrice(source="it runs on this machine")


def _billed_by(provider: str) -> str:
    return "deepgram" if provider == "deepgram-live" else provider


def _listings(provider: str, model: str) -> Iterator[str]:
    """The names under which the list may have a model, the fitting one first."""
    if provider != "deepgram":
        yield model
        return
    yield f"{model.removesuffix('-general')}-batch"
    # Older models have one price for both ways.
    if not model.startswith(_STREAMED_ONLY):
        yield model


@lru_cache(maxsize=256)
def _listed_voice(provider: str, model: str) -> SpeechPrice | None:
    found = _found(provider, model)
    rate = None if found is None else found.get_prices(datetime.now(UTC)).input_kchars
    if found is None or rate is None:
        return None
    return SpeechPrice(per_thousand_characters=float(rate), source=_source(found))


@lru_cache(maxsize=256)
def _listed_ear(provider: str, model: str) -> SpeechPrice | None:
    found = _found(provider, model)
    rate = None if found is None else found.get_prices(datetime.now(UTC)).input_audio_kseconds
    if found is None or rate is None:
        return None
    estimates = (found.provenance.estimated_fields if found.provenance else None) or ()
    return SpeechPrice(
        per_thousand_seconds=float(rate), source=_source(found), estimated="input_audio_kseconds" in estimates
    )


def _found(provider: str, model: str) -> "ModelInfo | None":
    from voice_prices.data_snapshot import get_snapshot  # noqa: PLC0415 - the list takes 0.3 s to load

    if model in _UNSOURCED:
        return None
    try:
        return get_snapshot().find_provider_model(model, None, provider, None)[1]
    except LookupError:
        return None


def _source(found: "ModelInfo") -> str:
    page = f"{found.pricing_source_url}, " if found.pricing_source_url else ""
    day = found.provenance.last_verified if found.provenance else None
    read = f"read on {day.isoformat()}, " if day else ""
    return f"{page}{read}as listed by voice-prices {version('voice-prices')}"
