"""Scenarios as run requests read them: as they are kept, whatever was changed before; on both databases."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from library_rooms import Rooms

from ringback.domain.scenario import Scenario
from ringback.library import scenarios_to_run
from ringback.library.form import filled_in
from ringback.library.metric_form import MetricFields, MetricForm
from ringback.library.personality_form import PersonalityFields, PersonalityForm
from ringback.library.profiles import ProfileFields, ProfileForm
from ringback.library.scenario_form import ScenarioFields, ScenarioForm, fields_as_kept
from ringback.library.scenarios import ScenarioLibrary

FIRST = {"id": 0, "condition": "FIRST_MESSAGE", "action": "Hello.", "type": "standard", "fixed_message": True}

SAID: list[dict[str, Any]] = [
    {"script": ["Hello.", "That is all, {{test_profile.name}}."], "then": "improvise", "tags": ["b", "a"]},
    {"instructions": "Book a table.", "expected_outcome_prompt": "It is booked.", "tool_ids": ["TOOL_END_CALL"]},
    {"instructions": "Ä 漢字 🙂", "facts": {"always": {"a": 1.0}, "never": {"b": None}}, "scenario_language": "de"},
    {"conditional_actions": {"role": "A caller", "conditions": [FIRST]}, "min_turns": 0, "pass_rate": 0.0},
    {"script": ["Hello."], "checks": [{"type": "turns", "max": 3}], "max_turns": 2, "max_duration": 30},
    {"instructions": "Ask.", "scenario_type": "real_world_smart", "first_message": "Hello?"},
    {"instructions": "Ask.", "phone_number": 7, "generated_mock_tool_entries": [{"a": [1, None]}]},
]


async def one_of(library: ScenarioLibrary, number: int) -> Scenario:
    [found] = await library.of_ids([number])
    return found.scenario


@pytest.mark.parametrize("said", SAID, ids=range(len(SAID)))
async def test_what_runs_is_what_is_kept(rooms: Rooms, said: dict[str, Any]) -> None:
    metric = await rooms.metrics.add(MetricForm(name="Polite", description="Was it polite?"))
    profile = await rooms.profiles.add(ProfileForm(name="Ada", information={"name": "Ada"}))
    rubric = {"rules": [{"metric_id": metric.id, "conditions": {"conditions": [{"op": "eq", "value": 5}]}}]}
    form = {"name": "Books", "metrics": [metric.id], "test_profile": profile.id, "rubric": rubric, **said}
    kept = await rooms.scenarios.add(filled_in(ScenarioForm, form))
    for library in (rooms.scenarios, rooms.scenarios, ScenarioLibrary(rooms.database)):
        found = await one_of(library, kept.id)
        assert found == kept.scenario
        assert found.model_dump_json() == kept.scenario.model_dump_json()
        assert Scenario.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize("said", SAID, ids=range(len(SAID)))
def test_fields_that_are_kept_are_those_that_were_checked(said: dict[str, Any]) -> None:
    checked = filled_in(ScenarioForm, {"name": "Books", **said})
    values = checked.model_dump(mode="json", exclude_defaults=True)
    assert fields_as_kept(values).model_dump() == ScenarioFields.model_validate(values).model_dump()


async def test_whatever_was_changed_before_a_request_is_seen_by_it(rooms: Rooms) -> None:
    metric = await rooms.metrics.add(MetricForm(name="Polite", description="Was it polite?"))
    other = await rooms.metrics.add(MetricForm(name="Quick", description="Was it quick?"))
    profile = await rooms.profiles.add(ProfileForm(name="Ada", information={"vip": 1}))
    personality = await rooms.personalities.add(PersonalityForm(name="Calm", prompt="Be calm."))
    said = {"metrics": [metric.id], "test_profile": profile.id, "personality": personality.id}
    number = (await rooms.scenarios.add(filled_in(ScenarioForm, {"name": "A", "script": ["Hi."], **said}))).id
    elsewhere = ScenarioLibrary(rooms.database)  # another process changes scenarios, too

    def change(**fields: Any) -> Callable[[], Awaitable[object]]:
        return lambda: elsewhere.change(number, filled_in(ScenarioFields, fields))

    seen = await one_of(rooms.scenarios, number)
    assert await one_of(rooms.scenarios, number) is seen
    for step in (
        change(script=["Hello."]),
        change(name="B"),
        change(tags=["nightly"]),
        change(metrics=[metric.id, other.id]),
        lambda: rooms.metrics.change(metric.id, filled_in(MetricFields, {"description": "Really?"})),
        lambda: rooms.metrics.change(other.id, filled_in(MetricFields, {"simulation_enabled": False})),
        lambda: rooms.profiles.change(profile.id, filled_in(ProfileFields, {"information": {"vip": True}})),
        lambda: rooms.personalities.change(personality.id, filled_in(PersonalityFields, {"prompt": "Be loud."})),
        lambda: rooms.personalities.remove(personality.id),
        change(test_profile=None),
    ):
        await step()
        found = await one_of(rooms.scenarios, number)
        assert found.model_dump_json() != seen.model_dump_json()
        assert found.model_dump_json() == (await rooms.scenarios.get(number)).scenario.model_dump_json()
        assert await one_of(rooms.scenarios, number) is found
        seen = found


async def test_no_more_scenarios_are_kept_built_than_was_meant(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenarios_to_run, "MOST_KEPT", 1)
    numbers = [(await rooms.scenarios.add(ScenarioForm(name=name, script=["Hi."]))).id for name in "AB"]
    first = await rooms.scenarios.of_ids(numbers)
    again = await rooms.scenarios.of_ids(numbers)
    assert [one.scenario for one in first] == [one.scenario for one in again]
    assert first[0].scenario is not again[0].scenario
