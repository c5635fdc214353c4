"""How metrics are answered."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ringback.domain.scenario import MetricKind
from ringback.evaluation.computed import SPEECH
from ringback.library.metric_form import MetricFields
from ringback.library.metrics import KeptMetric

COMPUTED_TYPE = "computed"


class MetricAnswer(MetricFields, frozen=True):
    """A metric."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 5,
                    "name": "Repeats the booking",
                    "description": "Did the agent repeat day and time before the call ended?",
                    "slug": "repeats_the_booking",
                    "type": "llm_judge",
                    "eval_type": "binary",
                    "is_predefined": False,
                    "created_at": "2026-11-21T09:00:00Z",
                    "updated_at": "2026-11-21T09:00:00Z",
                }
            ]
        }
    )

    id: int
    type: str = Field(description="`llm_judge`, or `computed` for a predefined one.")  # pyright: ignore[reportIncompatibleVariableOverride] - answers know one more
    slug: str = Field(description="Short name for rubrics and suite files.")
    is_predefined: bool = Field(description="Computed from the record: read-only.")
    created_at: datetime
    updated_at: datetime


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

    id: int
    name: str
    description: str
    code: str
    slug: str
    type: str
    eval_type: MetricKind
    function_name: str
    enum_values: list[str]
    configuration: dict[str, Any]
    cost: float = Field(description="Nothing is charged: always 0.")
    category: str
    sub_category: str
    evaluation_trigger: str
    audio_enabled: bool


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
