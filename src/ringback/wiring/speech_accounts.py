"""What spoken calls cost: prices of what speaks and hears, and an account for each call."""

from dataclasses import dataclass, replace

from ringback.conversation.voice_call import VoiceTools
from ringback.domain.usage import Usage
from ringback.errors import UsageError
from ringback.models.budget import Budget
from ringback.runs.speech_metering import MeteredSpeechToText, MeteredTextToSpeech, SpeechMeter
from ringback.settings import Settings
from ringback.speech.price_file import load_speech_prices
from ringback.speech.prices import SpeechPrice, SpeechPrices, hearing_price, speaking_price


@dataclass(frozen=True, slots=True)
class CallAccount:
    """What one call is held with, and what it used."""

    tools: VoiceTools
    spoken: SpeechMeter
    heard: SpeechMeter

    @property
    def usage(self) -> dict[str, Usage]:
        """By role; roles that were not used are left out."""
        meters = {"text_to_speech": self.spoken, "speech_to_text": self.heard}
        return {role: meter.usage for role, meter in meters.items() if meter.usage != Usage()}


class SpeechAccounts:
    """Opens an account for each call."""

    def __init__(self, settings: Settings, budget: Budget) -> None:
        """Accounts of one result, or of a service.

        Args:
            settings: the file with own prices.
            budget: of all, the models' included.

        Raises:
            UsageError: the file with own prices is wrong.
        """
        self._own: SpeechPrices = load_speech_prices(settings.prices_file) if settings.prices_file else {}
        self._budget = budget

    def check(self, *, speaks: str | None = None, hears: str | None = None) -> None:
        """Look prices up, which takes a moment the first time.

        Raises:
            UsageError: there is a limit of cost, and no price to keep it by.
        """
        found = [(speaks, speaking_price(speaks, self._own))] if speaks else []
        found += [(hears, hearing_price(hears, self._own))] if hears else []
        for name, price in found:
            if price is None and self._budget.limit_usd is not None:
                raise UsageError(
                    f"The price of {name} is not known, so the cost limit cannot be kept; leave --max-cost out, or "
                    "give its price in the prices file (RINGBACK_PRICES_FILE; 0 for what is free)."
                )

    def open(self, tools: VoiceTools) -> CallAccount:
        """An account for one call with these tools."""
        speaks, hears = tools.text_to_speech, tools.speech_to_text
        spoken = self._meter(speaks.name, speaking_price(speaks.name, self._own))
        heard = self._meter(hears.name, hearing_price(hears.name, self._own))
        metered = replace(
            tools,
            text_to_speech=MeteredTextToSpeech(speaks, spoken),
            speech_to_text=MeteredSpeechToText(hears, heard),
        )
        return CallAccount(metered, spoken, heard)

    def _meter(self, name: str, price: SpeechPrice | None) -> SpeechMeter:
        return SpeechMeter(name=name, price=price, budget=self._budget)
