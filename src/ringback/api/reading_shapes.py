"""Results and runs as the API's document describes them; what is answered is made in `results/reference_*.py`."""

from datetime import datetime
from typing import Any

from pydantic import Field

from ringback.api.closed_sets import (
    FindingName,
    OutcomeName,
    ResultStatus,
    Review,
    RoleName,
    RunType,
    ScenarioKindName,
    Status,
)
from ringback.api.score_shapes import (
    CheckEntry,
    ExpectedOutcome,
    OverallEvaluation,
    RubricEntry,
    RunEvaluation,
    Shape,
)
from ringback.api.voice_shapes import RecognitionEntry, VoiceFacts
from ringback.domain.run import Provenance


class RunHead(Shape):
    """What every form of a run has."""

    id: int = Field(description="Number of the run.")
    scenario: int = Field(description="Number of the scenario.")
    scenario_name: str = Field(description="What the scenario was called when the run was asked for.")
    number: int | str | None = Field(
        description="1 to frequency for text runs that are repeated; of an outbound agent's run the number that it has"
        " to call, once it has one; else null."
    )
    status: Status = Field(
        description="How the run stands; completed, failed, timeout and cancelled are ends. A run with failed checks is"
        " completed."
    )
    success: bool | None = Field(
        description="true: passed, false: failed; null where the run says nothing about the agent, or is not over."
    )


class _Dialled(RunHead):
    inbound_number: str | None = Field(description="By telephone: which of our numbers calls the agent.")
    outbound_number: str | None = Field(description="Of an outbound agent: the number that it has to call.")
    outbound_dial_window_opens_at: datetime | None = Field(
        description="Of an outbound agent: when the run got its number."
    )
    outbound_dial_window_seconds: int | None = Field(
        description="Of an outbound agent: how many seconds it may call from then on."
    )
    outbound_dial_window_closes_at: datetime | None = Field(
        description="Of an outbound agent: a later call is not taken."
    )


class RunItem(_Dialled):
    """A run in the answer of a run request."""

    test_profile_data: dict[str, Any] | None = Field(
        description="`id`, `name` and `information` of the test profile; null where there is none."
    )


class ResultHead(Shape):
    """What every form of a result has."""

    id: int = Field(description="Number of the result.")
    name: str = Field(description="What the request called it; the agent's name by default.")
    agent: int | None = Field(description="Number of the agent; null for results of `ringback run`.")
    agent_name: str = Field(description="What the agent was called when the runs were asked for.")
    agent_inbound: bool = Field(description="true: the agent is called; false: it calls one of our numbers.")
    status: ResultStatus = Field(
        description="How it stands. completed: a run came to its end, whatever its checks say; failed: none could."
    )
    success_rate: float = Field(description="Passed of all runs, 0 to 100.")
    run_as_text: bool = Field(description="true: over text; false: over voice.")
    run_type: RunType = Field(description="How the agent is reached.")
    agent_version: str | None = Field(description="Versions of agents are not kept: always null.")
    is_cronjob: bool = Field(description="Schedules are not available yet: always false.")
    concurrency_limit: int | None = Field(description="Most conversations of it at the same time; null: no own limit.")
    created_at: datetime = Field(description="When it was asked for.")
    updated_at: datetime = Field(description="When it last changed.")
    finished_at: datetime | None = Field(description="When its last run was over; null: it is not.")


class ResultAnswer(ResultHead):
    """A result as a run request answers it."""

    runs: list[RunItem] = Field(description="Its runs, in the order in which they were planned.")


class ScenarioName(Shape):
    """A scenario of a result."""

    id: int = Field(description="Number of the scenario.")
    name: str = Field(description="What it was called when the runs were asked for.")


class SuccessInterval(Shape):
    """Wilson's 95 % interval of passed of valid runs, in percent."""

    low: float = Field(description="Lower bound in percent, 0 to 100.")
    high: float = Field(description="Upper bound in percent, 0 to 100.")
    n: int = Field(description="How many runs were valid: passed or failed.")


