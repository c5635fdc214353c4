"""The API's OpenAPI 3.1 document: FastAPI's, with names for operations, all errors, and all ways to give a key."""

from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi

from ringback.api import document_examples, document_schemas
from ringback.api.access import NEEDED
from ringback.api.mounting import Mounted, families
from ringback.api.sharing import SHARE_HEADER, shared_result
from ringback.api.twins import is_api
from ringback.domain.api_key import Scope

SUMMARY = "Simulated callers hold conversations with your agent, and tell with numbers whether it is good."
DESCRIPTION = """\
Keep agents, scenarios, test profiles, personalities and metrics; ask for runs; read results.

**Paths.** Every operation under `/test_framework/v1/X/` is also served, by the same handler, under its twins
`/test_framework/v1/X-external/` and `/test_framework/v2/X/`, and each of these with or without the slash at the end.
Nothing is redirected. Only the first spelling is listed here, except where version 2 has a form of its own.

**Keys.** Send an API key as `X-VOCERA-API-KEY`, as `X-CEKURA-API-KEY` or as `Authorization: Bearer`. A key has a scope:
`read` looks, `run` also starts runs and edits what they are made of, `admin` also edits agents and keys.

Who was given a share link can read that one result and its runs with its token as `X-VOCERA-SHAREABLE-LINK-TOKEN`.

**Numbers.** Wherever a number is expected, a string of digits is taken too.

**Errors.** `{"field": ["sentence", …]}` where fields are wrong, `{"detail": "sentence"}` otherwise. What the reference
product has and Ringback does not have yet answers 501 with a sentence.

**Lists** come in pages: `{"count", "next", "previous", "results"}`, where `next` is an absolute address.
"""

TAGS = {
    "scenarios": "What a caller wants and does, and what counts as success. Run requests start here.",
    "results": "The batch of runs that one request made.",
    "runs": "One conversation of one scenario, with its evaluation.",
    "agents": "The systems under test, and how to reach them.",
    "metrics": "What is measured or judged on a run.",
    "personalities": "How a caller behaves.",
    "test profiles": "Data of one customer, which scenarios refer to.",
    "phone numbers": "Ours, which outbound agents call.",
    "keys": "API keys. Only keys of scope admin reach them.",
    "shared": "Results that somebody shared by a link.",
    "health": "For load balancers and Prometheus; no key is asked for.",
}
_FAMILY_TAGS = {
    "aiagents": "agents",
    "test-profiles": "test profiles",
    "predefined-metrics": "metrics",
    "phone-numbers": "phone numbers",
    "share": "shared",
    "user-api-key": "keys",
}

SECURITY = {
    "VoceraApiKey": {"type": "apiKey", "in": "header", "name": "X-VOCERA-API-KEY"},
    "CekuraApiKey": {"type": "apiKey", "in": "header", "name": "X-CEKURA-API-KEY"},
    "Bearer": {"type": "http", "scheme": "bearer"},
}
SHARED = {
    "ShareToken": {
        "type": "apiKey",
        "in": "header",
        "name": SHARE_HEADER.upper(),
        "description": "The token of a share link: reads the one result that was shared, and its runs.",
    }
}

_DETAIL = {
    "type": "object",
    "title": "Error",
    "examples": [{"detail": "Not found."}],
    "description": "What is wrong, in a sentence.",
    "properties": {"detail": {"type": "string", "description": "The sentence.", "examples": ["Not found."]}},
    "required": ["detail"],
}
_FIELDS = {
    "title": "FieldErrors",
    "description": "What is wrong with which field; or, where it is the request as a whole, a list of sentences.",
    "anyOf": [
        {
            "type": "object",
            "additionalProperties": {
                "anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string"}],
            },
        },
        {"type": "array", "items": {"type": "string"}},
    ],
    "examples": [{"scenarios": ["This field is required."]}, {"detail": "JSON parse error."}],
}
_RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
_ERRORS: dict[int, tuple[str, str, bool]] = {
    400: ("FieldErrors", "Something in the request is wrong.", False),
    401: ("Error", "No API key, or one that is unknown or revoked.", False),
    403: ("Error", "The key's scope does not reach that far.", False),
    404: ("Error", "There is nothing of that number.", False),
    409: ("Error", "It does not go with what is there.", False),
    413: ("Error", "The body is too large.", False),
    429: ("Error", "The key made too many requests in a minute.", True),
    501: ("Error", "The reference product has it and Ringback does not have it yet.", False),
    503: ("Error", "The database cannot be used at this moment.", True),
}
_CHANGING = ("post", "put", "patch", "delete")
_COLLECTION = {"get": "list", "post": "create", "put": "replace", "patch": "update", "delete": "delete"}
_ITEM = {"get": "read", "post": "create", "put": "replace", "patch": "update", "delete": "delete"}


