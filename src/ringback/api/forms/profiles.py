"""How test profiles are answered."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ringback.library.profiles import KeptProfile


class ProfileAnswer(BaseModel):
    """A test profile."""

    model_config = ConfigDict(
        json_schema_serialization_defaults_required=True,
        json_schema_extra={
            "examples": [
                {
                    "id": 1,
                    "project": None,
                    "agent": 1,
                    "agent_name": "Front desk",
                    "name": "Ada Quill",
                    "information": {
                        "main_agent_variables": {"X-Customer": "C-17"},
                        "testing_agent_variables": {"name": "Ada Quill"},
                    },
                    "created_by": None,
                    "created_at": "2026-11-21T09:00:00Z",
                    "updated_at": "2026-11-21T09:00:00Z",
                }
            ]
        },
    )

    id: int = Field(description="Number of the test profile.")
    project: int | None = Field(default=None, description="There is one project: always null.")
    agent: int | None = Field(default=None, description="Number of the agent that it is meant for; null: any.")
    agent_name: str | None = Field(default=None, description="What that agent is called.")
    name: str = Field(description="What lists and reports call it.")
    information: dict[str, Any] = Field(description="As it was written: in sections or flat.")
    created_by: str | None = Field(default=None, description="There are no accounts: always null.")
    created_at: datetime = Field(description="When it was made.")
    updated_at: datetime = Field(description="When it last changed.")


def profile_answer(kept: KeptProfile) -> ProfileAnswer:
    """One test profile as it is answered."""
    return ProfileAnswer(
        id=kept.id,
        agent=kept.agent_id,
        agent_name=kept.agent_name,
        name=kept.name,
        information=kept.information,
        created_at=kept.created_at,
        updated_at=kept.updated_at,
    )