class RunSummary(RunHead):
    """A run in a list of results."""

    outcome: OutcomeName | None = Field(description="The same with its reasons kept apart; null until the run is over.")


class _Counted(ResultHead):
    total_runs_count: int = Field(description="All of its runs.")
    completed_runs_count: int = Field(description="Runs that are over, however they ended.")
    success_runs_count: int = Field(description="Runs that passed.")
    failed_runs_count: int = Field(description="Total minus success once the result is over; 0 before.")
    met_expected_outcome_count: int = Field(description="Runs whose expected outcome was met in full, a score of 100.")
    total_expected_outcome_count: int = Field(description="Runs whose expected outcome was judged.")
    valid_runs_count: int = Field(description="Passed and failed: runs that say something about the agent.")
    invalid_runs_count: int = Field(
        description="Runs whose caller did not do its part: they say nothing about the agent."
    )
    inconclusive_runs_count: int = Field(description="Runs whose record does not tell; a person has to look.")
    error_runs_count: int = Field(description="Runs that could not be carried out, or not be evaluated.")
    success_rate_interval: SuccessInterval | None = Field(description="null where no run is valid.")
    sufficient_evidence: bool = Field(description="Whether at least half of the runs are valid.")
    scenarios: list[ScenarioName] = Field(description="Its scenarios, each once.")


class ListedResult(_Counted):
    """A result in a list."""

    runs: list[RunSummary] = Field(description="The first 500; fewer on pages of more than 20 results.")
    runs_left_out: int = Field(description="How many more there are.")


class TranscriptEntry(Shape):
    """One entry of a conversation."""

    role: RoleName = Field(description="Testing Agent is our caller; Main Agent, and its tools, the agent under test.")
    content: str = Field(description="What was said; empty for tools, and for words that were not recognised.")
    time: str = Field(description="MM:SS")
    start_time: float = Field(description="Seconds from the beginning.")
    end_time: float = Field(description="Seconds from the beginning; of text the same as `start_time`.")
    timestamp: datetime = Field(description="When it began.")
    data: dict[str, Any] | None = Field(default=None, description="Of tools: id and name, arguments or result.")
    latency: float | None = Field(default=None, description="Of an answer of the agent: seconds that it took.")
    type: str | None = Field(default=None, description="`end_call` where this entry ended the call.")
    recognition: RecognitionEntry | None = Field(default=None, description="Of spoken words of the agent.")
    interrupted: bool | None = Field(default=None, description="True where spoken words were broken off.")


class Finding(Shape):
    """Something odd about a conversation that did not end it."""

    at: float = Field(description="Seconds from the beginning.")
    code: FindingName = Field(description="Which kind of oddity.")
    sentence: str = Field(description="What was odd, in a sentence.")
    entry: int | None = Field(description="Which entry of the transcript, counted from 1.")


class EarlierAttempt(Shape):
    """A conversation of this run that counts for nothing: its caller was invalid, or its worker was lost."""

    number: int = Field(description="1 for the first.")
    reason: str = Field(description="Why it does not count, in a sentence.")
    transcript_object: list[TranscriptEntry] = Field(description="What was said, as far as it was kept.")


class ModelUsage(Shape):
    """What a language model, or what speaks or hears, was asked for one run."""

    calls: int = Field(description="Of a language model.")
    input_tokens: int = Field(description="Tokens that were sent to it.")
    output_tokens: int = Field(description="Tokens that it answered.")
    cost: float | None = Field(description="US dollars; null where no price is known.")
    characters: int = Field(description="Of texts that were spoken.")
    sound_seconds: float = Field(description="Seconds of sound that was spoken or heard.")