def document_of(app: FastAPI) -> dict[str, Any]:
    """The document, with the address of this application's server."""
    if app.openapi_schema is None:
        server = (app.state.services.settings.public_url or "").rstrip("/") or "/"
        app.openapi_schema = {**_of_all_routes(app.title), "servers": [{"url": server}]}
    return app.openapi_schema


@cache  # as the routes are: applications that follow each other in one process share it, and it takes half a second
def _of_all_routes(title: str) -> dict[str, Any]:
    router, mounted = families()
    document = _complete(
        get_openapi(
            title=title,
            version=version("ringback"),
            openapi_version="3.1.0",
            summary=SUMMARY,
            description=DESCRIPTION,
            routes=router.routes,
            servers=[{"url": "/"}],
            tags=[{"name": name, "description": words} for name, words in TAGS.items()],
        )
    )
    _add_scopes(document, mounted)
    return document


def _add_scopes(document: dict[str, Any], mounted: Mounted) -> None:
    """Say of each operation how far a key has to reach, and whether the token of a share link does instead."""
    for prefix, route in mounted.routes():
        calls = list(_calls(route.dependant))
        scope = next((NEEDED[call] for call in calls if call in NEEDED), None)
        need = f"Needs a key of scope `{scope}`." if scope else None
        if shared_result in calls:
            need = f"Needs a key of scope `{Scope.READ}`, or the token of a share link."
        for method in route.methods or ():
            operation = document["paths"].get(prefix + route.path, {}).get(method.lower())
            if operation is None or need is None:
                continue
            described = operation.get("description") or operation["summary"]
            operation["description"] = f"{described}\n\n{need}"
            if shared_result in calls:
                operation["security"] = [*operation["security"], *({name: []} for name in SHARED)]


def _calls(dependant: Dependant) -> Iterator[Any]:
    for inner in dependant.dependencies:
        yield inner.call
        yield from _calls(inner)


def _complete(document: dict[str, Any]) -> dict[str, Any]:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas |= {"Error": _DETAIL, "FieldErrors": _FIELDS}
    components["securitySchemes"] = {**SECURITY, **SHARED}
    components["responses"] = {str(status): _response(status) for status in _ERRORS}
    for path, method, operation in _operations(document):
        operation["operationId"] = operation_id(method, path)
        operation.setdefault("tags", [_tag(path)])
        operation["responses"].pop("422", None)
        if not is_api(path):
            operation["security"] = []
            continue
        operation["security"] = [{name: []} for name in SECURITY]
        for status in _statuses(method, path, operation):
            operation["responses"].setdefault(str(status), {"$ref": f"#/components/responses/{status}"})
        operation["responses"] = dict(sorted(operation["responses"].items()))
    document_examples.complete(document)
    document_schemas.finish(schemas)
    return document


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in _COLLECTION:
            if method in item:
                yield path, method, item[method]


def _response(status: int) -> dict[str, Any]:
    schema, description, waits = _ERRORS[status]
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": description, "content": content, **({"headers": _RETRY_AFTER} if waits else {})}


def _statuses(method: str, path: str, operation: dict[str, Any]) -> Iterator[int]:
    yield from (400, 401, 403, 429, 503)
    if "{" in path or method == "get":
        yield 404  # also of a list: a page that it does not have
    if method in _CHANGING:
        yield from (409, 501)
    if "requestBody" in operation:
        yield 413


def operation_id(method: str, path: str) -> str:
    """The name that generated clients give to an operation: `scenarios_list`, `runs_end_call`, `results_read`."""
    parts = [part for part in path.split("/") if part]
    version_two = parts[:2] == ["test_framework", "v2"]
    words = [part for part in parts if part not in ("test_framework", "v1", "v2", "api", "user")]
    literal = [word for word in words if not word.startswith("{")]
    if not literal:
        return method
    name = "_".join(literal).replace("-", "_")
    if len(literal) == 1:
        name += f"_{(_ITEM if words[-1].startswith('{') else _COLLECTION)[method]}" if is_api(path) else ""
    elif words[-1].startswith("{"):
        name += f"_{_ITEM[method]}"
    elif method not in ("get", "post"):
        name += f"_{method}"
    return f"v2_{name}" if version_two else name


def _tag(path: str) -> str:
    words = [part for part in path.split("/") if part]
    family = next((word for word in words if word not in ("test_framework", "v1", "v2", "api", "user")), "health")
    return _FAMILY_TAGS.get(family, family)
