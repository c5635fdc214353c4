"""A scripted model that plays a caller of the demo clinic, and judges by looking for the words that matter."""

import re
from typing import Any

from ringback.testing import Asked, CallTool, ScriptedModelServer

_LINES = (
    ("is booked", ""),
    ("shall i book", "Yes, please."),
    ("what time", "At ten o'clock, please."),
    ("which day", "On Tuesday, please."),
    ("your name", "It is Ada Byron."),
    ("are open from", "Thank you. I would like to book an appointment."),
    ("", "I would like to book an appointment, please."),
)
_FENCED = re.compile(r"=== expected \w+ ===\n(.*?)\n=== expected", re.DOTALL)
_SPOKEN = re.compile(r"^\[(\d+)\] agent: (.*)$", re.MULTILINE)


def scripted_model() -> ScriptedModelServer:
    """A model that books a visit politely and judges that it was booked."""
    model = ScriptedModelServer(_caller)
    model.on(shape="Verdict", answer=_verdict)
    model.on(wants_object=True, answer=_value)
    return model


def _caller(asked: Asked) -> str | CallTool:
    heard = asked.last.lower()
    words = next(words for sign, words in _LINES if sign in heard)
    if words:
        return words
    hang_up = {"reason": "outcome_reported", "agent_words": "Your appointment is booked"}
    return CallTool("hang_up", hang_up, "Thank you, goodbye.")


def _evidence(prompt: str) -> dict[str, Any]:
    """The agent's line with the booking, else its last."""
    lines = _SPOKEN.findall(prompt)
    number, quote = next((line for line in lines if "is booked" in line[1]), lines[-1])
    return {"entry": int(number), "speaker": "agent", "quote": quote}


def _verdict(asked: Asked) -> dict[str, Any]:
    prompt = asked.said_by("user")
    expectation = _FENCED.findall(prompt)[-1]
    part = {"part": expectation, "explanation": "The agent says so.", "evidence": [_evidence(prompt)]}
    return {"parts": [{**part, "absence": False, "answer": "met"}]}


def _value(asked: Asked) -> dict[str, Any]:
    found = {"explanation": "The agent is polite.", "evidence": [_evidence(asked.said_by("user"))], "absence": False}
    return {**found, "status": "value", "value": True}
