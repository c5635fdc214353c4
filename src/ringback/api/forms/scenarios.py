"""How scenarios are answered, and the bodies of what is done to several at once."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ringback.api.numbers import Number
from ringback.library.scenario_build import kind_of
from ringback.library.scenario_form import ScenarioFields
from ringback.library.scenarios import KeptScenario

_LATER = "Not available yet: always empty."


class ProfileData(BaseModel):
    """A scenario's test profile."""

    id: int = Field(description="Number of the test profile.")
    name: str = Field(description="What it is called.")
    information: dict[str, Any] = Field(description="The customer's data, as it was written.")


class ScenarioAnswer(ScenarioFields, frozen=True):
    """A scenario."""

    model_config = ConfigDict(
        json_schema_serialization_defaults_required=True,
        json_schema_extra={
            "examples": [
                {
                    "name": "Books an appointment",
                    "agent": 1,
                    "personality": 1,
                    "test_profile": 1,
                    "scenario_type": "instruction",
                    "instructions": "You want an appointment on Friday at noon.",
                    "scenario_language": "en",
                    "expected_outcome_prompt": "The agent books an appointment on Friday.",
                    "metrics": [19],
                    "tags": ["booking"],
                    "tool_ids": ["TOOL_END_CALL"],
                    "folder_path": "",
                    "generated_mock_tool_entries": [],
                    "checks": [],
                    "id": 12,
                    "agent_name": "Front desk",
                    "personality_name": "Normal Caller",
                    "metric_names": ["Repeats the booking"],
                    "test_profile_data": {"id": 1, "name": "Ada Quill", "information": {"name": "Ada Quill"}},
                    "simulation_description": "",
                    "information_fields": [],
                    "suite_type": "undefined",
                    "is_predefined": False,
                    "created_at": "2026-11-21T09:00:00Z",
                    "updated_at": "2026-11-21T09:00:00Z",
                }
            ]
        },
    )

    id: int = Field(description="Number of the scenario.")
    agent_name: str | None = Field(default=None, description="What its agent is called; null where it belongs to none.")
    personality_name: str | None = Field(default=None, description="What its personality is called.")
    metric_names: list[str] = Field(
        default_factory=list[str], description="What its metrics are called, in the order of `metrics`."
    )
    test_profile_data: ProfileData | None = Field(default=None, description="Its test profile; null where it has none.")
    simulation_description: str = Field(default="", description=_LATER)
    information_fields: list[Any] = Field(default_factory=list[Any], description=_LATER)
    phone_number_data: None = Field(default=None, description=_LATER)
    suite_type: str = Field(
        default="undefined", description="Ready-made suites are not available yet: always `undefined`."
    )
    is_predefined: bool = Field(default=False, description="Ready-made scenarios are not available yet: always false.")
    created_at: datetime = Field(description="When it was made.")
    updated_at: datetime = Field(description="When it last changed.")


class ScenarioNumbers(BaseModel):
    """Several scenarios."""

    scenarios: list[Number] = Field(max_length=10_000, examples=[[1, 2]], description="Their numbers.")


class TagsToAdd(ScenarioNumbers):
    """Tags for several scenarios."""

    tags: list[str] = Field(
        min_length=1, max_length=32, examples=[["nightly"]], description="Tags that each of them gets beside its own."
    )


def scenario_answer(kept: KeptScenario) -> ScenarioAnswer:
    """One scenario as it is answered."""
    fields, profile = kept.fields, kept.profile
    personality = next(iter(kept.scenario.personalities), None)
    said = fields.model_dump(exclude={"assistant_id", "project"})
    said |= {
        "personality": kept.personality_id,
        "test_profile": kept.test_profile_id,
        "metrics": [metric.id for metric in kept.metrics],
        "scenario_type": kind_of(fields),
        "scenario_language": kept.scenario.language,
        "folder_path": "",
    }
    return ScenarioAnswer(
        **said,
        id=kept.id,
        agent_name=kept.agent_name,
        personality_name=personality.name if personality else None,
        metric_names=[metric.fields.name for metric in kept.metrics],
        test_profile_data=profile and ProfileData(id=profile.id, name=profile.name, information=profile.information),
        created_at=kept.created_at,
        updated_at=kept.updated_at,
    )
