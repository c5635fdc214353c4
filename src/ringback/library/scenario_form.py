"""What can be said of a scenario, in the reference product's fields and in ours."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import AliasChoices, ConfigDict, Field, WithJsonSchema, field_validator
from pydantic_core import PydanticCustomError

from ringback.library.form import AnyProject, Form, RecordNumber, check_text
from ringback.library.suite_format import CallerTool, Language

ScenarioKind = Literal["script", "instruction", "conditional_actions", "real_world_fixed", "real_world_smart"]

TOOLS: dict[str, CallerTool] = {
    "TOOL_END_CALL": "end_call",
    "TOOL_END_CALL_ONLY_ON_TRANSFER": "end_call_only_on_transfer",
    "TOOL_END_CALL_ON_TRANSFER": "end_call_only_on_transfer",
    "TOOL_DTMF": "dtmf",
    "TOOL_SEND_DTMF": "dtmf",
    "TOOL_RECEIVE_DTMF": "receive_dtmf",
    "TOOL_SEND_SMS": "send_sms",
    "TOOL_CALL_HOLD": "call_hold",
}
"""The reference product's names of the caller's tools; those of suite files are understood too."""

_known = [*TOOLS, *get_args(CallerTool)]
# The reference's list is not documented whole, so what looks like one of its names is kept.
ToolName = Annotated[
    str, WithJsonSchema({"anyOf": [{"type": "string", "enum": _known}, {"type": "string", "pattern": "^TOOL_"}]})
]


class ScenarioFields(Form, frozen=True):
    """One test case: what the caller wants and does, and what counts as success."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"first_message": "Hello?", "max_duration": 120, "tags": ["booking", "nightly"]}]
        }
    )

    name: str = Field(default="", max_length=80, description="What lists and reports call it.")
    agent: RecordNumber | None = Field(
        default=None,
        validation_alias=AliasChoices("agent", "agent_id"),
        description="The agent that it tests; `agent_id` is understood too.",
    )
    assistant_id: str | None = Field(
        default=None, max_length=255, description="Names the agent by its id at its provider."
    )
    project: AnyProject = Field(default=None, description="There is one project; any value is accepted.")
    personality: RecordNumber | None = Field(
        default=None, description="How the caller behaves; the personality `Normal Caller` where it is left out."
    )
    test_profile: RecordNumber | None = Field(default=None, description="The customer's data.")
    scenario_type: ScenarioKind | None = Field(
        default=None, description="Follows from `script`, `instructions` or `conditional_actions` where left out."
    )
    instructions: str = Field(
        default="", max_length=100_000, description="What a caller played by a language model wants and does."
    )
    conditional_actions: dict[str, Any] | None = Field(
        default=None, description="A caller that reacts: `{role, conditions: [{id, condition, action, type, …}]}`."
    )
    first_message: str | None = Field(
        default=None, max_length=20_000, description="The caller's first words, verbatim."
    )
    scenario_language: Language | None = Field(
        default=None, description="Language of the conversation; the personality's where it is left out."
    )
    expected_outcome_prompt: str = Field(
        default="", max_length=100_000, description="What a successful conversation looks like; a judge decides."
    )
    metrics: list[RecordNumber] = Field(
        default_factory=list[int], max_length=64, description="Numbers of metrics to measure on each run."
    )
    tags: list[str] = Field(default_factory=list[str], max_length=32, description="At most 32, of 64 characters.")
    tool_ids: list[ToolName] = Field(
        default_factory=list[str], max_length=16, description="What the caller can do beside talking."
    )
    max_duration: int | None = Field(
        default=None, ge=10, le=3600, description="Longest conversation in seconds; 600 where it is left out."
    )
    folder_path: str | None = Field(default=None, description="Folders are not available yet: empty, or left out.")
    phone_number: RecordNumber | None = Field(
        default=None,
        validation_alias=AliasChoices("phone_number", "inbound_phone_number"),
        description="Kept and given back.",
    )
    generated_mock_tool_entries: list[Any] = Field(
        default_factory=list[Any], max_length=1000, description="Kept and given back."
    )

    # Ours, as in suite files.
    script: list[str] | None = Field(default=None, description="What the caller says, verbatim, line by line.")
    then: Literal["hang_up", "improvise"] | None = Field(default=None, description="What comes after the script.")
    checks: list[dict[str, Any]] = Field(
        default_factory=list[dict[str, Any]], max_length=200, description="Assertions on the record, without a model."
    )
    facts: dict[str, Any] | None = Field(
        default=None, description="What the caller knows: `always`, `if_asked`, `never`."
    )
    rubric: dict[str, Any] | None = Field(
        default=None, description="Which metrics decide; a rule's `metric_id` is a number or a slug."
    )
    min_turns: int | None = Field(default=None, ge=0, le=10_000, description="Fewest utterances before hanging up.")
    max_turns: int | None = Field(default=None, ge=1, le=10_000, description="Most utterances of the caller.")
    pass_rate: float | None = Field(default=None, ge=0, le=1, description="Share of the valid repeats that must pass.")

    @field_validator("assistant_id", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value

    @field_validator("conditional_actions", mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            parsed = json.loads(value) if value.strip() else None
        except (ValueError, RecursionError):
            raise PydanticCustomError("json", "An object is needed.") from None
        check_text(parsed)
        return parsed

    @field_validator("folder_path")
    @classmethod
    def _no_folders(cls, value: str | None) -> str | None:
        if value:
            raise PydanticCustomError("folder", "Folders are not available yet.")
        return value

    @field_validator("tags")
    @classmethod
    def _short_tags(cls, value: list[str]) -> list[str]:
        tags = [tag.strip() for tag in value]
        if any(not tag or len(tag) > 64 or "," in tag for tag in tags):  # noqa: PLR2004 - as in suite files
            raise PydanticCustomError("tags", "A tag has 1 to 64 characters and no comma.")
        return list(dict.fromkeys(tags))


class ScenarioForm(ScenarioFields, frozen=True):
    """A whole scenario."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Books an appointment",
                    "agent": 1,
                    "personality": 1,
                    "instructions": "You want an appointment on Friday at noon. Your name is {{test_profile.name}}.",
                    "expected_outcome_prompt": "The agent books an appointment on Friday and repeats the time.",
                    "test_profile": 1,
                    "metrics": [1],
                    "tags": ["booking"],
                    "tool_ids": ["TOOL_END_CALL"],
                }
            ]
        }
    )

    name: str = Field(min_length=1, max_length=80, description="What lists and reports call it.")


_BLANK = ScenarioFields()


def fields_as_kept(values: Mapping[str, Any]) -> ScenarioFields:
    """The fields of a scenario that is kept, which are not checked again: they were when they were written.

    Checking took two thirds of the time of reading a scenario.
    """
    return _BLANK.model_copy(update=values)
