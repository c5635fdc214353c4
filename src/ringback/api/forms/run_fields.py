"""The kinds of fields that run requests have, as loose as the reference product's clients are."""

from typing import Annotated, Any, cast

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, TypeAdapter, WithJsonSchema
from pydantic_core import PydanticCustomError

from ringback.api.numbers import Number, number_schema
from ringback.errors import UsageError
from ringback.library.addresses import checked_url
from ringback.library.telephone_addresses import checked_caller, checked_telephone

_SELECTOR = 'Give a list of scenario ids, "all", or how many of the agent\'s scenarios to run.'
_numbers = TypeAdapter(list[Number])
_number = TypeAdapter(Number)


def _selector(value: Any) -> Any:
    if isinstance(value, str) and value.strip().lower() == "all":
        return "all"
    if isinstance(value, list):
        try:
            return tuple(dict.fromkeys(_numbers.validate_python(value)))
        except ValueError:
            sentence = "Each id has to be a whole number, or a string of digits."
            raise PydanticCustomError("selector", sentence) from None
    if not _is_number(value):
        raise PydanticCustomError("selector", "{sentence}", {"sentence": _SELECTOR})
    return _number.validate_python(value)


def _is_number(value: Any) -> bool:
    try:
        _number.validate_python(value)
    except ValueError:
        return False
    return True


def _text_of_id(value: Any) -> Any:
    """The reference compares ids at providers as text, and clients send either."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:g}" if isinstance(value, float) and value.is_integer() else str(value)
    return value


def _texts(value: Any) -> Any:
    """Values of headers: what is no text in JSON is written as JSON."""
    if not isinstance(value, dict):
        return value
    headers: dict[str, Any] = {}
    for name, one in cast("dict[str, Any]", value).items():
        if isinstance(one, bool):
            headers[name] = "true" if one else "false"
        else:
            headers[name] = str(one) if isinstance(one, int | float) else one
    return headers


def _url(value: str) -> str:
    try:
        return checked_url(value)
    except UsageError as error:
        raise PydanticCustomError("url", "{sentence}", {"sentence": str(error)}) from None


def _sip_address(value: str) -> str:
    if value and not value.lower().startswith(("sip:", "sips:")):
        raise PydanticCustomError("sip_address", "A SIP address begins with sip: or sips:.")
    try:
        return checked_telephone(value) if value else value
    except UsageError as error:
        raise PydanticCustomError("sip_address", "{sentence}", {"sentence": str(error)}) from None


def _number_text(value: str) -> str:
    try:
        return checked_caller(value) if value else value
    except UsageError as error:
        raise PydanticCustomError("telephone_number", "{sentence}", {"sentence": str(error)}) from None


def _no_truth(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("float_type", "A valid number is required.")
    return value


def _unique(value: list[int]) -> list[int]:
    return list(dict.fromkeys(value))


ScenarioSelector = Annotated[
    Any,
    BeforeValidator(_selector),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "items": {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^[0-9]+$"}]}},
                {"const": "all"},
                {"type": "integer", "minimum": 1},
                {"type": "string", "pattern": "^[1-9][0-9]{0,8}$"},
            ]
        }
    ),
]
"""A tuple of ids, `all`, or how many."""

ProviderId = Annotated[
    Annotated[str, StringConstraints(strip_whitespace=True, max_length=255)],
    BeforeValidator(_text_of_id),
    WithJsonSchema({"anyOf": [{"type": "string", "maxLength": 255}, {"type": "integer"}]}),
]
"""Id of an agent at its provider: any text or number, compared as text."""

Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]

Ids = Annotated[list[Number], Field(max_length=1000), AfterValidator(_unique)]
"""Each number once."""

SocketUrl = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=4096),
    AfterValidator(_url),
    WithJsonSchema({"type": "string", "pattern": "^[wW][sS][sS]?://.+", "maxLength": 4096}),
]
"""`ws://` or `wss://`."""

SipAddress = Annotated[str, StringConstraints(strip_whitespace=True, max_length=255), AfterValidator(_sip_address)]
"""`sip:` or `sips:`."""

TelephoneNumber = Annotated[
    str,
    BeforeValidator(_text_of_id),
    StringConstraints(strip_whitespace=True, max_length=255),
    AfterValidator(_number_text),
    WithJsonSchema({"type": "string", "maxLength": 255}),
]
"""A telephone number, as text or a number; or the user of a SIP address."""

Headers = Annotated[
    dict[str, str],
    Field(max_length=100),
    BeforeValidator(_texts),
    WithJsonSchema({"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}),
]
"""Names and values of headers."""

Seconds = Annotated[float, BeforeValidator(_no_truth), Field(ge=1, le=3600)]
"""1 to 3600."""

Count = Annotated[Number, Field(ge=1), number_schema()]
"""A whole number from 1."""

CountTo100 = Annotated[Number, Field(ge=1, le=100), number_schema(most=100)]
"""A whole number from 1 to 100."""
