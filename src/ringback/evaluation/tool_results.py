"""When a tool's result is an error: agents report failure in many forms, so the rule is written down here, once.

A result is an error when it is, or parses as, a JSON object with
- a key `error`, `errors` or `exception` whose value is not empty, false or null,
- `success` or `ok` that is false, or `is_error` or `isError` that is true,
- `status`, `status_code`, `statusCode` or `code` that is a number (or its digits) from 400 to 599,
- `status` that is one of error, failed, failure;
or when it is text that begins with one of the words error, failed, failure, exception, traceback.
Everything else, an empty result too, is a success.
"""

import json
import re
from typing import Any, cast

from ringback.domain.conversation import Entry

_FIRST_WORD = re.compile(r"\W*(error|failed|failure|exception|traceback)\b", re.IGNORECASE)
_FAILING_STATUS = re.compile(r"[45]\d\d")


def error_in(result: Entry) -> str | None:
    """What makes a tool's result an error, in words; None where it is a success."""
    tool = result.tool
    value = tool.result if tool is not None and tool.result is not None else result.content
    if isinstance(value, str):
        value = _parsed(value)
    if isinstance(value, dict):
        return _error_in_object(cast("dict[str, Any]", value))
    if isinstance(value, str) and (found := _FIRST_WORD.match(value)):
        return f"its text begins with “{found[1]}”"
    return None


def _parsed(text: str) -> Any:
    if not text.lstrip().startswith(("{", '"')):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _error_in_object(result: dict[str, Any]) -> str | None:
    for key in ("error", "errors", "exception"):
        if result.get(key):
            return f"it has `{key}`"
    for key, failing in (("success", False), ("ok", False), ("is_error", True), ("isError", True)):
        if result.get(key) is failing:
            return f"`{key}` is {str(failing).lower()}"
    for key in ("status", "status_code", "statusCode", "code"):
        value = result.get(key)
        if isinstance(value, int | str) and not isinstance(value, bool) and _FAILING_STATUS.fullmatch(str(value)):
            return f"`{key}` is {value}"
    status = result.get("status")
    if isinstance(status, str) and status.lower() in ("error", "failed", "failure"):
        return f"`status` is “{status}”"
    return None
