"""Results and runs as the API's document describes them; what is answered is made in `results/reference_*.py`."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Status = Literal[
    "running",
    "completed",
    "failed",
    "pending",
    "in_progress",
    "evaluating",
    "in_queue",
    "timeout",
    "cancelled",
    "scaling_up",
]
Outcome = Literal["passed", "failed", "invalid", "inconclusive", "error"]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="allow")


class RunItem(_Shape):
    """A run in the answer of a run request."""

    id: int
    scenario: int
    scenario_name: str
    number: int | str | None = Field(description="1 to frequency for text runs that are repeated, else null.")
    status: Status
    success: bool | None = None
    inbound_number: str | None = None
    outbound_number: str | None = None
    test_profile_data: dict[str, Any] | None = None
    outbound_dial_window_opens_at: datetime | None = None
    outbound_dial_window_seconds: int | None = None
    outbound_dial_window_closes_at: datetime | None = None


class ResultHead(_Shape):
    """What every form of a result has."""

    id: int
    name: str
    agent: int | None = Field(description="Number of the agent; null for results of `ringback run`.")
    agent_name: str
    agent_inbound: bool
    status: Status
    success_rate: float = Field(description="Passed of all runs, 0 to 100.")
    run_as_text: bool
    run_type: str = Field(description="Text, WebSocket or Voice.")
    is_cronjob: bool
    created_at: datetime
    updated_at: datetime


class ResultAnswer(ResultHead):
    """A result as a run request answers it."""

    runs: list[RunItem]


class ScenarioName(BaseModel):
    """A scenario of a result."""

    id: int
    name: str


class SuccessInterval(BaseModel):
    """Wilson's 95 % interval of passed of valid runs, in percent."""

    low: float
    high: float
    n: int = Field(description="How many runs were valid: passed or failed.")


class RunSummary(BaseModel):
    """A run in a list of results."""

    id: int
    scenario: int
    scenario_name: str
    number: int | str | None
    status: Status
    success: bool | None
    outcome: Outcome | None


class _Counted(ResultHead):
    total_runs_count: int
    completed_runs_count: int = Field(description="Runs that are over, however they ended.")
    success_runs_count: int
    failed_runs_count: int = Field(description="Total minus success once the result is over; 0 before.")
    met_expected_outcome_count: int
    total_expected_outcome_count: int
    valid_runs_count: int = Field(description="Passed and failed: runs that say something about the agent.")
    invalid_runs_count: int
    inconclusive_runs_count: int
    error_runs_count: int
    success_rate_interval: SuccessInterval | None = Field(description="null where no run is valid.")
    sufficient_evidence: bool = Field(description="Whether at least half of the runs are valid.")
    scenarios: list[ScenarioName]


class ListedResult(_Counted):
    """A result in a list."""

    runs: list[RunSummary] = Field(description="The first 500; fewer on pages of more than 20 results.")
    runs_left_out: int = Field(description="How many more there are.")


class MetricEntry(_Shape):
    """What one metric says of one run."""

    id: int | str = Field(description="Number of the metric; its slug where it is kept under none.")
    name: str
    slug: str
    type: str = Field(description="binary, continuous_qualitative, numeric or enum.")
    score: float | None = Field(
        description="binary: 5 passed, 0 failed; continuous_qualitative: 0 to 5; null: does not apply."
    )
    score_normalized: float | None = Field(description="binary: 1 passed, 0 failed.")
    explanation: str | list[str]
    function_name: str
    extra: dict[str, Any] = Field(description="Its unit, percentiles and evidence, where it has them.")


class RunEvaluation(_Shape):
    """What was measured and judged of a run."""

    metrics: list[MetricEntry]


class ExpectedOutcome(_Shape):
    """How much of the expected outcome came about."""

    score: float | None = Field(description="0 to 100; null where the record does not tell.")
    explanation: list[str] = Field(description="A line for each part.")
    outcome_alignments: list[dict[str, Any]]


class TranscriptEntry(_Shape):
    """One entry of a conversation."""

    role: str = Field(
        description="Testing Agent (the caller), Main Agent, Function Call, Function Call Result, and others."
    )
    content: str
    time: str = Field(description="MM:SS")
    start_time: float = Field(description="Seconds from the beginning.")
    end_time: float
    timestamp: datetime
    data: dict[str, Any] | None = Field(default=None, description="Of tools: id and name, arguments or result.")


class RunEntry(_Shape):
    """A run in the detail of its result."""

    id: int
    scenario: int
    scenario_name: str
    number: int | str | None
    status: Status
    success: bool | None = Field(description="null where the run says nothing about the agent, or is not over.")
    outcome: Outcome | None
    outcome_reason: str
    expected_outcome: ExpectedOutcome | None
    evaluation: RunEvaluation
    error_message: str | None
    duration: str | None = Field(description="MM:SS")
    metadata: dict[str, Any]


class ResultDetail(_Counted):
    """A result with all of its runs."""

    runs: dict[str, RunEntry] = Field(description="By id.")
    overall_evaluation: dict[str, Any]
    total_duration: str = Field(description="MM:SS of all conversations together.")
    connected_runs: list[int]
    not_connected_runs: list[int]
    successful_calls: list[int]
    run_settings: dict[str, Any] = Field(description="The request as it was asked.")
    provenance: dict[str, Any]


class FullRun(RunEntry):
    """A run with everything that is known of it."""

    result_id: int
    result_name: str
    agent: int | None
    agent_name: str
    transcript: str = Field(description="`[MM:SS] Testing Agent: …` and `[MM:SS] Main Agent: …`, one a line.")
    transcript_object: list[TranscriptEntry]
    rubric: list[dict[str, Any]] | None
    is_reviewed: bool
    feedback: str | None
    evaluation_status: str | None
    review_required: bool
    call_ended_reason: str | None
