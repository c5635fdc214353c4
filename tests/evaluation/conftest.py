"""Records of conversations, written as short lines."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel

from ringback.domain.conversation import Conversation, Entry, Finding, FindingCode, Role, ToolData
from ringback.domain.ending import Ending, EndingCode
from ringback.domain.run import RunSpecification
from ringback.domain.scenario import Scenario, ScenarioType
from ringback.domain.usage import Usage
from ringback.models.model import CallKey, Message, ModelReply, Tool

_ROLES = {"agent": Role.AGENT, "caller": Role.CALLER, "call": Role.TOOL_CALL, "result": Role.TOOL_RESULT}


def _entry(number: int, line: str, latency: float | None) -> Entry:
    """`agent: words`, `caller: words`, `call book#1: {"day": "Friday"}`, `result book#1: {"ok": true}`."""
    head, _, text = line.partition(": ")
    speaker, _, tool = head.partition(" ")
    name, _, call_id = tool.partition("#")
    role = _ROLES[speaker]
    data = None
    if role is Role.TOOL_CALL:
        data = ToolData(id=call_id, name=name, arguments=json.loads(text) if text else None)
    elif role is Role.TOOL_RESULT:
        data = ToolData(id=call_id, name=name, result=text)
    return Entry(
        number=number,
        role=role,
        content="" if data else text,
        start=float(number),
        end=float(number),
        turn=0,
        tool=data,
        latency=latency if role is Role.AGENT else None,
    )


@pytest.fixture
def talk() -> Callable[..., Conversation]:
    """Makes the record of a conversation from lines."""

    def made(
        *lines: str,
        ended: EndingCode = EndingCode.CALLER_ENDED,
        latency: float | None = None,
        late: tuple[int, ...] = (),
        **fields: Any,
    ) -> Conversation:
        return Conversation(
            started_at=datetime(2026, 1, 1, tzinfo=UTC),
            duration=10.0,
            entries=tuple(_entry(number, line, latency) for number, line in enumerate(lines, 1)),
            ending=Ending(code=ended, sentence=f"It ended so: {ended.value}."),
            findings=tuple(
                Finding(at=9.0, code=FindingCode.AFTER_END, sentence="After the end.", entry=number) for number in late
            ),
            **fields,
        )

    return made


@pytest.fixture
def specified() -> Callable[..., RunSpecification]:
    """Makes the specification of a run from the fields of its scenario."""

    def made(**fields: Any) -> RunSpecification:
        scenario = Scenario.model_validate({"key": "book", "name": "Book", "type": ScenarioType.SCRIPT, **fields})
        return RunSpecification(scenario=scenario, scenario_id=1, repeat=1)

    return made


class ScriptedJudge:
    """A language model that gives prepared answers, one a call: a dict, or an error to raise."""

    name = "test:judge"

    def __init__(self, answers: Sequence[dict[str, Any] | Exception]) -> None:
        self._answers = dict(enumerate(answers, 1))
        self.asked: list[tuple[CallKey, list[Message]]] = []

    async def reply(
        self,
        messages: Sequence[Message],
        *,
        key: CallKey,
        shape: type[BaseModel] | None = None,
        tools: Sequence[Tool] = (),
    ) -> ModelReply:
        self.asked.append((key, list(messages)))
        answer = self._answers[key.number]
        if isinstance(answer, Exception):
            raise answer
        assert shape is not None
        usage = Usage(calls=1, input_tokens=100, output_tokens=10, cost=0.01)
        return ModelReply(text=str(answer), parsed=shape.model_validate(answer), usage=usage)

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def judge_of() -> Callable[..., ScriptedJudge]:
    """Makes a judge from its answers."""

    def made(*answers: dict[str, Any] | Exception) -> ScriptedJudge:
        return ScriptedJudge(answers)

    return made
