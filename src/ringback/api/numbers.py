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


def number_schema(*, least: int = 1, most: int = LARGEST_ID) -> WithJsonSchema:
    """For the API's document: a number, or a string of digits."""
    digits = {"type": "string", "pattern": "^[1-9][0-9]{0,9}$"}
    return WithJsonSchema({"anyOf": [{"type": "integer", "minimum": least, "maximum": most}, digits]}, "validation")


Number = Annotated[int, BeforeValidator(_read), number_schema()]
"""A whole number that may be written as a string; described as the number of a record, which it mostly is."""

Id = Annotated[
    int,
    BeforeValidator(_read),
    Field(le=LARGEST_ID),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": LARGEST_ID}, mode="validation"),
]
"""The number of a record in a path: what is no number there is a record that does not exist, 404."""
