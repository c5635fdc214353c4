"""How personalities are answered."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from ringback.library.personalities import KeptPersonality
from ringback.library.personality_form import PersonalityFields


class PersonalityAnswer(PersonalityFields, frozen=True):
    """A personality."""

    id: int
    project: Any = Field(default=None, description="There is one project: always null.")
    is_predefined: bool = Field(description="Ready from the start: read-only, to be copied with `fork/`.")
    created_at: datetime
    updated_at: datetime


class CopyName(BaseModel):
    """What a copy is called."""

    name: str | None = Field(
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
