"""Doubles for tests of agents and suites: a scripted agent, a scripted language model, and pytest fixtures."""

from ringback.testing.agent_call import AgentCall, LineClosed
from ringback.testing.agent_server import ScriptedAgentServer, echo
from ringback.testing.model_answers import (
    Asked,
    CallTool,
    DropConnection,
    RawAnswer,
    Stall,
    empty_choices,
    html_page,
    malformed_json,
    rate_limited,
    refused,
    server_error,
)
from ringback.testing.model_server import ScriptedModelServer
from ringback.testing.steps import (
    CloseLine,
    DropLine,
    Pause,
    RawBytes,
    RawText,
    content,
    end_call,
    metadata,
    tool_call,
    tool_result,
)

__all__ = [
    "AgentCall",
    "Asked",
    "CallTool",
    "CloseLine",
    "DropConnection",
    "DropLine",
    "LineClosed",
    "Pause",
    "RawAnswer",
    "RawBytes",
    "RawText",
    "ScriptedAgentServer",
    "ScriptedModelServer",
    "Stall",
    "content",
    "echo",
    "empty_choices",
    "end_call",
    "html_page",
    "malformed_json",
    "metadata",
    "rate_limited",
    "refused",
    "server_error",
    "tool_call",
    "tool_result",
]
