"""The table of text against voice, made of what was measured and of prices; nothing is run here."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from ringback.models.prices import Prices, price, source
from ringback.speech.prices import SpeechPrice, SpeechPrices, hearing_price, speaking_price

HUNDRED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one `ringback run` took."""

    at_once: int
    seconds: float
    """Of the whole command."""
    cpu: float
    """Seconds, with all processes that the command started; so is the next."""
    start_cpu: float
    """Of the same command where no agent answers: all that is loaded before the first conversation."""
    report: Mapping[str, Any]
    """As `--json` writes it."""

    @property
    def runs(self) -> Sequence[Mapping[str, Any]]:
        """Of the report."""
        return self.report["result"]["runs"]

    def durations(self) -> dict[str, float]:
        """Mean seconds of a conversation by the name of its scenario."""
        found: dict[str, list[float]] = {}
        for run in self.runs:
            found.setdefault(run["specification"]["scenario"]["name"], []).append(run["conversation"]["duration"])
        return {name: mean(seconds) for name, seconds in found.items()}

    def sounding(self, speech: str) -> float:
        """Mean seconds of `caller_speech` or `agent_speech`."""
        return mean(
            sum(span["end"] - span["start"] for span in run["conversation"]["voice"][speech]) for run in self.runs
        )

    def used(self, role: str, what: str) -> float:
        """Mean of what the runs used."""
        return mean(run["usage"].get(role, {}).get(what, 0) for run in self.runs)


