"""Metrics of a spoken call in which both sides speak at once: who interrupts, and who stops for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from ringback.domain.scenario import MetricKind
from ringback.evaluation.speech_metric import Measured, SpeechMetric, SpokenCall, moments

_BEST = 5.0
_NO_BARGE_IN = "The caller never began to speak while the agent was speaking."


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentInterruptions(SpeechMetric):
    """How often the agent began to speak while the caller was speaking. Backchannels and protected playback of the
    caller's do not count as speaking.
    """

    slug: str = "agent_interruptions"
    name: str = "Agent interrupts caller"
    reference: str = "AI Interrupting User"
    unit: str = "times"
    timing: bool = True

    def listen(self, call: SpokenCall) -> Measured:
        """Counts the starts of the agent's utterances."""
        if not call.floor.caller:
            return Measured(None, "The caller said nothing.")
        found = call.floor.agent_interruptions()
        return Measured(float(len(found)), f"The agent did so {moments(found)}." if found else "It never did.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerInterruptions(SpeechMetric):
    """How often the caller began to speak while the agent was speaking, backchannels not counted."""

    slug: str = "caller_interruptions"
    name: str = "Caller interrupts agent"
    reference: str = "User Interrupting AI"
    unit: str = "times"

    def listen(self, call: SpokenCall) -> Measured:
        """Counts the starts of the caller's utterances."""
        found = [barge_in.at for barge_in in call.floor.barge_ins()]
        return Measured(float(len(found)), f"The caller did so {moments(found)}." if found else "It never did.")


@dataclass(frozen=True, slots=True, kw_only=True)
class InterruptionScore(SpeechMetric):
    """How seldom the agent interrupts, 0 to 5: five times one minus its interruptions per turn of the caller."""

    slug: str = "interruption_score"
    name: str = "Interruption score"
    reference: str = "Interruption Score"
    kind: MetricKind = MetricKind.RATING
    timing: bool = True

    def listen(self, call: SpokenCall) -> Measured:
        """5 (1 - interruptions / turns), at least 0."""
        turns = call.record.conversation.caller_turns
        if not turns:
            return Measured(None, "The caller said nothing.")
        count = len(call.floor.agent_interruptions())
        return Measured(max(0.0, _BEST * (1 - count / turns)), f"{count} interruptions in {turns} turns of the caller.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StopTime(SpeechMetric):
    """Mean time from the caller's start to the agent's first stop, where the caller began while the agent spoke."""

    slug: str = "stop_time"
    name: str = "Stop time after interruption"
    reference: str = "Stop Time After User Interruption"
    unit: str = "s"
    timing: bool = True

    def listen(self, call: SpokenCall) -> Measured:
        """Up to the end of the agent's sound, or of the call."""
        found = call.floor.barge_ins()
        ends = sum(1 for barge_in in found if barge_in.stopped >= call.floor.duration)
        never = f" In {ends} the agent did not stop before the call's end." if ends else ""
        return _mean([barge_in.stopped - barge_in.at for barge_in in found], never)


@dataclass(frozen=True, slots=True, kw_only=True)
class YieldTime(SpeechMetric):
    """Mean time from the caller's start to where the agent leaves the floor to it for the rest of what it says, where
    the caller began while the agent spoke.
    """

    slug: str = "yield_time"
    name: str = "Agent's yield time"
    unit: str = "s"
    timing: bool = True

    def listen(self, call: SpokenCall) -> Measured:
        """An agent that stops and goes on before the caller has finished has not yielded yet."""
        found = call.floor.barge_ins()
        stubborn = [barge_in.at for barge_in in found if not barge_in.yielded]
        spoke_on = f" The agent spoke on past the caller's end {moments(stubborn)}." if stubborn else ""
        return _mean([barge_in.quiet - barge_in.at for barge_in in found], spoke_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseYields(SpeechMetric):
    """How often the agent stopped although the caller only said a backchannel (mm-hm): an upper bound, for an agent
    that had finished cannot be told from one that stopped.
    """

    slug: str = "false_yields"
    name: str = "False yields on backchannels"
    unit: str = "times"
    timing: bool = True

    def listen(self, call: SpokenCall) -> Measured:
        """Counts backchannels that fell into the agent's speech and ended it."""
        inside, stopped = call.floor.false_yields()
        if not inside:
            return Measured(None, "No backchannel of the caller's fell into the agent's speech.")
        return Measured(float(stopped), f"The agent stopped at {stopped} of {inside} backchannels.")


def _mean(values: Sequence[float], remark: str) -> Measured:
    if not values:
        return Measured(None, _NO_BARGE_IN)
    words = f"Mean of {len(values)}; the longest took {max(values):.2f} s.{remark}"
    return Measured(sum(values) / len(values), words, values)
