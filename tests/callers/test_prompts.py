"""Prompts and their versions stay together."""

import hashlib
import json

from ringback.callers.prompts import (
    HANG_UP,
    PROMPT_VERSIONS,
    action_note,
    again_note,
    condition_messages,
    persona_messages,
    persona_prompt,
    quoted,
)
from ringback.domain.conversation import Entry, Role
from ringback.domain.scenario import Condition, ConditionType, Facts, Personality, Scenario, ScenarioType, TestProfile

SCENARIO = Scenario(
    key="k",
    name="n",
    type=ScenarioType.INSTRUCTION,
    instructions="Book {it}.",
    facts=Facts(always={"a": 1}, if_asked={"b": [2]}, never={"c": "3"}),
)
ENTRIES = (
    Entry(number=1, role=Role.AGENT, content="Hi <b>", start=0, end=0, turn=0),
    Entry(number=2, role=Role.CALLER, content="Hello", start=0, end=0, turn=1),
    Entry(number=3, role=Role.TOOL_CALL, content="", start=0, end=0, turn=1),
)
FINGERPRINTS = {"caller": "87fe2fa26684", "condition": "72fa49d7bb39"}


def fingerprint(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:12]


def test_a_changed_prompt_needs_a_new_version() -> None:
    """When this fails, raise the prompt's version and put the new fingerprint here."""
    profile = TestProfile(caller_variables={"d": True})
    system = persona_prompt(SCENARIO, Personality(name="p", prompt="Grumble."), profile, "en")
    caller = (persona_messages(system, ENTRIES), persona_messages(system, ()), action_note("x"), again_note(["y"]))
    condition = Condition(id=1, condition="asks", action="x", type=ConditionType.STANDARD, fixed_message=True)
    assert {
        "caller": fingerprint(caller, HANG_UP),
        "condition": fingerprint(condition_messages([condition], ENTRIES, "Hi")),
    } == FINGERPRINTS
    assert set(PROMPT_VERSIONS) == set(FINGERPRINTS)


def test_what_the_agent_says_cannot_close_its_quotation() -> None:
    messages = persona_messages("system", ENTRIES[:1])
    assert messages[-1].content.count("<") == 2
    assert "Hi &lt;b>" in messages[-1].content


def test_after_the_callers_own_words_the_model_is_asked_to_go_on() -> None:
    messages = persona_messages("system", ENTRIES)
    assert [message.role for message in messages] == ["system", "user", "assistant", "user"]
    assert messages[-1].content == "(Say your next words.)"


def test_an_endless_line_is_quoted_by_its_beginning() -> None:
    assert len(quoted("agent", "x" * 1_000_000)) < 8_100
