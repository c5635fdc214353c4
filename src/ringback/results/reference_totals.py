"""`overall_evaluation` of a result: the values of each metric over all runs."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ringback.domain.scenario import MetricKind
from ringback.evaluation.percentiles import percentiles
from ringback.results.brief import Figures
from ringback.results.reference_scores import BEST

WORST = 3
"""How many metrics `worst_performing_metrics` names."""


@dataclass
class _Values:
    """One metric's values over the runs."""

    id: int | str
    name: str
    kind: str
    slug: str
    given: list[bool | float | str] = field(default_factory=list[bool | float | str])

    @cached_property
    def scores(self) -> list[float]:
        if self.kind == MetricKind.BINARY:
            return [BEST if value else 0.0 for value in self.given]
        return [] if self.kind == MetricKind.ENUM else [float(value) for value in self.given]

    @cached_property
    def choices(self) -> Counter[str]:
        return Counter(map(str, self.given)) if self.kind == MetricKind.ENUM else Counter()

    @property
    def mean(self) -> float | None:
        return sum(self.scores) / len(self.scores) if self.scores else None

    @property
    def share(self) -> float | None:
        """The mean as a share of the best; None for metrics that know no best."""
        if self.mean is None or self.kind not in (MetricKind.BINARY, MetricKind.RATING):
            return None
        return self.mean / BEST


def overall_evaluation(figures: Iterable[Figures], success_rate: float) -> dict[str, Any]:
    """What the metrics say over all runs that are done.

    A value that nobody could tell, or that did not apply, counts nowhere; `runs` says how many values there were, and
    where there was none, the score is None.
    """
    metrics: dict[int | str, _Values] = {}
    expected: list[float] = []
    ringing: list[float] = []
    for alike in figures:
        ringing += [seconds for seconds in alike.ringing if seconds is not None]
        expected += [score for score in alike.expected_scores if score is not None]
        for measure, given in alike.metrics:
            values = metrics.get(measure.id)
            if values is None:
                values = metrics[measure.id] = _Values(*measure)
            values.given += [value for value in given if value is not None]
    return {
        "success_rate": success_rate,
        "metric_summary": {str(values.id): _summary(values) for values in metrics.values()},
        "worst_performing_metrics": _worst(metrics.values()),
        "numeric_metrics": [_numeric(values) for values in metrics.values() if values.kind == MetricKind.NUMERIC],
        "enum_metrics": [
            {"id": values.id, "name": values.name, "type": values.kind, "values": dict(values.choices)}
            for values in metrics.values()
            if values.kind == MetricKind.ENUM
        ],
        "extra_metrics": [
            *([_extra("expected_outcome", "Expected Outcome", expected)] if expected else ()),
            *([_extra("ringing_duration", "Average Ringing Duration", ringing)] if ringing else ()),
        ],
    }


def _summary(values: _Values) -> dict[str, Any]:
    summary: dict[str, Any] = {
        "id": values.id,
        "name": values.name,
        "type": values.kind,
        "score": _rounded(values.mean),
        "score_normalized": _rounded(values.share),
        "runs": len(values.scores) or values.choices.total(),
        "function_name": values.slug,
        "vocera_defined_metric_code": None,
    }
    if values.kind == MetricKind.NUMERIC and values.scores:
        summary |= {name: _rounded(value) for name, value in percentiles(values.scores).items()}
    if values.choices:
        summary["enum"] = values.choices.most_common(1)[0][0]
    return summary


def _numeric(values: _Values) -> dict[str, Any]:
    spread = percentiles(values.scores) if values.scores else {}
    return {
        "id": values.id,
        "name": values.name,
        "type": values.kind,
        "value": _rounded(values.mean),
        "percentiles": {name: _rounded(value) for name, value in spread.items()},
    }


def _worst(metrics: Iterable[_Values]) -> list[dict[str, Any]]:
    shares = [(values.share, values) for values in metrics]
    below = sorted(((share, values.name, values) for share, values in shares if share is not None and share < 1))[
        :WORST
    ]
    return [
        {"id": values.id, "name": name, "type": values.kind, "score": _rounded(values.mean)}
        for _, name, values in below
    ]


def _extra(slug: str, name: str, values: list[float]) -> dict[str, Any]:
    """What is no metric, over the runs that have it: the mean of the expected outcome (0 to 100) or ringing (s)."""
    mean = _rounded(sum(values) / len(values))
    return {
        "id": slug,
        "name": name,
        "type": MetricKind.NUMERIC.value,
        "score": mean,
        "value": mean,
        "runs": len(values),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
