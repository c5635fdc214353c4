"""What every object of a suite file has in common: no unknown keys, no empty ones, and strict types."""

from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator
from pydantic_core import PydanticCustomError


class Entry(BaseModel):
    """An object of a suite file."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @field_validator("*", mode="before")
    @classmethod
    def _not_empty(cls, value: Any) -> Any:
        # `checks:` with nothing behind it would otherwise assert nothing in silence.
        if value is None:
            raise PydanticCustomError("empty", "is empty")
        # JSON knows one kind of number: 3.0 is a whole one.
        return int(value) if isinstance(value, float) and value.is_integer() else value
