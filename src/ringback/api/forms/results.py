"""What requests about results carry."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ringback.api.closed_sets import ResultStatus
from ringback.api.numbers import Number
from ringback.library.form import Trimmed

MOST = 100
"""Results or runs of one request that changes many."""

MetricId = Annotated[Number | str, Field(description="Number of a metric, or the slug of a computed one.")]


class ResultName(BaseModel):
    """A result's new name."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Nightly, second try"}]})

    name: Trimmed = Field(min_length=1, max_length=500, description="What the result is called from now on.")


class ResultEdit(BaseModel):
    """What can be changed of a result; what is left out stays."""

    name: Trimmed | None = Field(
        default=None, min_length=1, max_length=500, description="What the result is called from now on."
    )


class RescoredRuns(BaseModel):
    """Runs of one result, and what to score on their records."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"run_ids": ["12", "13"], "metric_ids": ["3"]}]})

    run_ids: list[Number] = Field(min_length=1, max_length=10_000, description="Numbers of runs of this result.")
    metric_ids: list[MetricId] = Field(
        max_length=100, description="Metrics to measure on their records; others keep their values."
    )


class RescoredResults(BaseModel):
    """Results, and what to score on the records of their runs."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"result_ids": [4, 5], "metric_ids": [3]}]})

    result_ids: list[Number] = Field(
        min_length=1, max_length=MOST, description="Numbers of results; runs that are not over are passed over."
    )
    metric_ids: list[MetricId] = Field(
        max_length=100, description="Metrics to measure on the runs' records; others keep their values."
    )


class SomeResults(BaseModel):
    """Results by number."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"result_ids": [4, 5]}]})

    result_ids: list[Number] = Field(
        max_length=MOST, description="Their numbers; those that there are not are passed over."
    )


class SomeRuns(BaseModel):
    """Runs by number."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"run_ids": [12, 13]}]})

    run_ids: list[Number] = Field(
        max_length=MOST, description="Their numbers; those that are not of this result are passed over."
    )


class LinkWanted(BaseModel):
    """How long a share link holds."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"expire_at": "2027-01-31T12:00:00Z"}]})

    expire_at: datetime | None = Field(default=None, description="At most a year ahead; left out, a week.")


class ShareableLink(BaseModel):
    """A link by which anybody reads one result."""

    token: str = Field(description="Signed; sent as `X-VOCERA-SHAREABLE-LINK-TOKEN` it reads this result over the API.")
    shareable_link: str = Field(description="Address of the page.")
    expire_at: datetime = Field(description="Until when the link holds.")


class CallsEnded(BaseModel):
    """The answer of `end_calls`."""

    id: int = Field(description="Number of the result.")
    status: ResultStatus = Field(description="How the result stands.")
    ended_runs_count: int = Field(description="How many runs were not over.")
    detail: str = Field(description="What is being done, in a sentence.")


class Rescoring(BaseModel):
    """The answer of `bulk_evaluate_metrics`."""

    result_ids: list[int] = Field(description="Those with runs that are scored again.")
    runs_count: int = Field(description="How many runs are scored again.")
    detail: str = Field(description="What is being done, in a sentence.")


class ResultIds(BaseModel):
    """Numbers of results."""

    result_ids: list[int] = Field(description="The newest first.")
