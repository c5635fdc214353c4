"""Words that a spoken caller says beside its own moves: asking whether anybody is there, breaking in, `mm-hm`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ringback.conversation.plan import Plan
from ringback.domain.utterance import Utterance


@dataclass(frozen=True, slots=True)
class Phrases:
    """In one language."""

    still_there: str
    break_in: str
    backchannel: str


_PHRASES = {
    "en": Phrases("Are you still there?", "Sorry, one moment.", "Uh huh."),
    "de": Phrases("Sind Sie noch da?", "Entschuldigung, einen Moment.", "Aha."),
    "es": Phrases("¿Sigue ahí?", "Perdone, un momento.", "Ajá."),
    "fr": Phrases("Vous êtes toujours là ?", "Pardon, un instant.", "D'accord."),
    "it": Phrases("È ancora lì?", "Scusi, un momento.", "Ah ah."),
    "nl": Phrases("Bent u er nog?", "Sorry, een ogenblik.", "Aha."),
    "pt": Phrases("Ainda está aí?", "Desculpe, um momento.", "Aham."),
}


def phrases_in(language: str) -> Phrases:
    """The phrases of a language by its code (`en`, `en-GB`); those in English where there are none."""
    return _PHRASES.get(language.lower().replace("_", "-").partition("-")[0], _PHRASES["en"])


class PhrasePlans:
    """Phrases as plans: each is made into sound once a call."""

    def __init__(self, lay_out: Callable[[Utterance], Awaitable[Plan]]) -> None:
        self._lay_out = lay_out
        self._plans: dict[str, Plan] = {}

    def ready(self, text: str) -> Plan | None:
        """The phrase, where its sound is there."""
        return self._plans.get(text)

    async def plan(self, text: str) -> Plan:
        """The phrase. Raises SpeechError as laying out does."""
        plan = self._plans.get(text)
        if plan is None:
            plan = self._plans[text] = await self._lay_out(Utterance.of(text))
        return plan
