"""The suite file's format: one source of truth for the loader's validation and for the JSON Schema.

Every file that the reference product's test-suite spec v1 allows is allowed here, with the same meaning; what is ours
is optional. Rules that reach over several fields are in `rules.py`; the docstrings below become the editor's help.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Discriminator, Field, Tag

from ringback.domain.check import Check
from ringback.domain.rubric import Rubric
from ringback.library.suite_entry import Entry
from ringback.library.suite_voice import (
    GenerationEntry,
    InterruptionLevel,
    MessagePlanEntry,
    NetworkEntry,
    SoundVolumeEntry,
    StopSpeakingEntry,
)

Language = Literal[
    "af", "ar", "bg", "bn", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "gu", "he", "hi", "hu", "id", "it",
    "ja", "kn", "ko", "ml", "mr", "ms", "multi", "nl", "no", "pa", "pl", "pt", "ro", "ru", "sk", "sv", "ta", "te",
    "th", "tl", "tr", "uk", "vi", "zh",
]  # fmt: skip

CallerTool = Literal["call_hold", "dtmf", "end_call", "end_call_only_on_transfer", "receive_dtmf", "send_sms"]


def _kind(value: Any) -> str | None:
    if isinstance(value, bool):
        return None
    kinds = ((int, "<id>"), (str, "<name>"), (dict, "<object>"), (BaseModel, "<object>"))
    return next((tag for kind, tag in kinds if isinstance(value, kind)), None)


_Id = Annotated[int, Field(ge=1, description="Id in a reference workspace: accepted, cannot run here yet.")]
_Name = Annotated[str, Field(min_length=1, description="Name of an entry in the top-level map of this file.")]


class PersonalityEntry(Entry):
    """How a caller behaves and sounds."""

    base: int | None = Field(default=None, ge=1)
    """Id of a personality in a reference workspace to lay this one over: accepted, cannot run here yet."""
    name: str | None = Field(default=None, max_length=255)
    """What reports call it."""
    prompt: str | None = Field(default=None, min_length=1)
    """How the caller behaves. Needed unless `base` is given."""
    language: Language | None = None
    """Language that the caller speaks; the scenario's where it is left out."""
    voice_model: Literal["eleven_flash_v2_5", "eleven_multilingual_v2", "eleven_turbo_v2_5", "sonic-3.5"] | None = None
    """Voice only."""
    voice_id: str | None = Field(default=None, min_length=1)
    """Voice only: the voice the caller speaks with."""
    provider: Literal["11labs", "cartesia"] | None = None
    """Voice only."""
    background_noise: str | None = None
    """Voice only: `off`, a noise such as `office`, or a file in the folder of noises; URLs are kept and not played."""
    speed: float | None = Field(default=None, ge=0.8, le=1.2)
    """Voice only: 1.0 is the normal pace."""
    background_sound_volume: SoundVolumeEntry | None = None
    """Voice only: how loud the background noise is."""
    interruption_level: InterruptionLevel | None = None
    """Voice only: how often the caller breaks into the agent's turns, or the chance of it."""
    network_simulation: NetworkEntry | None = None
    """Voice only: a bad line."""
    message_plan: MessagePlanEntry | None = None
    """Voice only: what the caller does when the agent is silent."""
    start_speaking_plan: float | None = Field(default=None, ge=0, le=60)
    """Voice only: seconds before each answer."""
    stop_speaking_plan: StopSpeakingEntry | None = None
    """Voice only: when a caller who is interrupted stops speaking."""
    generation_config: GenerationEntry | None = None
    """Voice only: how words are spoken."""
    backchannels: bool | None = None
    """Voice only: whether the caller says `Uh huh.` while the agent speaks at length."""
    end_call_enabled: bool | None = None
    """Whether the caller may hang up."""


class ProfileEntry(Entry):
    """Data of one customer, in sections: for the agent, and for the caller."""

    name: str | None = Field(default=None, max_length=255)
    """What reports call it."""
    agent_variables: dict[str, Any] | None = None
    """For the agent: keys that begin with `X-` become headers of the connection."""
    caller_variables: dict[str, Any] | None = None
    """For the caller: what `{{test_profile.…}}` sees first."""


SECTIONS = frozenset(ProfileEntry.model_fields)
"""Keys of a profile in sections; an object with other keys is a flat profile, for both sides."""


