"""Metrics of how much and how fast the agent speaks in a call."""

from dataclasses import dataclass

from ringback.domain.conversation import Entry, Role
from ringback.domain.voice import Span
from ringback.evaluation.speech_metric import Measured, SpeechMetric, SpokenCall
from ringback.evaluation.speech_turns import joined, shared, total

_LEAST_UNDERSTOOD = 0.5
"""Share of the agent's speech whose words must be known for its pace to be told."""
_MINUTE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkRatio(SpeechMetric):
    """The share of the call in which the agent was heard, 0 to 1."""

    slug: str = "talk_ratio"
    name: str = "Talk ratio"
    reference: str = "Talk Ratio"
    unit: str = "share"

    def listen(self, call: SpokenCall) -> Measured:
        """The agent's sound divided by the call's length."""
        if not call.floor.duration:
            return Measured(None, "Nothing of the call was recorded.")
        spoken = total(call.floor.agent_sounds)
        said = f"The agent was heard for {spoken:.1f} s of {call.floor.duration:.1f} s."
        return Measured(spoken / call.floor.duration, said)


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsPerMinute(SpeechMetric):
    """The agent's words divided by the minutes in which it said them."""

    slug: str = "words_per_minute"
    name: str = "Words per minute"
    reference: str = "Words Per Minute"
    unit: str = "words/min"

    def listen(self, call: SpokenCall) -> Measured:
        """Over the turns whose words were understood; not applicable where that is less than half of the speech."""
        spoken = total(call.floor.agent_sounds)
        if not spoken:
            return Measured(None, "The agent was not heard.")
        said = [entry for entry in call.record.entries if self._counts(entry, call)]
        known = joined((Span(start=entry.start, end=entry.end) for entry in said), call.floor.duration, 0.0)
        seconds = sum(shared(sound, known) for sound in call.floor.agent_sounds)
        if not seconds or seconds < _LEAST_UNDERSTOOD * spoken:
            return Measured(None, f"The words of only {seconds:.1f} s of {spoken:.1f} s of speech are known.")
        words = sum(len(entry.content.split()) for entry in said)
        return Measured(words * _MINUTE / seconds, f"The agent said {words} words in {seconds:.1f} s of speech.")

    def _counts(self, entry: Entry, call: SpokenCall) -> bool:
        """Words that the agent spoke while it had nobody on hold."""
        if entry.role is not Role.AGENT or not entry.content or call.record.is_deed(entry):
            return False
        return 2 * shared(Span(start=entry.start, end=entry.end), call.floor.holds) <= entry.end - entry.start
