"""How personalities are answered."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from ringback.library.form import Trimmed
from ringback.library.personalities import KeptPersonality
from ringback.library.personality_form import PersonalityFields


class PersonalityAnswer(PersonalityFields, frozen=True):
    """A personality."""

    model_config = ConfigDict(
        json_schema_serialization_defaults_required=True,
        json_schema_extra={
            "examples": [
                {
                    "name": "Hurried parent",
                    "prompt": "You answer briefly and ask how long it will take.",
                    "language": "en",
                    "background_noise": "office",
                    "voice_model": "eleven_flash_v2_5",
                    "provider": "11labs",
                    "message_plan": {"idle_timeout_seconds": 10.0, "idle_message_max_spoken_count": 3},
                    "backchannels": False,
                    "end_call_enabled": True,
                    "id": 7,
                    "is_predefined": False,
                    "created_at": "2026-11-21T09:00:00Z",
                    "updated_at": "2026-11-21T09:00:00Z",
                }
            ]
        },
    )

    id: int = Field(description="Number of the personality.")
    project: int | None = Field(default=None, description="There is one project: always null.")
    is_predefined: bool = Field(description="Ready from the start: read-only, to be copied with `fork/`.")
    created_at: datetime = Field(description="When it was made.")
    updated_at: datetime = Field(description="When it last changed.")


class CopyName(BaseModel):
    """What a copy is called."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Hurried parent, in German"}]})

    name: Trimmed | None = Field(
        default=None, min_length=1, max_length=255, description="Of the copy; `… (copy)` where it is left out."
    )


def personality_answer(kept: KeptPersonality) -> PersonalityAnswer:
    """One personality as it is answered."""
    return PersonalityAnswer(
        **kept.fields.model_dump(),
        id=kept.id,
        is_predefined=kept.predefined,
        created_at=kept.created_at,
        updated_at=kept.updated_at,
    )
