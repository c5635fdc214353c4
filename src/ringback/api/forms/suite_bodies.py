"""Bodies of requests that bring a suite: JSON with the suite in it, or a form with it as a file."""

import asyncio
import json
from typing import Any

from fastapi import Request
from pydantic import ValidationError
from pydantic_core import PydanticCustomError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from ringback.api.fields import fields_of
from ringback.api.forms.suite_requests import SuiteForm
from ringback.errors import InvalidFields, UsageError
from ringback.library.document import Unreadable, parse, spell
from ringback.library.form import check_text

_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
_AS_JSON = frozenset({"websocket_headers"})
"""Fields that a form has as JSON text."""

REQUEST_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": SuiteForm.model_json_schema()},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        **SuiteForm.model_json_schema()["properties"],
                        "file": {"type": "string", "format": "binary", "description": "The suite, YAML or JSON."},
                    },
                }
            },
        },
    }
}
"""For the API's document."""


async def read_suite_body(request: Request, largest: int) -> tuple[SuiteForm, Any]:
    """The request and its suite as plain values.

    Args:
        request: whose body it is.
        largest: bytes that a part of a form may have.

    Raises:
        InvalidFields: fields of the wrong kind, or no suite that can be read.
        UsageError: a body that is no JSON.
    """
    form = request.headers.get("content-type", "").lower().startswith(_FORMS)
    said, file = await _form(request, largest) if form else (await _json(request), None)
    try:
        body = SuiteForm.model_validate(said)
    except ValidationError as error:
        raise InvalidFields(
            fields_of({**problem, "loc": ("body", *problem["loc"])} for problem in error.errors())
        ) from None
    if file is not None and body.spec is not None:
        raise InvalidFields({"spec": ["Send either `spec` or `file`, not both."]})
    if file is not None:
        return body, await _parsed("file", file)
    if body.spec is None:
        raise InvalidFields({"spec": ["This field is required: the suite to run, or a `file` with it."]})
    return body, await _parsed("spec", body.spec.encode()) if isinstance(body.spec, str) else body.spec


async def _json(request: Request) -> Any:
    try:
        return json.loads(await request.body())
    except ValueError as error:
        raise UsageError(f"JSON parse error - {error}.") from None


async def _form(request: Request, largest: int) -> tuple[dict[str, Any], bytes | None]:
    said: dict[str, Any] = {}
    file: bytes | None = None
    try:
        async with request.form(max_files=1, max_fields=50, max_part_size=largest) as parts:
            for name, part in parts.multi_items():
                if isinstance(part, UploadFile):
                    file = await part.read()
                elif part:  # a field that was left empty is one that was left out
                    said[name] = _value(name, part)
    except HTTPException as error:
        if error.status_code != 400:  # noqa: PLR2004 - too large, say
            raise
        raise UsageError(f"Form parse error - {error.detail}") from None
    _check("non_field_errors", {name: value for name, value in said.items() if name != "spec"})
    return said, file


def _value(name: str, text: str) -> Any:
    if name not in _AS_JSON:
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


async def _parsed(field: str, data: bytes) -> Any:
    """The values in YAML or JSON."""
    try:
        # Large YAML takes seconds, and others are being answered.
        document = await asyncio.to_thread(parse, data)
    except Unreadable as error:
        where = f" (line {error.line})" if error.line else ""
        raise InvalidFields({field: [f"{str(error).removesuffix('.')}{where}. {error.remedy}"]}) from None
    if document.duplicates:
        twice = [f"{spell(place)} stands there twice. Keep one of them." for place in document.duplicates]
        raise InvalidFields({field: twice})
    _check(field, document.value)
    return document.value


def _check(field: str, value: Any) -> None:
    try:
        check_text(value)
    except PydanticCustomError as error:
        raise InvalidFields({field: [error.message()]}) from None
