"""What the records of the library have in common: forms that are filled in, and the sentences about what is wrong.

A form is lenient where the reference product's clients are loose (fields that are not known are passed over, null
stands for the default, numbers may come as text) and strict about everything else.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, TypeVar, cast

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError, PydanticUndefined

from ringback.errors import InvalidFields, NotFound

_DEEPEST = 50
"""Levels of objects and lists inside of each other."""

_NAMES = ("name", "agent_name")
"""Fields whose blanks at the ends mean nothing."""

BLANK = "This field may not be blank."

_UNFIT = re.compile("[\0\ud800-\udfff]")

_Form = TypeVar("_Form", bound="Form")


class Form(BaseModel, frozen=True):
    """What a request says of a record."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    @field_validator("*", mode="before")
    @classmethod
    def _kept_as_text(cls, value: Any, info: ValidationInfo) -> Any:
        if value is None and info.field_name in cls.model_fields:
            default = cls.model_fields[info.field_name].get_default(call_default_factory=True)
            return None if default is PydanticUndefined else default
        check_text(value)
        return value.strip() if info.field_name in _NAMES and isinstance(value, str) else value

    def given(self) -> dict[str, Any]:
        """The fields that the request names, as JSON values."""
        return self.model_dump(mode="json", exclude_unset=True)


def _whole(value: Any) -> Any:
    if isinstance(value, bool | float) and not (isinstance(value, float) and value.is_integer()):
        raise PydanticCustomError("number", "A valid integer is required.")
    if isinstance(value, str) and not (value.isascii() and value.lstrip("-").isdigit()):
        raise PydanticCustomError("number", "A valid integer is required.")
    return value


RecordNumber = Annotated[int, BeforeValidator(_whole, json_schema_input_type=int | str)]
"""The number of a record: a number, or text that is one."""

Trimmed = Annotated[str, StringConstraints(strip_whitespace=True)]
"""Text whose blanks at the ends mean nothing."""

AnyProject = Annotated[Any, WithJsonSchema({"type": ["integer", "string", "null"]})]
"""There is one project, and clients name one."""


def filled_in(form: type[_Form], value: Mapping[str, Any]) -> _Form:
    """The form with these values. Raises `InvalidFields`."""
    try:
        return form.model_validate(value)
    except ValidationError as error:
        raise InvalidFields(sentences_of(error)) from None


def sentences_of(error: ValidationError) -> dict[str, list[str]]:
    """What is wrong with each field: `{"metrics[0]": ["A valid integer is required."]}`."""
    fields: dict[str, list[str]] = {}
    for detail in error.errors(include_url=False, include_input=False):
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in detail["loc"]).lstrip(".")
        sentence = _sentence(detail)
        sentences = fields.setdefault(place or "non_field_errors", [])
        if sentence not in sentences:
            sentences.append(sentence)
    return fields


def _sentence(detail: ErrorDetails) -> str:
    if detail["type"] == "string_too_short" and detail.get("ctx", {}).get("min_length") == 1:
        return BLANK
    return "This field is required." if detail["type"] == "missing" else detail["msg"].rstrip(".") + "."


def refuse(fields: Mapping[str, Sequence[str]]) -> None:
    """Raise `InvalidFields` where any field has a sentence."""
    wrong = {field: sentences for field, sentences in fields.items() if sentences}
    if wrong:
        raise InvalidFields(wrong)


def does_not_exist(number: object) -> str:
    """The sentence about a number that no record has."""
    return f'Invalid pk "{number}" - object does not exist.'


def missing_among(wanted: Iterable[int], found: Iterable[int]) -> list[str]:
    """A sentence for each number that was not found."""
    there = set(found)
    return [does_not_exist(number) for number in dict.fromkeys(wanted) if number not in there]


def no_such(kind: str, number: object) -> NotFound:
    """The error about a number in an address."""
    return NotFound(f"There is no {kind} {number}.")


def check_text(value: Any, depth: int = 0) -> None:
    """Raise a validation error for text that no database keeps, and for values nested without end."""
    if depth > _DEEPEST:
        raise PydanticCustomError("too_deep", "This is nested too deeply.")
    if isinstance(value, str):
        if found := _UNFIT.search(value):
            if found.group() == "\0":
                raise PydanticCustomError("null_character", "Null characters are not allowed.")
            raise PydanticCustomError("surrogate", "This is not valid Unicode text.")
    elif isinstance(value, Mapping):
        for key, inner in cast("Mapping[Any, Any]", value).items():
            check_text(key, depth + 1)
            check_text(inner, depth + 1)
    elif isinstance(value, list | tuple):
        for inner in cast("Sequence[Any]", value):
            check_text(inner, depth + 1)