def _profile_kind(value: Any) -> str | None:
    if isinstance(value, ProfileEntry):
        return "<sections>"
    if isinstance(value, dict):
        sectioned = bool(value) and SECTIONS.issuperset(value)  # pyright: ignore[reportUnknownArgumentType] - JSON object
        return "<sections>" if sectioned else "<flat>"
    return _kind(value)


FlatProfile = Annotated[
    dict[str, Any],
    Field(
        min_length=1,
        description="A flat profile: all of it for both sides; keys beginning with `X-` become headers.",
        json_schema_extra={"not": {"propertyNames": {"enum": [*sorted(SECTIONS)]}}},
    ),
]
PersonalityReference = Annotated[
    Annotated[_Id, Tag("<id>")] | Annotated[_Name, Tag("<name>")] | Annotated[PersonalityEntry, Tag("<object>")],
    Discriminator(
        _kind,
        custom_error_type="personality",
        custom_error_message="must be the name of a personality, an object with a prompt, or an id",
    ),
]
ProfileReference = Annotated[
    Annotated[_Id, Tag("<id>")]
    | Annotated[_Name, Tag("<name>")]
    | Annotated[ProfileEntry, Tag("<sections>")]
    | Annotated[FlatProfile, Tag("<flat>")],
    Discriminator(
        _profile_kind,
        custom_error_type="profile",
        custom_error_message="must be the name of a profile, an object with its data, or an id",
    ),
]
ProfileData = Annotated[
    Annotated[ProfileEntry, Tag("<sections>")] | Annotated[FlatProfile, Tag("<flat>")],
    Discriminator(
        _profile_kind,
        custom_error_type="profile_data",
        custom_error_message="must be an object with the profile's data",
    ),
]


class MetricEntry(Entry):
    """A metric defined in the file: a question to the judge about each finished conversation."""

    slug: str | None = Field(default=None, pattern=r"^[a-z0-9_]+$", max_length=64)
    """Short name in lower case, for the rubric; made from the name where it is left out."""
    name: str = Field(min_length=1, max_length=255)
    """What reports call it."""
    description: str = Field(min_length=1)
    """The question to the judge."""
    kind: Literal["binary", "continuous_qualitative", "numeric", "enum"] = "binary"
    """Type of the value: yes or no, 0 to 5, a number, or one of `enum_values`."""
    enum_values: list[Annotated[str, Field(min_length=1)]] | None = Field(default=None, min_length=2)
    """The categories of an `enum` metric."""


MetricReference = Annotated[
    Annotated[_Id, Tag("<id>")]
    | Annotated[
        str,
        Field(min_length=1, pattern=r"^[a-z0-9_]+$", description="Slug of a computed metric or of one in this file."),
        Tag("<name>"),
    ]
    | Annotated[MetricEntry, Tag("<object>")],
    Discriminator(
        _kind,
        custom_error_type="metric",
        custom_error_message="must be the slug of a metric, an object that defines one, or an id",
    ),
]


class ConditionEntry(Entry):
    """One condition: when it fires, and what the caller then does."""

    id: int
    """Unique number; the first condition has 0. The lowest matching id fires, each once."""
    condition: str | int
    """`FIRST_MESSAGE` (id 0), `contains "x" OR contains "y"`, a sentence about what the agent said, or (for an `action_followup`) the id of another condition."""  # noqa: E501 - becomes one line of editor help
    action: str
    """What the caller says; with `fixed_message: false` an instruction to the caller's model."""
    type: Literal["standard", "action_followup"]
    """`standard` looks at what the agent said; `action_followup` comes on the turn after another condition."""
    fixed_message: bool
    """true: said verbatim, with directives such as `<endcall/>`."""


class ConditionalActionsEntry(Entry):
    """A caller that reacts to what the agent says."""

    role: str | None = None
    """Who the caller is."""
    conditions: list[ConditionEntry] = Field(min_length=1)
    """The first has id 0 and the condition FIRST_MESSAGE; an empty action there lets the agent speak first."""
    functions: list[dict[str, Any]] | None = None
    """REST functions of the reference product: accepted, cannot run here yet."""


class FactsEntry(Entry):
    """What the caller knows."""

    always: dict[str, Any] | None = None
    """Told without being asked."""
    if_asked: dict[str, Any] | None = None
    """Told when the agent asks."""
    never: dict[str, Any] | None = None
    """Never revealed; a reply that contains one is discarded."""


