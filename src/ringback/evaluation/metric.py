"""The contract of every metric: one question about a finished conversation, one typed value with its explanation."""

from typing import Protocol

from ringback.domain.evaluation import MetricScore
from ringback.evaluation.record import Record


class Metric(Protocol):
    """A frozen dataclass whose fields are the metric's parameters."""

    async def measure(self, record: Record) -> MetricScore:
        """The value for this conversation. Whatever it raises is recorded as this metric's crash, not the run's."""
        ...
