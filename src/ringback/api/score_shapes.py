"""Scores as the API's document describes them; what is answered is made in `results/reference_scores.py` and beside."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from ringback.api.closed_sets import MetricType

MetricId = Annotated[int | str, Field(description="Number of the metric; its slug where it is kept under none.")]


class Shape(BaseModel):
    """Fields that answers have: all of them always but those with a default; there may be more."""

    model_config = ConfigDict(extra="allow")


class MetricEntry(Shape):
    """What one metric says of one run."""

    id: MetricId
    name: str = Field(description="What lists and reports call the metric.")
    slug: str = Field(description="Its short name in rubrics and suite files.")
    type: MetricType = Field(description="Type of its value.")
    score: float | None = Field(
        description="binary: 5 passed, 0 failed; continuous_qualitative: 0 to 5; null: does not apply."
    )
    score_normalized: float | None = Field(description="binary: 1 passed, 0 failed.")
    explanation: str | list[str] = Field(description="Why it has this value, in words.")
    function_name: str = Field(description="The same as `slug`, where clients of the reference product look for it.")
    extra: dict[str, Any] = Field(description="Its unit, percentiles and evidence, where it has them.")


class RunEvaluation(Shape):
    """What was measured and judged of a run."""

    metrics: list[MetricEntry] = Field(description="An entry for each metric.")


class ExpectedOutcome(Shape):
    """How much of the expected outcome came about."""

    score: float | None = Field(description="0 to 100; null where the record does not tell.")
    explanation: list[str] = Field(description="A line for each part.")
    outcome_alignments: list[dict[str, Any]] = Field(
        description="Each part: `prompt_part`, `aligned` (null where nobody can tell), `outcome` and `evidence`."
    )


class Evidence(Shape):
    """Where in the transcript something shows."""

    entry: int | None = Field(description="Which entry, counted from 1.")
    quote: str | None = Field(description="Its words.")


class CheckEntry(Shape):
    """What one check says of a run."""

    name: str = Field(description="What was checked.")
    passed: bool | None = Field(description="null where it could not be decided.")
    explanation: str = Field(description="What was found, in words.")
    evidence: list[Evidence] = Field(description="Where it shows.")


class RubricEntry(Shape):
    """Whether one rule of the scenario's rubric holds."""

    metric_id: int | str = Field(description="Which metric the rule is about.")
    metric_name: str = Field(description="What lists and reports call the metric.")
    value: bool | float | str | None = Field(description="The metric's value in this run.")
    explanation: list[str] = Field(description="Why the metric has this value, in words.")
    passed: bool | None = Field(description="null where nobody can tell.")
    conditions: dict[str, Any] = Field(description="The rule's conditions as they were written.")
    expected_conditions: list[str] = Field(description="The same, one a line, to be read.")


class MetricSummary(Shape):
    """One metric over all runs of a result; numeric ones have percentiles (`p50` …), enum ones `enum` as well."""

    id: MetricId
    name: str = Field(description="What lists and reports call the metric.")
    type: MetricType = Field(description="Type of its value.")
    score: float | None = Field(description="The mean of the scores.")
    score_normalized: float | None = Field(description="The mean as a share of the best, 0 to 1.")
    runs: int = Field(description="How many values there are.")
    function_name: str = Field(description="Short name of the metric.")


class MetricValue(Shape):
    """One metric over all runs: `score` or `value` is a mean, `values` says how often each category came."""

    id: MetricId
    name: str = Field(description="What lists and reports call the metric.")
    type: MetricType = Field(description="Type of its value.")
    score: float | None = Field(default=None, description="Mean of the scores; null where there are none.")
    value: float | None = Field(default=None, description="Mean of the values in the metric's own unit.")
    percentiles: dict[str, float | None] | None = Field(
        default=None, description="By name (`p50`, `p95`): values in the metric's own unit."
    )
    values: dict[str, int] | None = Field(default=None, description="Category and how many runs had it.")


class OverallEvaluation(Shape):
    """What the metrics say over all runs of a result that are done."""

    success_rate: float = Field(description="Passed of all runs, 0 to 100.")
    metric_summary: dict[str, MetricSummary] = Field(description="By number or slug of the metric.")
    worst_performing_metrics: list[MetricValue] = Field(description="Those that are farthest below best.")
    numeric_metrics: list[MetricValue] = Field(description="The numeric metrics, with means and percentiles.")
    enum_metrics: list[MetricValue] = Field(description="The metrics with categories, and how often each came.")
    extra_metrics: list[MetricValue] = Field(
        description="The expected outcome where it was judged, and how long telephones rang."
    )
