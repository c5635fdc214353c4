"""Metrics of the times in a call in which nobody is heard, or the agent is not."""

from dataclasses import dataclass

from ringback.domain.scenario import MetricKind
from ringback.evaluation.speech_metric import Measured, SpeechMetric, SpokenCall
from ringback.evaluation.speech_turns import total


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadAir(SpeechMetric):
    """Seconds of the call in which nobody was heard, from its start to its end."""

    slug: str = "dead_air"
    name: str = "Dead air"
    unit: str = "s"

    def listen(self, call: SpokenCall) -> Measured:
        """All mutual silence, the usual gaps between turns too."""
        silences = call.floor.silences()
        seconds = total(silences)
        share = f", {100 * seconds / call.floor.duration:.0f} % of the call" if call.floor.duration else ""
        return Measured(seconds, f"In {len(silences)} silences{share}.", [silence.duration for silence in silences])


@dataclass(frozen=True, slots=True, kw_only=True)
class LongestSilence(SpeechMetric):
    """The longest time in which nobody was heard."""

    slug: str = "longest_silence"
    name: str = "Longest silence"
    unit: str = "s"

    def listen(self, call: SpokenCall) -> Measured:
        """With the moment at which it begins."""
        longest = max(call.floor.silences(), key=lambda silence: silence.duration, default=None)
        if longest is None:
            return Measured(0.0, "There was no silence.")
        return Measured(longest.duration, f"It begins at {longest.start:.2f} s.")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoLongSilence(SpeechMetric):
    """Whether no silence of both sides lasted longer than 10 seconds while the caller waited for the agent."""

    slug: str = "no_long_silence"
    name: str = "No long silence"
    reference: str = "Detect Silence"
    timing: bool = True
    kind: MetricKind = MetricKind.BINARY
    silence_duration: float = 10.0
    """Seconds of mutual silence that are too long."""

    def listen(self, call: SpokenCall) -> Measured:
        """False where a mutual silence is longer; one that our own caller had to end is not blamed on the agent."""
        silences = call.floor.silences()
        if not call.floor.duration:
            return Measured(None, "Nothing of the call was recorded.")
        long = [silence for silence in silences if silence.duration > self.silence_duration]
        agents = [silence for silence in long if not call.floor.caller_owes(silence)]
        if long:
            first = (agents or long)[0]
            said = f"Nobody was heard for {first.duration:.1f} s from {first.start:.2f} s on"
            if agents:
                return Measured(value=False, explanation=f"{said} ({len(agents)} such silences).")
            return Measured(None, f"{said}, when it was our caller's turn to speak.", cannot_tell=True)
        longest = max((silence.duration for silence in silences), default=0.0)
        return Measured(value=True, explanation=f"The longest silence lasted {longest:.1f} s.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredInTime(SpeechMetric):
    """Whether the agent always answered within 10 seconds."""

    slug: str = "answered_in_time"
    name: str = "Answered in time"
    reference: str = "Infrastructure Issues"
    timing: bool = True
    kind: MetricKind = MetricKind.BINARY
    infra_issues_timeout: float = 10.0
    """Seconds of waiting that are too long."""

    def listen(self, call: SpokenCall) -> Measured:
        """False where the caller waited longer, were it to the call's end; what it says meanwhile ends no wait."""
        limit = self.infra_issues_timeout
        waits = call.floor.waits()
        long = next((wait for wait in waits if wait.end - wait.start > limit), None)
        if long is not None:
            end = "then it was heard" if long.answered else "and it was not heard any more"
            words = f"The agent was awaited for {long.end - long.start:.1f} s from {long.start:.2f} s on, {end}."
            return Measured(value=False, explanation=words)
        if not call.floor.agent_sounds:
            return Measured(None, f"The agent was not heard, and the call ended within {limit:g} s.")
        longest = max(wait.end - wait.start for wait in waits)
        return Measured(value=True, explanation=f"It was awaited for at most {longest:.1f} s.")
