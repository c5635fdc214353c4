"""Metrics that the judge answers."""

from dataclasses import dataclass

from ringback.domain.evaluation import MetricScore
from ringback.domain.scenario import MetricDefinition
from ringback.evaluation.judge_session import JudgeSession
from ringback.evaluation.record import Record


@dataclass(frozen=True, slots=True)
class JudgedMetric:
    """One question of the scenario to the judge."""

    definition: MetricDefinition
    session: JudgeSession
    first_call: int

    async def measure(self, record: Record) -> MetricScore:
        raise NotImplementedError

    def crashed(self, explanation: str) -> MetricScore:
        """The score of a metric that could not be measured."""
        return MetricScore(
            slug=self.definition.slug,
            name=self.definition.name,
            kind=self.definition.kind,
            value=None,
            explanation=explanation,
            crashed=True,
            attached=True,
        )
