"""Whatever an agent sends can be written, and read again."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ringback.domain.conversation import Conversation, Entry, Role
from ringback.domain.ending import Ending, EndingCode
from ringback.domain.run import Provenance, Run, RunSpecification, RunStatus
from ringback.domain.scenario import Facts, Personality, Scenario, ScenarioType
from ringback.domain.scenario import TestProfile as Profile
from ringback.storage.documents import (
    WITHOUT_PROFILE,
    dump_provenance,
    dump_record,
    dump_specification,
    load_provenance,
    load_record,
    load_specification,
)

SPECIFICATION = RunSpecification(
    scenario=Scenario(key="x", name="X", type=ScenarioType.SCRIPT, script=("hello",)), scenario_id=1, repeat=1
)


def _run(conversation: Conversation) -> Run:
    return Run(id=1, result_id=1, specification=SPECIFICATION, status=RunStatus.DONE, conversation=conversation)


def _stored(conversation: Conversation) -> Conversation:
    found = load_record(dump_record(_run(conversation))).conversation
    assert found is not None
    return found


def test_a_run_without_a_record_has_nothing() -> None:
    assert load_record(None).conversation is None


def test_lone_surrogates_become_replacement_characters(conversation: Conversation) -> None:
    """Half an emoji is legal in JSON and in no encoding."""
    entry = Entry(number=1, role=Role.AGENT, content="half \ud83d emoji", start=0, end=0, turn=0)
    found = _stored(replace(conversation, entries=(entry,), metadata={"\udc00key": ["\ud800"]}))
    assert found.entries[0].content == "half \ufffd emoji"
    assert found.metadata == {"\ufffdkey": ["\ufffd"]}


@pytest.mark.parametrize("depth", [150, 220, 400])
def test_deep_nesting_is_read_again_or_cut(conversation: Conversation, depth: int) -> None:
    deep: Any = "bottom"
    for _ in range(depth):
        deep = {"down": deep}
    found = _stored(replace(conversation, metadata={"deep": deep}))
    assert "nested too deeply" in json.dumps(found.metadata) or found.metadata == {"deep": deep}
    assert found.entries == conversation.entries


def test_numbers_that_json_lacks_become_null(conversation: Conversation) -> None:
    found = _stored(replace(conversation, metadata={"nan": float("nan"), "far": float("inf"), "big": 10**40}))
    assert found.metadata == {"nan": None, "far": None, "big": 10**40}


def test_a_nul_character_survives(conversation: Conversation) -> None:
    assert _stored(replace(conversation, metadata={"a": "x\x00y"})).metadata == {"a": "x\x00y"}


def test_a_specification_with_half_an_emoji_is_stored() -> None:
    broken = SPECIFICATION.model_copy(update={"scenario": SPECIFICATION.scenario.model_copy(update={"name": "\ud83d"})})
    assert load_specification(dump_specification(broken)).scenario.name == "\ufffd"
    provenance = Provenance(ringback_version="1").model_copy(update={"git_branch": "\ud83d"})
    assert load_provenance(dump_provenance(provenance)).git_branch == "\ufffd"


CALM, ANGRY = Personality(name="calm", voice={"speed": 1.0}), Personality(name="angry")
ADA = Profile(name="Ada", caller_variables={"vip": True, "seed": [0, None, "🙂"]})


@pytest.mark.parametrize("profiles", [(), (ADA,), (Profile(name="Bob"), ADA)], ids=len)
@pytest.mark.parametrize("personalities", [(), (CALM,), (ANGRY, CALM)], ids=len)
@pytest.mark.parametrize("personality", [None, CALM])
@pytest.mark.parametrize("profile", [None, ADA])
def test_a_specification_comes_back_as_it_was_whether_its_scenario_has_one_of_something_or_several(
    personalities: tuple[Personality, ...],
    profiles: tuple[Profile, ...],
    personality: Personality | None,
    profile: Profile | None,
) -> None:
    lists = {"personalities": personalities, "profiles": profiles, "facts": Facts(never={"profiles": None})}
    asked = SPECIFICATION.model_copy(
        update={
            "scenario": SPECIFICATION.scenario.model_copy(update=lists),
            "personality": personality,
            "profile": profile,
        }
    )
    first, again = dump_specification(asked), dump_specification(asked)
    assert first == again
    assert load_specification(first) == asked
    assert load_specification(first).model_dump_json() == asked.model_dump_json()
    if personality and len(personalities) == 1:
        assert first.count('"name":"calm"') == 1


def test_a_specification_s_text_is_that_of_all_its_repeats() -> None:
    assert dump_specification(SPECIFICATION.model_copy(update={"repeat": 3, "seed": 9})) == dump_specification(
        SPECIFICATION
    )


@pytest.mark.parametrize("personalities", [(), (CALM,), (ANGRY, CALM)], ids=len)
def test_a_specification_that_was_written_whole_is_read(personalities: tuple[Personality, ...]) -> None:
    scenario = SPECIFICATION.scenario.model_copy(update={"personalities": personalities, "profiles": ()})
    whole = SPECIFICATION.model_copy(update={"scenario": scenario, "personality": CALM, "profile": ADA, "seed": 5})
    assert load_specification(whole.model_dump_json()) == whole


def test_a_specification_s_text_says_at_its_end_that_it_has_no_profile() -> None:
    in_its_facts = Facts(never={"a": {"personality": 1, "profile": None, "seed": 0}})
    profile = Profile(name="", agent_variables={"a": {"personality": 1, "profile": None, "seed": 0}})
    for facts in (Facts(), in_its_facts):
        scenario = SPECIFICATION.scenario.model_copy(update={"facts": facts})
        without = SPECIFICATION.model_copy(update={"scenario": scenario})
        assert dump_specification(without).endswith(WITHOUT_PROFILE)
        assert not dump_specification(without.model_copy(update={"profile": profile})).endswith(WITHOUT_PROFILE)


def test_a_foreign_document_is_refused() -> None:
    with pytest.raises(ValidationError):
        load_record('{"conversation": 5}')


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(value=json_values, text=st.text())
def test_any_json_that_an_agent_sends_comes_back_equal(value: Any, text: str) -> None:
    entry = Entry(number=1, role=Role.AGENT, content=text, start=0, end=0, turn=0, extra={"value": value})
    record = load_record(dump_record(_run(_conversation(entry))))
    assert record.conversation is not None
    assert record.conversation.entries == (entry,)


def _conversation(entry: Entry) -> Conversation:
    ending = Ending(code=EndingCode.CALLER_ENDED, sentence="Over.")
    return Conversation(started_at=datetime(2026, 1, 1, tzinfo=UTC), duration=1, entries=(entry,), ending=ending)
