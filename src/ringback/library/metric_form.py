"""What can be said of a metric, in the reference product's fields."""

from typing import Any, Literal

from pydantic import ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from ringback.domain.scenario import MetricDefinition, MetricKind
from ringback.library.form import AnyProject, Form, RecordNumber

_REFUSED = {
    "custom_code": "Metrics in Python are not available yet. Write the question as `description` of an llm_judge.",
    "basic": "Metrics of type basic cannot be created. Use llm_judge.",
    "custom_prompt": "Metrics of type custom_prompt cannot be created. Use llm_judge.",
}

Flag = bool


class MetricFields(Form, frozen=True):
    """A question to the judge about each finished conversation."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"description": "Did the agent repeat day and time before the call ended?"}]}
    )

    name: str = Field(default="", max_length=255, description="What lists and reports call it.")
    description: str = Field(default="", max_length=50_000, description="The question to the judge.")
    slug: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9_]+$",
        max_length=64,
        description="Short name for rubrics and suite files; made from the name where it is left out.",
    )
    type: Literal["llm_judge"] = Field(default="llm_judge", description="Who decides. Others are refused.")
    eval_type: MetricKind = Field(
        default=MetricKind.BINARY,
        description="Type of the value: yes or no, 0 to 5, a number, or one of `enum_values`.",
    )
    enum_values: list[str] = Field(
        default_factory=list[str], max_length=64, description="The categories of an `enum` metric, two or more."
    )
    project: AnyProject = Field(default=None, description="There is one project; any value is accepted.")
    agents: list[RecordNumber] = Field(
        default_factory=list[int], max_length=1000, description="Kept and given back; being attached is what counts."
    )
    simulation_enabled: Flag = Field(default=True, description="false: it is not measured in runs.")
    observability_enabled: Flag = Field(default=False, description="Kept and given back.")
    audio_enabled: Flag = Field(default=False, description="Kept and given back.")
    sampling_enabled: Flag = Field(default=False, description="Kept and given back.")
    evaluation_trigger: Literal["always", "automatic"] = Field(
        default="always", description="Kept and given back; the judge may call any metric not applicable."
    )
    trigger_type: str | None = Field(default=None, max_length=64, description="Kept and given back.")
    evaluation_trigger_prompt: str | None = Field(default=None, max_length=50_000, description="Kept and given back.")
    configuration: dict[str, Any] = Field(default_factory=dict[str, Any], description="Kept and given back.")
    add_to_new_agents: Flag = Field(default=False, description="Kept and given back.")
    display_order: int = Field(default=0, ge=-(2**31), lt=2**31, description="Kept and given back.")
    assistant_id: str | None = Field(default=None, min_length=1, max_length=255, description="Kept and given back.")

    @field_validator("type", mode="before")
    @classmethod
    def _one_kind(cls, value: Any) -> Any:
        if isinstance(value, str) and value in _REFUSED:
            raise PydanticCustomError("metric_type", "{sentence}", {"sentence": _REFUSED[value]})
        return value

    @field_validator("eval_type", mode="before")
    @classmethod
    def _legacy(cls, value: Any) -> Any:
        # Older clients write binary_workflow_adherence, binary_qualitative and the like.
        return "binary" if isinstance(value, str) and value.startswith("binary_") else value

    @field_validator("evaluation_trigger", mode="before")
    @classmethod
    def _no_custom_trigger(cls, value: Any) -> Any:
        if value == "custom":
            raise PydanticCustomError("trigger", "Custom evaluation triggers are not available yet.")
        return value


class MetricForm(MetricFields, frozen=True):
    """A whole metric."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Repeats the booking",
                    "description": "Did the agent repeat day and time before the call ended?",
                    "type": "llm_judge",
                    "eval_type": "binary",
                }
            ]
        }
    )

    name: str = Field(min_length=1, max_length=255, description="What lists and reports call it.")
    description: str = Field(min_length=1, max_length=50_000, description="The question to the judge.")


def value_rules(fields: MetricFields) -> dict[str, list[str]]:
    """What is wrong between the fields."""
    wanted = fields.eval_type is MetricKind.ENUM
    distinct = {value.strip().casefold() for value in fields.enum_values}
    if wanted and (len(distinct) < 2 or len(distinct) < len(fields.enum_values) or "" in distinct):  # noqa: PLR2004 - one category decides nothing
        return {"enum_values": ["An enum metric needs two or more different categories."]}
    if not wanted and fields.enum_values:
        return {"enum_values": [f"A metric of eval_type {fields.eval_type} has no categories."]}
    return {}


def judged_definition(number: int, slug: str, fields: MetricFields) -> MetricDefinition:
    """The record that runs use."""
    return MetricDefinition(
        id=number,
        slug=slug,
        name=fields.name,
        description=fields.description,
        kind=fields.eval_type,
        enum_values=tuple(fields.enum_values),
    )
