"""Metrics that are computed from the record alone; they run on every conversation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ringback.domain.conversation import Role
from ringback.domain.evaluation import Evidence, MetricScore
from ringback.domain.scenario import MetricKind
from ringback.evaluation.metric import Metric
from ringback.evaluation.percentiles import LAG_BOUND, percentiles, rounded
from ringback.evaluation.record import Record
from ringback.evaluation.speech_metric import SpeechMetric
from ringback.evaluation.speech_overlaps import (
    AgentInterruptions,
    CallerInterruptions,
    FalseYields,
    InterruptionScore,
    StopTime,
    YieldTime,
)
from ringback.evaluation.speech_pace import TalkRatio, WordsPerMinute
from ringback.evaluation.speech_silence import AnsweredInTime, DeadAir, LongestSilence, NoLongSilence
from ringback.evaluation.tool_results import error_in
from ringback.evaluation.transcription import TranscriptionAccuracy, WordErrorRate
from ringback.evaluation.unheard import unheard_words

_SHOWN = 5
"""Failing results that an explanation names at most."""


class ComputedMetric(Metric, Protocol):
    """A metric that needs no model."""

    @property
    def slug(self) -> str:
        """What suites and rubrics call it."""
        ...

    @property
    def name(self) -> str:
        """What reports call it."""
        ...

    @property
    def kind(self) -> MetricKind:
        """The type of its value."""
        ...


@dataclass(frozen=True, slots=True)
class Latency:
    """Mean reply latency in seconds, with its percentiles: from the write of our frame to the first answering content;
    in a spoken call from the end of the caller's speech to the start of the agent's.

    Not applicable where the agent answered no turn of the caller. In a call whose times are not trusted it has no
    value: its figures are in the explanation, and a rule on it is inconclusive.
    """

    slug: str = "latency"
    name: str = "Latency"
    kind: MetricKind = MetricKind.NUMERIC

    async def measure(self, record: Record) -> MetricScore:
        """Mean and p25 … p99 over the answered turns."""
        answers = record.answers
        if not answers:
            return MetricScore(
                slug=self.slug,
                name=self.name,
                kind=self.kind,
                value=None,
                unit="s",
                explanation="The agent answered no turn of the caller.",
            )
        values = [answer.seconds for answer in answers]
        mean, longest = sum(values) / len(values), max(values)
        slowest = answers[values.index(longest)].entry
        place = "" if slowest is None else f", entry {slowest},"
        voice = record.conversation.voice
        distrust = (_lag(record) if voice is None else " ".join(voice.degraded)).strip()
        unknown = bool(voice and voice.degraded)
        figures = f"Mean of {len(values)} answers{f', {mean:.3f} s' if unknown else ''}; the slowest{place} took "
        return MetricScore(
            slug=self.slug,
            name=self.name,
            kind=self.kind,
            value=None if unknown else rounded(mean),
            unit="s",
            explanation=f"{figures}{longest:.3f} s.{f' Not trusted: {distrust}' if distrust else ''}",
            evidence=() if slowest is None else (Evidence(entry=slowest),),
            percentiles=percentiles(values),
            cannot_tell=unknown,
        )


def _lag(record: Record) -> str:
    """What our own event loop may have added to latencies of text; empty where that is nothing."""
    lag = record.conversation.loop_lag
    return f"Ringback itself lagged by up to {lag:.3f} s." if lag > LAG_BOUND else ""


@dataclass(frozen=True, slots=True)
class Turns:
    """Number of the caller's utterances."""

    slug: str = "turns"
    name: str = "Turns"
    kind: MetricKind = MetricKind.NUMERIC

    async def measure(self, record: Record) -> MetricScore:
        """Counts utterances of the caller; an empty closing frame is none."""
        turns = record.conversation.caller_turns
        return MetricScore(
            slug=self.slug,
            name=self.name,
            kind=self.kind,
            value=float(turns),
            unit="turns",
            explanation="Utterances of the caller.",
        )


@dataclass(frozen=True, slots=True)
class ToolCallSuccess:
    """Whether no tool result is an error. Not applicable where no tool returned anything."""

    slug: str = "tool_call_success"
    name: str = "Tool call success"
    kind: MetricKind = MetricKind.BINARY

    async def measure(self, record: Record) -> MetricScore:
        """True where every result is a success; calls without a result are counted in the explanation."""
        uses = record.tool_uses
        results = [result for use in uses for result in use.results]
        errors = [(result, error) for result in results if (error := error_in(result))]
        missing = sum(1 for use in uses if not use.results)
        said = f"{len(uses)} calls, {len(results)} results, {missing} calls without a result."
        if errors:
            places = "; ".join(f"entry {result.number}: {error}" for result, error in errors[:_SHOWN])
            said = f"{len(errors)} of {len(results)} results are errors ({places}). {said}"
        return MetricScore(
            slug=self.slug,
            name=self.name,
            kind=self.kind,
            value=not errors if results else None,
            explanation=said,
            evidence=tuple(Evidence(entry=result.number) for result, _ in errors[:_SHOWN]),
        )


@dataclass(frozen=True, slots=True)
class WordShare:
    """The agent's share of all words said, 0 to 1: the text counterpart of the talk ratio."""

    slug: str = "word_share"
    name: str = "Agent's share of words"
    kind: MetricKind = MetricKind.NUMERIC

    async def measure(self, record: Record) -> MetricScore:
        """The agent's words, divided by those of agent and caller together; words are what blanks separate."""
        agent, caller = _words_of(Role.AGENT, record), _words_of(Role.CALLER, record)
        missing = f" {unheard_words(record.unheard)}." if record.unheard else ""
        return MetricScore(
            slug=self.slug,
            name=self.name,
            kind=self.kind,
            value=rounded(agent / (agent + caller)) if agent + caller and not missing else None,
            unit="share",
            explanation=f"The agent said {agent} words, the caller {caller}.{missing}",
            cannot_tell=bool(missing),
        )


def _words_of(role: Role, record: Record) -> int:
    said = [entry for entry in record.entries if entry.role is role and not record.is_deed(entry)]
    return sum([len(entry.content.split()) for entry in said])


_SPEECH: tuple[SpeechMetric, ...] = (
    AgentInterruptions(),
    CallerInterruptions(),
    InterruptionScore(),
    StopTime(),
    YieldTime(),
    FalseYields(),
    TalkRatio(),
    WordsPerMinute(),
    DeadAir(),
    LongestSilence(),
    NoLongSilence(),
    AnsweredInTime(),
    TranscriptionAccuracy(),
    WordErrorRate(),
)

SPEECH: Mapping[str, SpeechMetric] = {metric.slug: metric for metric in _SPEECH}
"""Those that are measured on spoken calls only."""

COMPUTED: Mapping[str, ComputedMetric] = {
    "latency": Latency(),
    "turns": Turns(),
    "tool_call_success": ToolCallSuccess(),
    "word_share": WordShare(),
    **SPEECH,
}
"""Every computed metric by its slug, in the order of reports."""


def applicable(*, spoken: bool) -> Mapping[str, ComputedMetric]:
    """Those that are measured on every run of a kind."""
    return COMPUTED if spoken else {slug: metric for slug, metric in COMPUTED.items() if slug not in SPEECH}
