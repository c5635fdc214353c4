"""Doubles for tests of agents and suites: agents that write, speak or telephone, models, and pytest fixtures.

Names are loaded when they are used: pytest imports this package at its start, whether a test needs it or not.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
    from ringback.testing.sip_agent_call import SipAgentCall
    from ringback.testing.sip_agent_server import SipAgentServer
    from ringback.testing.speech_requests import AskedToHear, AskedToSpeak, CloseSocket, CutShort, Transcript
    from ringback.testing.speech_server import ScriptedSpeechServer
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
    from ringback.testing.threaded import in_thread
    from ringback.testing.voice_agent_call import VoiceAgentCall
    from ringback.testing.voice_agent_server import VoiceAgentServer

__all__ = [
    "AgentCall",
    "Asked",
    "AskedToHear",
    "AskedToSpeak",
    "CallTool",
    "CloseLine",
    "CloseSocket",
    "CutShort",
    "DropConnection",
    "DropLine",
    "LineClosed",
    "Pause",
    "RawAnswer",
    "RawBytes",
    "RawText",
    "ScriptedAgentServer",
    "ScriptedModelServer",
    "ScriptedSpeechServer",
    "SipAgentCall",
    "SipAgentServer",
    "Stall",
    "Transcript",
    "VoiceAgentCall",
    "VoiceAgentServer",
    "content",
    "echo",
    "empty_choices",
    "end_call",
    "html_page",
    "in_thread",
    "malformed_json",
    "metadata",
    "rate_limited",
    "refused",
    "server_error",
    "tool_call",
    "tool_result",
]

_VOICE = ("voice_agent_server", "voice_agent_call", "sip_agent_server", "sip_agent_call")
"""Last, for they load what reckons with sound."""

_MODULES = (
    "agent_server",
    "agent_call",
    "model_server",
    "model_answers",
    "speech_requests",
    "speech_server",
    "steps",
    "threaded",
    *_VOICE,
)


def __getattr__(name: str) -> Any:
    if name in __all__:
        for module in _MODULES:
            found = import_module(f"{__name__}.{module}")
            if name in vars(found):
                return vars(found)[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