class _Shared(Entry, defer_build=True):
    """What a scenario can say and `defaults` can say for all scenarios; nothing is ever read as this alone."""

    language: Language | None = None
    """Language of the conversation."""
    frequency: int | None = Field(default=None, ge=1)
    """How many times to run the scenario; 1 where it is left out."""
    max_duration: int | None = Field(default=None, ge=1)
    """Longest conversation in seconds; 600 where it is left out."""
    min_turns: int | None = Field(default=None, ge=0)
    """A caller played by a model does not hang up before so many utterances."""
    max_turns: int | None = Field(default=None, ge=1)
    """Most utterances of the caller; 50 where it is left out."""
    pass_rate: float | None = Field(default=None, ge=0, le=1)
    """Share of the valid repeats that must pass; 1 where it is left out."""
    checks: list[Check] | None = None
    """Assertions on the record, decided without a model. Those of `defaults` and of the scenario add up."""
    metrics: list[MetricReference] | None = Field(default=None, max_length=64)
    """Metrics to compute or judge. Those of `defaults` and of the scenario add up."""
    rubric: Rubric | None = None
    """Which metrics decide; without it every check, every binary metric and the expected outcome must hold."""
    personality: PersonalityReference | None = None
    """How the caller behaves: a name, an object, or an id."""
    personalities: list[PersonalityReference] | None = Field(default=None, min_length=1)
    """Several personalities: each multiplies the runs."""
    test_profile: ProfileReference | None = None
    """The customer's data: a name, an object, or an id."""
    profiles: list[ProfileReference] | None = Field(default=None, min_length=1)
    """Several test profiles: each multiplies the runs."""
    tags: list[Annotated[str, Field(max_length=64)]] | None = Field(default=None, max_length=32)
    """For `--tag`."""


class Defaults(_Shared, defer_build=False):
    """Applied to every scenario that does not say otherwise, field by field."""

    concurrency_limit: int | None = Field(default=None, ge=1)
    """How many runs at once."""


class ScenarioEntry(_Shared, defer_build=False):
    """One test case: what the caller wants and does, and what counts as success."""

    key: str | None = Field(default=None, max_length=128)
    """Stable identifier; made from the name where it is left out."""
    name: str = Field(min_length=1, max_length=80)
    """What reports call it."""
    type: Literal["script", "instruction", "conditional_actions", "real_world_fixed", "real_world_smart"] | None = None
    """Follows from `script`, `instructions` or `conditional_actions` where it is left out."""
    instructions: str | None = None
    """What a caller played by a language model wants and does."""
    script: list[str] | None = Field(default=None, min_length=1)
    """What the caller says, verbatim, line by line; needs no language model."""
    then: Literal["hang_up", "improvise"] | None = None
    """What the caller does when the script is out; `hang_up` where it is left out."""
    conditional_actions: ConditionalActionsEntry | None = None
    """A caller that reacts to what the agent says."""
    first_message: str | None = None
    """The caller's first words, verbatim."""
    expected_outcome: str | None = None
    """What a successful conversation looks like, in plain language; a judge model decides."""
    facts: FactsEntry | None = None
    """What the caller knows: told always, told if asked, never revealed."""
    tools: list[CallerTool] | None = Field(default=None, max_length=16)
    """What the caller can do beside talking."""


class SuiteInfo(Entry):
    """What the suite is called."""

    name: str | None = Field(default=None, max_length=255)
    """Name of the suite."""
    description: str | None = None
    """What it is for."""


class SuiteHead(Entry):
    """All of a suite file but its scenarios."""

    schema_: str | None = Field(default=None, alias="$schema")
    """For editors: the address of this schema."""
    version: Literal["1"] = "1"
    """Version of the format, in quotes."""
    suite: SuiteInfo | None = None
    """Name and description."""
    defaults: Defaults | None = None
    """Applied to every scenario that does not say otherwise."""
    personalities: dict[str, PersonalityEntry] | None = None
    """Personalities by name."""
    profiles: dict[str, ProfileData] | None = None
    """Test profiles by name."""


class SuiteFile(SuiteHead):
    """Scenarios for an agent: what to test. Where to run it comes from flags or from `ringback.toml`."""

    scenarios: list[ScenarioEntry] = Field(min_length=1, max_length=200)
    """The test cases."""
