"""The filters of the list of runs as the API's document describes them; `run_filters.py` reads them.

They are described and not declared: a wrong value is answered in the reference product's words, by whoever reads it.
"""

from typing import Any

from ringback.api.numbers import LARGEST_ID
from ringback.api.run_filters import FILTERS
from ringback.storage.reading_status import Shown

_NUMBER = {"type": "integer", "minimum": 1, "maximum": LARGEST_ID}
_WORD = {"type": "string"}
_STATUS = {"type": "string", "enum": list(Shown)}
_MOMENT = {"type": "string", "format": "date-time", "examples": ["2027-01-31T12:00:00Z"]}
_SECONDS = {"type": "number", "minimum": 0, "examples": [90]}
_MOMENTS = {"type": "string", "examples": ["2027-01-31T00:00:00Z,2027-02-01T00:00:00Z"]}
_SPAN = {"type": "string", "pattern": r"^[0-9.]*,[0-9.]*$", "examples": ["30,90"]}
_TRUTH = {"type": "boolean"}
_RATE = {"type": "integer", "enum": [0, 100]}


def _several(item: dict[str, Any], *examples: Any) -> dict[str, Any]:
    listed = {"type": "array", "items": item, "minItems": 1}
    return {**listed, "examples": [list(examples)]} if examples else listed


_NUMBERS = _several(_NUMBER, 1, 2)
_SHAPES: dict[str, dict[str, Any]] = {
    "id": _NUMBER,
    "id__in": _NUMBERS,
    "result_id": _NUMBER,
    "result__id": _NUMBER,
    "agent_id": _NUMBER,
    "assistant_id": _WORD,
    "status": _STATUS,
    "status__in": _several(_STATUS, "completed", "failed"),
    "success": _TRUTH,
    "success_rate": _RATE,
    "scenario__id": _NUMBER,
    "scenario__id__in": _NUMBERS,
    "scenarios": _NUMBERS,
    "personality__id": _NUMBER,
    "personality__id__in": _NUMBERS,
    "personalities": _NUMBERS,
    "metrics": _several(_WORD, "1", "latency"),
    "tags": _several(_WORD, "nightly", "booking"),
    "search": _WORD,
    "call_id": _WORD,
    "call_id__icontains": _WORD,
    "provider_call_id": _WORD,
    "provider_call_id__icontains": _WORD,
    "call_ended_reason": {"type": "string", "examples": ["Main agent-ended-call"]},
    "call_ended_reason__in": _several(_WORD, "Main agent-ended-call", "Testing agent-ended-call"),
    "call_ended_reason__icontains": {"type": "string", "examples": ["ended-call"]},
    "timestamp__gte": _MOMENT,
    "timestamp__lte": _MOMENT,
    "created_at_from": _MOMENT,
    "created_at_to": _MOMENT,
    "created_at_range": _MOMENTS,
    "duration__gte": _SECONDS,
    "duration__lte": _SECONDS,
    "duration_range": _SPAN,
    "result__run_as_text": _TRUTH,
}


def _parameter(name: str, means: str) -> dict[str, Any]:
    shape = _SHAPES[name]
    said: dict[str, Any] = {"name": name, "in": "query", "required": False, "description": means, "schema": shape}
    # Several values stand in one parameter, with commas between them.
    return {**said, "style": "form", "explode": False} if shape["type"] == "array" else said


PARAMETERS = [_parameter(name, known.means) for name, known in FILTERS.items()]
"""For the API's document."""
