"""Results and runs as the API's document describes them; what is answered is made in `results/reference_*.py`."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, WithJsonSchema

from ringback.api.score_shapes import (
    CheckEntry,
    ExpectedOutcome,
    OverallEvaluation,
    RubricEntry,
    RunEvaluation,
    Shape,
)
from ringback.api.voice_shapes import RecognitionEntry, VoiceFacts
from ringback.domain.outcome import Outcome
from ringback.domain.run import Provenance
from ringback.storage.reading_status import Shown

Status = Annotated[str, WithJsonSchema({"type": "string", "enum": [one.value for one in Shown]})]
OutcomeName = Annotated[str, WithJsonSchema({"type": "string", "enum": [one.value for one in Outcome]})]


class RunItem(Shape):
    """A run in the answer of a run request."""

    id: int
    scenario: int
    scenario_name: str
    number: int | str | None = Field(
        description="1 to frequency for text runs that are repeated; of an outbound agent's run the number that it has"
        " to call, once it has one; else null."
    )
    status: Status
    success: bool | None = None
    inbound_number: str | None = None
    outbound_number: str | None = None
    test_profile_data: dict[str, Any] | None = None
    outbound_dial_window_opens_at: datetime | None = None
    outbound_dial_window_seconds: int | None = None
    outbound_dial_window_closes_at: datetime | None = None


class ResultHead(Shape):
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
    outcome: OutcomeName | None


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


class TranscriptEntry(Shape):
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
    latency: float | None = Field(default=None, description="Of an answer of the agent: seconds that it took.")
    type: str | None = Field(default=None, description="`end_call` where this entry ended the call.")
    recognition: RecognitionEntry | None = Field(default=None, description="Of spoken words of the agent.")
    interrupted: bool | None = Field(default=None, description="True where spoken words were broken off.")


class Finding(Shape):
    """Something odd about a conversation that did not end it."""

    at: float = Field(description="Seconds from the beginning.")
    code: str
    sentence: str
    entry: int | None = Field(description="Which entry of the transcript, counted from 1.")


class EarlierAttempt(Shape):
    """A conversation of this run that counts for nothing: its caller was invalid, or its worker was lost."""

    number: int
    reason: str
    transcript_object: list[TranscriptEntry]


class ModelUsage(Shape):
    """What a language model, or what speaks or hears, was asked for one run."""

    calls: int = Field(description="Of a language model.")
    input_tokens: int
    output_tokens: int
    cost: float | None = Field(description="US dollars; null where no price is known.")
    characters: int = Field(default=0, description="Of texts that were spoken.")
    sound_seconds: float = Field(default=0.0, description="Seconds of sound that was spoken or heard.")


class RunEntry(Shape):
    """A run in the detail of its result."""

    id: int
    result_id: int | None = Field(default=None, description="Number of its result.")
    scenario: int
    scenario_name: str
    number: int | str | None
    personality: int | None = Field(default=None, description="Number of the caller's personality.")
    personality_name: str | None = None
    test_profile: int | None = Field(default=None, description="Number of the test profile.")
    test_profile_name: str | None = None
    repeat: int | None = Field(default=None, description="1 to frequency.")
    attempt: int | None = Field(default=None, description="How many times the conversation was begun.")
    status: Status
    success: bool | None = Field(description="null where the run says nothing about the agent, or is not over.")
    outcome: OutcomeName | None
    outcome_reason: str
    expected_outcome: ExpectedOutcome | None
    evaluation: RunEvaluation
    error_message: str | None
    timestamp: datetime | None = Field(default=None, description="When its conversation began.")
    executed_at: datetime | None = Field(default=None, description="The same.")
    finished_at: datetime | None = None
    duration: str | None = Field(description="MM:SS")
    duration_seconds: float | None = None
    inbound_number: str | None = Field(default=None, description="By telephone: which of our numbers called.")
    outbound_number: str | None = Field(default=None, description="Of an outbound agent: the number that it calls.")
    outbound_dial_window_opens_at: datetime | None = Field(
        default=None, description="Of an outbound agent: when the run got its number."
    )
    outbound_dial_window_seconds: int | None = Field(default=None, description="How long it may call from then on.")
    outbound_dial_window_closes_at: datetime | None = Field(default=None, description="A later call is not taken.")
    call_ended_reason: str | None = Field(default=None, description="Who or what ended the conversation.")
    metadata: dict[str, Any] = Field(description="What the agent told of the conversation, and how it ended.")
    is_reviewed: bool = False
    feedback: str | None = Field(default=None, description="What a person noted.")
    evaluation_status: str | None = Field(
        default=None, description="success or failure; what a person noted goes before what was scored."
    )
    review_required: bool = Field(default=False, description="Inconclusive, and nobody has looked at it yet.")


class ResultDetail(_Counted):
    """A result with all of its runs."""

    runs: dict[str, RunEntry] = Field(description="By id.")
    overall_evaluation: OverallEvaluation
    total_duration: str = Field(description="MM:SS of all conversations together.")
    connected_runs: list[int] = Field(description="Numbers of the runs whose agent was reached.")
    not_connected_runs: list[int] = Field(description="Numbers of those whose agent was not.")
    successful_calls: list[int] = Field(description="Numbers of the runs that passed.")
    run_settings: dict[str, Any] = Field(
        description="The request as it was asked: `operation`, and the fields of that request's body without secrets."
        " Empty for results of `ringback run`."
    )
    provenance: Provenance = Field(description="What two results have to have in common to be compared.")


class FullRun(RunEntry):
    """A run with everything that is known of it."""

    result_name: str
    run_type: str | None = Field(default=None, description="Text, WebSocket or Voice.")
    run_as_text: bool | None = None
    agent: int | None = Field(description="Number of the agent; null for runs of `ringback run`.")
    agent_name: str
    scenario_type: str | None = Field(default=None, description="instruction or conditional_actions.")
    scenario_instructions: str | None = Field(default=None, description="What the caller was to do; a script's lines.")
    expected_outcome_prompt: str | None = None
    test_profile_data: dict[str, Any] | None = Field(
        default=None, description="`id`, `name` and `information` of the test profile as it was then."
    )
    tags: list[str] = Field(default=[])
    created_at: datetime | None = None
    updated_at: datetime | None = None
    transcript: str = Field(description="`[MM:SS] Testing Agent: …` and `[MM:SS] Main Agent: …`, one a line.")
    transcript_object: list[TranscriptEntry]
    checks: list[CheckEntry] = Field(default=[])
    findings: list[Finding] = Field(default=[])
    earlier_attempts: list[EarlierAttempt] = Field(default=[])
    usage: dict[str, ModelUsage] = Field(
        default={}, description="By role: `caller`, `judge`, `text_to_speech`, `speech_to_text`."
    )
    latency_trusted: bool | None = Field(
        default=None, description="False: this machine was so busy that the agent's latencies may be its own."
    )
    rubric: list[RubricEntry] | None = Field(description="An entry for each rule; null where there is no rubric.")
    voice_recording_url: str | None = Field(default=None, description="Of a call: its recording, for a while.")
    voice: VoiceFacts | None = Field(default=None, description="Of a call: who sounded when, and how it was heard.")
    testing_channel_index: int | None = Field(default=None, description="Which channel of it is our caller's.")
    provider_call_id: str | None = Field(default=None, description="Of a call: its id at the agent's side.")
