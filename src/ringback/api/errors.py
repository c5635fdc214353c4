"""How errors are answered: one table from exceptions to statuses and bodies, in the reference's shapes.

A body is `{"field": ["sentence", …]}` where fields of a request are wrong, and `{"detail": "sentence"}` everywhere
else.
"""

import logging
import math
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException

from ringback import errors
from ringback.api.fields import fields_of
from ringback.storage.retrying import was_cut

logger = logging.getLogger(__name__)

RETRY_AFTER_STORAGE = 2
"""Seconds after which a client may look whether the database is back."""


def answer_to(error: Exception) -> JSONResponse:
    """The answer to an exception; one that nobody expected is logged under an id that the answer names."""
    for kind in type(error).__mro__:
        if kind in _TABLE:
            return _TABLE[kind](error)
    return _unknown(error)


def _detail(status: int, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"detail": message}, status, headers)


def _plainly(status: int) -> Callable[[Any], JSONResponse]:
    return lambda error: _detail(status, str(error))


def _fields(error: errors.InvalidFields) -> JSONResponse:
    return JSONResponse(error.fields, 400)


def _sentences(error: errors.InvalidRequest) -> JSONResponse:
    """The reference's bare list, e.g. of an agent without the connection that is asked for."""
    return JSONResponse([str(error)], 400)


def _problems(error: errors.SuiteError) -> JSONResponse:
    """Of a suite that came in a request: by place in the document."""
    fields: dict[str, list[str]] = {}
    for problem in error.problems:
        sentence = f"{problem.message} {problem.remedy}".rstrip()
        fields.setdefault(problem.path or "non_field_errors", []).append(sentence)
    return JSONResponse(fields, 400)


def _unauthenticated(error: errors.Unauthenticated) -> JSONResponse:
    return _detail(401, str(error), {"WWW-Authenticate": "Bearer"})


def _too_many(error: errors.TooManyRequests) -> JSONResponse:
    return _detail(429, str(error), {"Retry-After": str(max(1, math.ceil(error.retry_after)))})


def _storage(error: errors.StorageError) -> JSONResponse:
    """The sentence names files and machines, which are the operator's business: it goes to the log."""
    if isinstance(error.__cause__, OverflowError | DataError):
        return _detail(400, "The request has a value that can neither be kept nor looked for, e.g. too large a number.")
    # In an outage each request says so, and a traceback adds nothing.
    logger.error("The database cannot be used: %s", error, exc_info=None if was_cut(error.__cause__) else error)
    again = {"Retry-After": str(RETRY_AFTER_STORAGE)}
    return _detail(503, "The database cannot be used at this moment. Try again in a few seconds.", again)


def _invalid(error: RequestValidationError) -> JSONResponse:
    problems = error.errors()
    if any(problem["loc"][0] == "path" for problem in problems):
        return _detail(404, "Not found.")  # what is no number is the number of nothing
    broken = next((problem for problem in problems if problem["type"] == "json_invalid"), None)
    if broken is not None:
        return _detail(400, f"JSON parse error - {broken['ctx']['error']} (character {broken['loc'][-1]}).")
    return JSONResponse(fields_of(problems), 400)


_WORDS = {404: "Not found.", 405: "This method is not allowed here."}


def _http(error: HTTPException) -> JSONResponse:
    return _detail(error.status_code, _WORDS.get(error.status_code, str(error.detail)), error.headers)


def _unknown(error: Exception) -> JSONResponse:
    number = secrets.token_hex(4)
    logger.error("Internal error %s", number, exc_info=error)
    return _detail(500, f"An internal error; the server's log has it as {number}.")


_TABLE: dict[type, Callable[[Any], JSONResponse]] = {
    errors.SuiteError: _problems,
    errors.InvalidFields: _fields,
    errors.InvalidRequest: _sentences,
    errors.NotFound: _plainly(404),
    errors.Conflict: _plainly(409),
    errors.Unauthenticated: _unauthenticated,
    errors.Forbidden: _plainly(403),
    errors.TooLarge: _plainly(413),
    errors.TooManyRequests: _too_many,
    errors.NotAvailable: _plainly(501),
    errors.UsageError: _plainly(400),
    errors.StorageError: _storage,
    RequestValidationError: _invalid,
    HTTPException: _http,
}