def not_passed(report: Mapping[str, Any]) -> list[str]:
    """What cannot be compared: `scenario: outcome`."""
    return [
        f"{run['specification']['scenario']['name']}: {run['evaluation']['outcome']}"
        for run in report["result"]["runs"]
        if run["evaluation"]["outcome"] != "passed"
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """All that was measured of text, or of voice."""

    alone: Batch
    """One conversation after the other."""
    together: Batch
    """Several at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What the models of caller and judge read and write in one conversation, on average."""

    read: float
    written: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """What is priced, and by what."""

    offers: Sequence[str]
    """What speaks and what hears: `openai:tts-1 + openai:whisper-1`."""
    models: Sequence[str]
    """What plays callers and judges."""
    tokens: Tokens
    own: Prices
    own_speech: SpeechPrices
    per_minute: float = 0.0
    """US dollars of a minute of a spoken call: what its line or the agent's platform takes."""


def table(text: Side, voice: Side, money: Money) -> Iterator[str]:
    """Rows of Markdown: figure, text, voice, how much less text takes."""
    yield "| | Text | Voice | Text is |"
    yield "|---|---|---|---|"
    yield from _times(text, voice)
    yield from _cpu(text, voice)
    yield from _costs(voice.alone, money)


def _times(text: Side, voice: Side) -> Iterator[str]:
    in_words, in_sound = text.alone.durations(), voice.alone.durations()
    for name, seconds in in_words.items():
        yield _faster(f"{name}, s", seconds, in_sound[name])
    mean_text, mean_voice = mean(in_words.values()), mean(in_sound.values())
    yield _faster("**one conversation, s**", mean_text, mean_voice)
    caller, agent = voice.alone.sounding("caller_speech"), voice.alone.sounding("agent_speech")
    yield f"| … of it the caller speaks, s | 0 | {caller:.1f} | |"
    yield f"| … the agent speaks, s | 0 | {agent:.1f} | |"
    yield f"| … nobody does (thinking, ends of turns), s | {mean_text:.1f} | {mean_voice - caller - agent:.1f} | |"
    for words, sound in ((text.alone, voice.alone), (text.together, voice.together)):
        yield _faster(f"{_conversations(words)}, the whole command, s", words.seconds, sound.seconds)


def _faster(figure: str, text: float, voice: float) -> str:
    return f"| {figure} | {text:.1f} | {voice:.1f} | {voice / text:.1f} times faster |"


def _cpu(text: Side, voice: Side) -> Iterator[str]:
    for words, sound in ((text.alone, voice.alone), (text.together, voice.together)):
        yield _lighter(f"CPU of the {_conversations(words)}, s", words.cpu, sound.cpu)
    yield _lighter("… of it the start of the command, s", text.alone.start_cpu, voice.alone.start_cpu)


def _lighter(figure: str, text: float, voice: float) -> str:
    return f"| {figure} | {text:.1f} | {voice:.1f} | {voice / text:.1f} times lighter |"


def _conversations(batch: Batch) -> str:
    number = len(batch.runs)
    how = (
        f", {min(batch.at_once, number)} at once" if batch.at_once > 1 else " one after the other" if number > 1 else ""
    )
    return f"{number} conversation{'' if number == 1 else 's'}{how}"


def _costs(voice: Batch, money: Money) -> Iterator[str]:
    minutes = mean(run["conversation"]["duration"] for run in voice.runs) / 60
    other = HUNDRED * minutes * money.per_minute
    scripted = "100 conversations, scripted callers"
    yield _cost(f"{scripted}, speech on this machine", 0.0, other)
    speech = {offer: speech_cost(offer, voice, money.own_speech) for offer in money.offers}
    for offer, cost in speech.items():
        yield _cost(f"{scripted}, {offer}", 0.0, None if cost is None else cost + other)
    for model in money.models:
        asked = price(model, round(money.tokens.read * HUNDRED), round(money.tokens.written * HUNDRED), money.own)
        for offer, cost in speech.items():
            both = None if cost is None or asked is None else asked + cost + other
            yield _cost(f"100 conversations, caller and judge by {model}, {offer}", asked, both)


def _cost(figure: str, text: float | None, voice: float | None) -> str:
    return f"| {figure} | {_dollars(text)} | {_dollars(voice)} | {_cheaper(text, voice)} |"


def speech_cost(offer: str, voice: Batch, own: SpeechPrices) -> float | None:
    """US dollars of a hundred such conversations; None where a price has no source."""
    speaks, hears = prices_of(offer, own)
    if speaks is None or hears is None:
        return None
    characters = voice.used("text_to_speech", "characters")
    seconds = voice.used("speech_to_text", "sound_seconds")
    return HUNDRED * (characters * speaks.of(characters=1) + hears.of(seconds=seconds))


def prices_of(offer: str, own: SpeechPrices) -> tuple[SpeechPrice | None, SpeechPrice | None]:
    """Of what speaks and of what hears."""
    speaks, _, hears = offer.partition(" + ")
    return speaking_price(speaks.strip(), own), hearing_price(hears.strip(), own)


def _dollars(cost: float | None) -> str:
    return "no price known" if cost is None else f"${cost:.2f}"


def _cheaper(text: float | None, voice: float | None) -> str:
    return "" if text is None or not voice else f"{100 * (1 - text / voice):.0f} % cheaper"


def sources(money: Money) -> Iterator[str]:
    """Where each price is from, a phrase each."""
    for model in money.models:
        yield f"{model}: {'a price of your own' if model in money.own else source()}"
    names: dict[str, SpeechPrice | None] = {}
    for offer in money.offers:
        names |= dict(
            zip((part.strip() for part in offer.split(" + ")), prices_of(offer, money.own_speech), strict=True)
        )
    for name, known in names.items():
        yield f"{name}: {_rate(known)}"


def _rate(known: SpeechPrice | None) -> str:
    if known is None:
        return "no source has a price"
    if known.per_thousand_characters:
        rate = f"${known.per_thousand_characters * 1000:.2f} per million characters"
    else:
        rate = f"${known.per_thousand_seconds * 60 / 1000:.4f} per minute"
    return f"{rate}; {known.source}"


def listed(facts: Iterable[str]) -> str:
    """As a list of Markdown."""
    return "\n".join(f"- {fact}" for fact in facts)