class RunEntry(_Dialled):
    """A run in the detail of its result."""

    result_id: int | None = Field(description="Number of its result.")
    personality: int | None = Field(description="Number of the caller's personality.")
    personality_name: str | None = Field(description="Name of the caller's personality.")
    test_profile: int | None = Field(description="Number of the test profile.")
    test_profile_name: str | None = Field(description="Name of the test profile.")
    repeat: int | None = Field(description="1 to frequency.")
    attempt: int | None = Field(description="How many times the conversation was begun.")
    outcome: OutcomeName | None = Field(description="What the run says about the agent; null until it is over.")
    outcome_reason: str = Field(description="Why, in a sentence; empty until it is over.")
    expected_outcome: ExpectedOutcome | None = Field(
        description="How much of the expected outcome came about; null where none was judged."
    )
    evaluation: RunEvaluation = Field(description="What was measured and judged.")
    error_message: str | None = Field(description="Why the run could not be carried out, in a sentence; else null.")
    timestamp: datetime | None = Field(description="When its conversation began.")
    executed_at: datetime | None = Field(description="The same.")
    finished_at: datetime | None = Field(description="When it was over, its evaluation included.")
    duration: str | None = Field(description="MM:SS")
    duration_seconds: float | None = Field(description="Seconds that the conversation took.")
    call_ended_reason: str | None = Field(description="Who or what ended the conversation.")
    metadata: dict[str, Any] = Field(description="What the agent told of the conversation, and how it ended.")
    is_reviewed: bool = Field(description="Whether a person has looked at it.")
    feedback: str | None = Field(description="What a person noted.")
    evaluation_status: Review | None = Field(
        description="success or failure; what a person noted goes before what was scored."
    )
    review_required: bool = Field(description="Inconclusive, and nobody has looked at it yet.")


class ResultDetail(_Counted):
    """A result with all of its runs."""

    runs: dict[str, RunEntry] = Field(description="By id.")
    overall_evaluation: OverallEvaluation = Field(description="What the metrics say over all runs.")
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

    result_name: str = Field(description="What its result is called.")
    run_type: RunType = Field(description="How the agent is reached.")
    run_as_text: bool | None = Field(description="true: over text; false: over voice.")
    agent: int | None = Field(description="Number of the agent; null for runs of `ringback run`.")
    agent_name: str = Field(description="What the agent was called when the run was asked for.")
    scenario_type: ScenarioKindName | None = Field(
        description="How the caller is played; a script is `conditional_actions`."
    )
    scenario_instructions: str | None = Field(description="What the caller was to do; a script's lines.")
    expected_outcome_prompt: str | None = Field(
        description="What a successful conversation looks like, as the judge was told."
    )
    test_profile_name: str | None = Field(default=None, description="In the detail of a result only.")
    test_profile_data: dict[str, Any] | None = Field(
        description="`id`, `name` and `information` of the test profile as it was then."
    )
    tags: list[str] = Field(description="The scenario's tags when the run was asked for.")
    created_at: datetime | None = Field(description="When the run was asked for.")
    updated_at: datetime | None = Field(description="When its record last changed.")
    transcript: str = Field(description="`[MM:SS] Testing Agent: …` and `[MM:SS] Main Agent: …`, one a line.")
    transcript_object: list[TranscriptEntry] = Field(
        description="Every entry of the conversation, tool calls and their results among them."
    )
    checks: list[CheckEntry] = Field(description="What the scenario's checks say.")
    findings: list[Finding] = Field(description="What was odd and did not end the conversation.")
    earlier_attempts: list[EarlierAttempt] = Field(
        default=[], description="Conversations of this run that count for nothing."
    )
    usage: dict[str, ModelUsage] = Field(
        default={}, description="By role: `caller`, `judge`, `text_to_speech`, `speech_to_text`."
    )
    latency_trusted: bool | None = Field(
        default=None, description="False: this machine was so busy that the agent's latencies may be its own."
    )
    rubric: list[RubricEntry] | None = Field(description="An entry for each rule; null where there is no rubric.")
    voice_recording_url: str | None = Field(description="Of a call: its recording, for a while.")
    voice: VoiceFacts | None = Field(default=None, description="Of a call: who sounded when, and how it was heard.")
    testing_channel_index: int | None = Field(description="Which channel of it is our caller's.")
    provider_call_id: str | None = Field(description="Of a call: its id at the agent's side.")
