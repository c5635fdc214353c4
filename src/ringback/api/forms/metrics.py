"""How metrics are answered."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ringback.domain.scenario import MetricKind
from ringback.evaluation.computed import SPEECH
from ringback.library.metric_form import MetricFields
from ringback.library.metrics import KeptMetric

COMPUTED_TYPE: Literal["computed"] = "computed"


class MetricAnswer(MetricFields, frozen=True):
    """A metric."""

    model_config = ConfigDict(
        json_schema_serialization_defaults_required=True,
        json_schema_extra={
            "examples": [
                {
                    "name": "Repeats the booking",
                    "description": "Did the agent repeat day and time before the call ended?",
                    "slug": "repeats_the_booking",
                    "type": "llm_judge",
                    "eval_type": "binary",
                    "enum_values": [],
                    "agents": [],
                    "simulation_enabled": True,
                    "observability_enabled": False,
                    "audio_enabled": False,
                    "sampling_enabled": False,
                    "evaluation_trigger": "always",
                    "configuration": {},
                    "add_to_new_agents": False,
                    "display_order": 0,
                    "id": 19,
                    "is_predefined": False,
                    "created_at": "2026-11-21T09:00:00Z",
                    "updated_at": "2026-11-21T09:00:00Z",
                }
            ]
        },
    )

    id: int = Field(description="Number of the metric.")
    type: Literal["llm_judge", "computed"] = Field(description="`computed`: a predefined one.")  # pyright: ignore[reportIncompatibleVariableOverride] - answers know one more
    slug: str = Field(description="Short name for rubrics and suite files.")
    is_predefined: bool = Field(description="Computed from the record: read-only.")
    created_at: datetime = Field(description="When it was made.")
    updated_at: datetime = Field(description="When it last changed.")


class PredefinedMetricAnswer(BaseModel):
    """An entry of the catalogue of predefined metrics."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 2,
                    "name": "Turns",
                    "description": "Number of the caller's utterances.",
                    "code": "turns",
                    "slug": "turns",
                    "type": "computed",
                    "eval_type": "numeric",
                    "function_name": "turns",
                    "enum_values": [],
                    "configuration": {},
                    "cost": 0,
                    "category": "Conversation",
                    "sub_category": "",
                    "evaluation_trigger": "always",
                    "audio_enabled": False,
                }
            ]
        }
    )

    id: int = Field(description="Number of the metric, to attach it to scenarios by.")
    name: str = Field(description="What lists and reports call it.")
    description: str = Field(description="What it measures, with its unit.")
    code: str = Field(description="The same as `slug`.")
    slug: str = Field(description="Short name for rubrics and suite files.")
    type: Literal["computed"] = Field(description="Computed from the record, without a model.")
    eval_type: MetricKind = Field(description="Type of the value.")
    function_name: str = Field(description="The same as `slug`.")
    enum_values: list[str] = Field(description="The categories of an enum metric; else empty.")
    configuration: dict[str, Any] = Field(description="Nothing can be configured: always empty.")
    cost: float = Field(description="Nothing is charged: always 0.")
    category: Literal["Speech", "Conversation"] = Field(description="Speech (spoken calls only) or Conversation.")
    sub_category: str = Field(description="Always empty.")
    evaluation_trigger: Literal["always"] = Field(description="Measured in every run that it applies to: `always`.")
    audio_enabled: bool = Field(description="Whether it needs a spoken call.")


def metric_answer(kept: KeptMetric) -> MetricAnswer:
    """One metric as it is answered."""
    said = kept.fields.model_dump(exclude={"slug", "type"})
    return MetricAnswer(
        **said,
        id=kept.id,
        type=COMPUTED_TYPE if kept.predefined else kept.fields.type,
        slug=kept.slug,
        is_predefined=kept.predefined,
        created_at=kept.created_at,
        updated_at=kept.updated_at,
    )


def predefined_answer(kept: KeptMetric) -> PredefinedMetricAnswer:
    """One predefined metric as the catalogue has it."""
    return PredefinedMetricAnswer(
        id=kept.id,
        name=kept.fields.name,
        description=kept.fields.description,
        code=kept.slug,
        slug=kept.slug,
        type=COMPUTED_TYPE,
        eval_type=kept.fields.eval_type,
        function_name=kept.slug,
        enum_values=[],
        configuration={},
        cost=0,
        category="Speech" if kept.slug in SPEECH else "Conversation",
        sub_category="",
        evaluation_trigger="always",
        audio_enabled=kept.slug in SPEECH,
    )
