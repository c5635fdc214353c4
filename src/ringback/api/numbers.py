"""Numbers as the reference's clients send them: as JSON numbers or as strings of digits."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

LARGEST = 2**63 - 1
"""What a database holds in its widest columns."""
LARGEST_ID = 2**31 - 1
"""What it holds in columns of record numbers."""

_DIGITS = re.compile(r"[+-]?[0-9]{1,20}", re.ASCII)


def _read(value: Any) -> Any:
    if isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or (isinstance(value, float) and value % 1):
        raise PydanticCustomError("int_parsing", "A valid integer is required.")
    if abs(value) > LARGEST:
        raise PydanticCustomError("int_too_large", "There is no number as large as this.")
    return int(value)


_SCHEMA = {
    "anyOf": [
        {"type": "integer", "minimum": -LARGEST, "maximum": LARGEST},
        {"type": "string", "pattern": "^[0-9]{1,18}$"},
    ]
}

Number = Annotated[int, BeforeValidator(_read), WithJsonSchema(_SCHEMA, mode="validation")]
"""A whole number that may be written as a string."""

Id = Annotated[
    int,
    BeforeValidator(_read),
    Field(le=LARGEST_ID),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": LARGEST_ID}, mode="validation"),
]
"""The number of a record in a path: what is no number there is a record that does not exist, 404."""
