"""The user's own prices of voices and ears, from the file that has those of models."""

from pathlib import Path

from ringback.models.price_file import HearingEntry, SpeakingEntry, read_price_file
from ringback.speech.prices import SpeechPrice, SpeechPrices

_MINUTE = 60


def load_speech_prices(path: Path) -> SpeechPrices:
    """Prices by setting (`provider:name`): `{"characters": 15}` per million, `{"minutes": 0.006}` each.

    Raises:
        UsageError: the file cannot be read, or is not of that form.
    """
    prices: dict[str, SpeechPrice] = {}
    for name, entry in read_price_file(path).items():
        if isinstance(entry, SpeakingEntry):
            prices[name] = SpeechPrice(per_thousand_characters=entry.characters / 1000, source=path.name)
        elif isinstance(entry, HearingEntry):
            prices[name] = SpeechPrice(per_thousand_seconds=entry.minutes / _MINUTE * 1000, source=path.name)
    return prices
