"""Metrics that are computed from the record alone; they run on every conversation."""

from collections.abc import Mapping
from dataclasses import dataclass

from ringback.domain.conversation import Role
from ringback.domain.evaluation import Evidence, MetricScore
from ringback.domain.scenario import MetricKind
from ringback.evaluation.metric import Metric
from ringback.evaluation.percentiles import LAG_BOUND, percentiles
from ringback.evaluation.record import Record
from ringback.evaluation.tool_results import error_in

_SHOWN = 5
"""Failing results that an explanation names at most."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Mean reply latency in seconds, with its percentiles: from the write of our frame to the first answering content.

    Not applicable where the agent answered no turn of the caller.
    """

    slug: str = "latency"
    name: str = "Latency"

    async def measure(self, record: Record) -> MetricScore:
        """Mean and p25 … p99 over the answered turns."""
        answers = record.latencies
        if not answers:
            return MetricScore(
                slug=self.slug,
                name=self.name,
                kind=MetricKind.NUMERIC,
                value=None,
                unit="s",
                explanation="The agent answered no turn of the caller.",
            )
        values = [entry.latency or 0.0 for entry in answers]
        longest = max(values)
        slowest = answers[values.index(longest)]
        lag = record.conversation.loop_lag
        doubt = f" Not trusted: Ringback itself lagged by up to {lag:.3f} s." if lag > LAG_BOUND else ""
        return MetricScore(
            slug=self.slug,
            name=self.name,
            kind=MetricKind.NUMERIC,
            value=sum(values) / len(values),
            unit="s",
            explanation=f"Mean of {len(values)} answers; the slowest, entry {slowest.number}, "
            f"took {longest:.3f} s.{doubt}",
            evidence=(Evidence(entry=slowest.number),),
            percentiles=percentiles(values),
        )


@dataclass(frozen=True, slots=True)
class Turns:
    """Number of the caller's utterances."""

    slug: str = "turns"
    name: str = "Turns"

    async def measure(self, record: Record) -> MetricScore:
        """Counts utterances of the caller; an empty closing frame is none."""
        turns = record.conversation.caller_turns
        return MetricScore(
            slug=self.slug,
            name=self.name,
            kind=MetricKind.NUMERIC,
            value=float(turns),
            unit="turns",
            explanation="Utterances of the caller.",
        )


@dataclass(frozen=True, slots=True)
class ToolCallSuccess:
    """Whether no tool result is an error. Not applicable where no tool returned anything."""

    slug: str = "tool_call_success"
    name: str = "Tool call success"

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
            kind=MetricKind.BINARY,
            value=not errors if results else None,
            explanation=said,
            evidence=tuple(Evidence(entry=result.number) for result, _ in errors[:_SHOWN]),
        )


@dataclass(frozen=True, slots=True)
class WordShare:
    """The agent's share of all words said, 0 to 1: the text counterpart of the talk ratio."""

    slug: str = "word_share"
    name: str = "Agent's share of words"

    async def measure(self, record: Record) -> MetricScore:
        """The agent's words, divided by those of agent and caller together; words are what blanks separate."""
        agent, caller = _words_of(Role.AGENT, record), _words_of(Role.CALLER, record)
        return MetricScore(
            slug=self.slug,
            name=self.name,
            kind=MetricKind.NUMERIC,
            value=agent / (agent + caller) if agent + caller else None,
            unit="share",
            explanation=f"The agent said {agent} words, the caller {caller}.",
        )


def _words_of(role: Role, record: Record) -> int:
    return sum([len(entry.content.split()) for entry in record.entries if entry.role is role])


COMPUTED: Mapping[str, Metric] = {
    "latency": Latency(),
    "turns": Turns(),
    "tool_call_success": ToolCallSuccess(),
    "word_share": WordShare(),
}
"""Every computed metric by its slug, in the order of reports."""
