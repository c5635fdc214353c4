"""The JSON Schema of suite files, made from the format that the loader validates with."""

from copy import deepcopy
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from ringback.library.suite_format import SuiteFile

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Generator(GenerateJsonSchema):
    """A key that is left out is left out: none may be null."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        made = super().default_schema(schema)
        if made.get("default", ...) is None:
            made.pop("default")
        return made


def suite_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of suite files, for editors and other tools."""
    schema = SuiteFile.model_json_schema(by_alias=True, schema_generator=_Generator)
    return {"$schema": DIALECT, **deepcopy(schema)}
