"""Metrics to be scored on a record that is kept, as one column of the run holds them."""

from collections.abc import Sequence

from pydantic import TypeAdapter

from ringback.domain.scenario import MetricDefinition

_METRICS = TypeAdapter(tuple[MetricDefinition, ...])


def dump_metrics(metrics: Sequence[MetricDefinition]) -> str:
    """The definitions as JSON text."""
    return _METRICS.dump_json(tuple(metrics)).decode()


def load_metrics(text: str | None) -> tuple[MetricDefinition, ...] | None:
    """What `dump_metrics` wrote; None where the column is empty."""
    return None if text is None else _METRICS.validate_json(text)
