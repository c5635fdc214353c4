"""Transcripts in the reference product's two shapes: text, and a list of objects."""

import json
from datetime import timedelta
from typing import Any

from ringback.domain.conversation import Conversation, Entry, Role
from ringback.evaluation.unheard import NOT_RECOGNISED, is_unheard

_SPEAKERS = (Role.CALLER, Role.AGENT)


def clock(seconds: float) -> str:
    """`MM:SS`; more than 99 minutes take more digits."""
    minutes, rest = divmod(int(max(0.0, seconds)), 60)
    return f"{minutes:02d}:{rest:02d}"


def transcript_text(conversation: Conversation | None) -> str:
    """`[MM:SS] Testing Agent: …` and `[MM:SS] Main Agent: …`, one a line; what was said goes on one line.

    Words that were not recognised are shown as such. Tool calls are in the list of objects only.
    """
    if conversation is None:
        return ""
    lines = ((entry, _said(entry)) for entry in conversation.entries if entry.role in _SPEAKERS)
    return "\n".join(
        f"[{clock(entry.start)}] {entry.role.value}: {' '.join(said.split())}" for entry, said in lines if said
    )


def _said(entry: Entry) -> str:
    return NOT_RECOGNISED if is_unheard(entry) else entry.content


def transcript_object(conversation: Conversation | None) -> list[dict[str, Any]]:
    """Every entry, tool calls and results with their `data`."""
    return [] if conversation is None else [_entry(conversation, entry) for entry in conversation.entries]


def _entry(conversation: Conversation, entry: Entry) -> dict[str, Any]:
    item: dict[str, Any] = {
        "role": entry.role.value,
        "content": "" if entry.tool is not None else entry.content,
        "time": clock(entry.start),
        "start_time": round(entry.start, 3),
        "end_time": round(entry.end, 3),
        "timestamp": (conversation.started_at + timedelta(seconds=entry.start)).isoformat(),
    }
    if entry.tool is not None:
        data: dict[str, Any] = {"id": entry.tool.id, "name": entry.tool.name}
        if entry.role is Role.TOOL_CALL:
            data["arguments"] = _as_text(entry.tool.arguments)
        else:
            data["result"] = _as_text(entry.tool.result)
        item["data"] = data
    if entry.latency is not None:
        item["latency"] = round(entry.latency, 4)
    if entry.ends_call:
        item["type"] = "end_call"
    if entry.recognition is not None:
        item["recognition"] = {
            "mode": entry.recognition.mode.value,
            "matched": entry.recognition.matched,
            "confidence": entry.recognition.confidence,
        }
    if entry.interrupted:
        item["interrupted"] = True
    return item


def _as_text(value: Any) -> str:
    """Arguments and results are text in the reference product: JSON text, or what the agent sent as text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
