"""One test case: what the caller wants and does, and what counts as success."""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ringback.domain.check import Check
from ringback.domain.rubric import Rubric


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ScenarioType(StrEnum):
    """How the caller decides what to say."""

    SCRIPT = "script"
    INSTRUCTION = "instruction"
    CONDITIONAL_ACTIONS = "conditional_actions"
    REAL_WORLD_FIXED = "real_world_fixed"
    REAL_WORLD_SMART = "real_world_smart"


class AfterScript(StrEnum):
    """What a scripted caller does when its lines are out."""

    HANG_UP = "hang_up"
    IMPROVISE = "improvise"


class ConditionType(StrEnum):
    """When a condition can fire."""

    STANDARD = "standard"
    ACTION_FOLLOWUP = "action_followup"


class Condition(_Record):
    """One entry of a conditional scenario."""

    id: int
    condition: str | int
    """`FIRST_MESSAGE`, a `contains "x"` trigger, a sentence about what the agent said, or (followup) an id."""
    action: str
    """What the caller says: verbatim where `fixed_message`, else an instruction to a model."""
    type: ConditionType
    fixed_message: bool


class ConditionalActions(_Record):
    """The caller's role and its conditions."""

    role: str = ""
    conditions: tuple[Condition, ...]
    functions: tuple[dict[str, Any], ...] = ()
    """REST functions of the reference's format: accepted, not yet carried out."""


class Facts(_Record):
    """What a persona knows."""

    always: dict[str, Any] = Field(default_factory=dict[str, Any])
    """Told without being asked."""
    if_asked: dict[str, Any] = Field(default_factory=dict[str, Any])
    never: dict[str, Any] = Field(default_factory=dict[str, Any])
    """Never to be revealed."""


class Personality(_Record):
    """How a caller behaves and sounds."""

    name: str
    prompt: str = ""
    language: str = "en"
    voice: dict[str, Any] = Field(default_factory=dict[str, Any])
    """Voice-only fields of the reference (voice model and id, noise, speed, …), kept for voice channels."""


class TestProfile(_Record):
    """Data of one customer."""

    __test__ = False  # pytest would otherwise collect the name

    name: str = ""
    agent_variables: dict[str, Any] = Field(default_factory=dict[str, Any])
    """Section of the agent: its `X-` keys become headers."""
    caller_variables: dict[str, Any] = Field(default_factory=dict[str, Any])
    """Section of the caller: what templates look at first."""


class MetricKind(StrEnum):
    """Type of a metric's value, in the reference's spelling."""

    BINARY = "binary"
    RATING = "continuous_qualitative"
    """0 to 5."""
    NUMERIC = "numeric"
    ENUM = "enum"


class MetricDefinition(_Record):
    """A metric to judge or compute on each run."""

    slug: str
    name: str
    description: str = ""
    """For a judged metric: the question to the judge. Empty for a computed one (found by its slug)."""
    kind: MetricKind = MetricKind.BINARY
    enum_values: tuple[str, ...] = ()
    id: int | None = None
    """Number under which the metric is kept; None for one that only a suite file has."""


class Scenario(_Record):
    """One test case, complete in itself: defaults are merged in, templates filled per profile by the planner."""

    key: str
    name: str
    type: ScenarioType
    language: str = "en"
    instructions: str = ""
    script: tuple[str, ...] = ()
    after_script: AfterScript = AfterScript.HANG_UP
    conditional_actions: ConditionalActions | None = None
    first_message: str | None = None
    """The caller's first words, verbatim. None: a persona composes them."""
    expected_outcome: str | None = None
    facts: Facts = Facts()
    checks: tuple[Check, ...] = ()
    metrics: tuple[MetricDefinition, ...] = ()
    rubric: Rubric | None = None
    personalities: tuple[Personality, ...] = ()
    """Each multiplies the runs; none: the default personality."""
    profiles: tuple[TestProfile, ...] = ()
    """Each multiplies the runs; none: no profile."""
    tags: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    """Caller tools of the reference (end_call, dtmf, …). Empty: end_call."""
    frequency: int = Field(default=1, ge=1)
    min_turns: int = Field(default=0, ge=0)
    max_turns: int = Field(default=50, ge=1)
    """Utterances of the caller."""
    max_duration: float = Field(default=600.0, gt=0)
    """Seconds."""
    pass_rate: float = Field(default=1.0, ge=0, le=1)
    unsupported: str | None = None
    """Why the scenario cannot run here yet; it ends as `error` alone."""
