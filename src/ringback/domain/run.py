"""Runs and results: what was asked for and what came of it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ringback.domain.conversation import Conversation
from ringback.domain.evaluation import Evaluation
from ringback.domain.fixed import fixed
from ringback.domain.outcome import Outcome
from ringback.domain.scenario import Personality, Scenario, TestProfile
from ringback.domain.telephone import DialWindow
from ringback.domain.usage import Usage


class RunSpecification(BaseModel):
    """All that one run needs, fixed when it was asked for: later edits of a scenario do not change it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scenario: Scenario
    """With templates filled."""
    scenario_id: int
    repeat: int = Field(ge=1)
    """1 … frequency, for each personality and profile."""
    personality: Personality | None = None
    profile: TestProfile | None = None
    seed: int = 0


class RunStatus(StrEnum):
    """Where a run is on its way."""

    QUEUED = "queued"
    ADMITTED = "admitted"
    """The service's only: the limits let it in, and the engine has it."""
    CONVERSING = "conversing"
    EVALUATING = "evaluating"
    DONE = "done"
    INTERRUPTED = "interrupted"
    """Its process died or was stopped before it was done; `--resume` picks it up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One earlier try of a run whose caller was invalid."""

    number: int
    conversation: Conversation | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One conversation of one scenario, with its evaluation."""

    id: int
    result_id: int
    specification: RunSpecification
    status: RunStatus
    attempt: int = 1
    scorings: int = 0
    """How often it was scored again on the record that is kept; each has a number among the attempts."""
    conversation: Conversation | None = None
    evaluation: Evaluation | None = None
    earlier_attempts: tuple[Attempt, ...] = ()
    usage: dict[str, Usage] = field(default_factory=dict[str, Usage])
    """By role: `caller`, `judge`; on spoken calls `text_to_speech` and `speech_to_text` as well."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    dial_window: DialWindow | None = None
    """Of a run with an outbound agent, once it has one of our numbers."""
    calls_from: str | None = None
    """Telephone: which of our numbers the call of this run comes from; None: what the settings say."""

    @property
    def outcome(self) -> Outcome | None:
        """None until the run is done."""
        return self.evaluation.outcome if self.evaluation else None


class Provenance(BaseModel):
    """Where a result comes from: enough to tell two results apart and to repeat one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ringback_version: str = Field(description="The version that carried it out.")
    git_commit: str | None = Field(default=None, description="Commit of the folder that it was started in.")
    git_branch: str | None = Field(default=None, description="Branch of that folder.")
    labels: dict[str, str] = Field(default_factory=dict[str, str], description="What whoever asked for it said of it.")
    suite_hashes: dict[str, str] = Field(
        default_factory=dict[str, str], description="SHA-256 of each suite file by its name."
    )
    models: dict[str, str] = Field(default_factory=dict[str, str], description="`provider:name` by role.")
    prompt_versions: dict[str, str] = Field(
        default_factory=dict[str, str], description="Version of each prompt by its name."
    )
    prices: str | None = Field(
        default=None, description="Where the prices of the models are from; null where no model is asked."
    )
    seed: int = Field(default=0, description="Of every chance in its runs.")


@fixed
class RunOrigin:
    """Which kept records a run of the service was made from."""

    agent_id: int | None
    personality_id: int | None = None
    test_profile_id: int | None = None
    number: str | None = None
    """1 to frequency for text runs that are repeated; of runs with an outbound agent the number that it calls."""
    calls_from: str | None = None
    """Telephone: which of our numbers the call comes from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the service keeps of a run request."""

    agent_id: int | None
    sealed_agent: str
    """The agent as it was then, encrypted."""
    run_type: str
    """`Text`, `WebSocket` or `Voice`, as the reference spells it."""
    request: dict[str, Any]
    """The request's body, for `rerun` and the answers' `run_settings`; no secrets."""
    origins: tuple[RunOrigin, ...]
    """One a run, in the order of the specifications."""
    concurrency_limit: int | None = None
    call_timeout: float | None = None
    """Pull-mode chat: seconds that one whole conversation may take."""
    takes_calls: bool = False
    """The agent calls us: each run needs one of our numbers before it begins."""
    taken_on: str | None = None
    """The only one of our numbers on which its calls are taken; None: any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The batch of runs that one request made."""

    id: int
    name: str
    agent_name: str
    agent_url: str
    """As shown: credentials and query values masked."""
    created_at: datetime
    provenance: Provenance
    runs: tuple[Run, ...] = ()
    finished_at: datetime | None = None
    interrupted: bool = False
