"""Scenarios as they are kept, on both databases."""

from typing import Any

import pytest
from library_rooms import Rooms
from sqlalchemy import select

from ringback.domain.scenario import ScenarioType
from ringback.errors import InvalidFields, NotFound
from ringback.library.agents import AgentChanges
from ringback.library.form import filled_in
from ringback.library.metric_form import MetricForm
from ringback.library.personality_form import PersonalityForm
from ringback.library.profiles import ProfileForm
from ringback.library.ready_personalities import DEFAULT
from ringback.library.scenario_form import ScenarioFields, ScenarioForm
from ringback.library.scenarios import KeptScenario, ScenarioFilter
from ringback.storage import tables

FIRST: dict[str, Any] = {
    "id": 0,
    "condition": "FIRST_MESSAGE",
    "action": "Hello.",
    "type": "standard",
    "fixed_message": True,
}


async def keep(rooms: Rooms, **said: Any) -> KeptScenario:
    return await rooms.scenarios.add(filled_in(ScenarioForm, {"name": "Books", "instructions": "Book.", **said}))


async def refused(rooms: Rooms, **said: Any) -> dict[str, list[str]]:
    with pytest.raises(InvalidFields) as error:
        await keep(rooms, **said)
    return error.value.fields


async def test_a_scenario_comes_complete_with_what_it_refers_to(rooms: Rooms) -> None:
    agent = await rooms.agents.add(AgentChanges(fields={"name": "Front desk"}))
    personality = await rooms.personalities.add(PersonalityForm(name="Calm", prompt="Be calm.", language="de"))
    profile = await rooms.profiles.add(ProfileForm(name="Ada", information={"name": "Ada"}))
    metric = await rooms.metrics.add(MetricForm(name="Polite", description="Was it polite?"))
    kept = await keep(
        rooms,
        agent=str(agent.id),
        personality=personality.id,
        test_profile=profile.id,
        metrics=[metric.id],
        tags=["b", "a", "b"],
        first_message="Hello",
        max_duration=30,
        tool_ids=["TOOL_END_CALL", "TOOL_OF_TOMORROW"],
    )
    scenario = kept.scenario
    assert (kept.agent_id, kept.agent_name, kept.personality_id) == (agent.id, "Front desk", personality.id)
    assert [found.prompt for found in scenario.personalities] == ["Be calm."]
    assert [found.caller_variables for found in scenario.profiles] == [{"name": "Ada"}]
    assert [(found.id, found.slug) for found in scenario.metrics] == [(metric.id, "polite")]
    assert (scenario.language, scenario.tags, scenario.tools) == ("de", ("a", "b"), ("end_call",))
    assert (scenario.first_message, scenario.max_duration) == ("Hello", 30)
    [to_run] = await rooms.scenarios.of_ids([kept.id])
    assert (to_run.id, to_run.agent_id, to_run.scenario) == (kept.id, agent.id, scenario)
    assert (to_run.personality_id, to_run.test_profile_id) == (personality.id, profile.id)


async def test_a_scenario_without_a_personality_has_the_default_one(rooms: Rooms) -> None:
    kept = await keep(rooms)
    assert [personality.name for personality in kept.scenario.personalities] == [DEFAULT]
    assert kept.scenario.language == "en"


async def test_numbers_are_shared_with_suite_files_and_never_given_out_again(rooms: Rooms) -> None:
    first = await keep(rooms)
    await rooms.scenarios.remove_one(first.id)
    second = await keep(rooms)
    assert second.id > first.id
    with pytest.raises(NotFound):
        await rooms.scenarios.get(first.id)
    numbers = await rooms.database.read(lambda connection: connection.execute(select(tables.scenario_ids)).all())
    assert [(row.id, row.suite) for row in numbers] == [(first.id, "library"), (second.id, "library")]


async def test_missing_numbers_are_named_and_the_order_is_kept(rooms: Rooms) -> None:
    one, two = await keep(rooms), await keep(rooms)
    assert [kept.id for kept in await rooms.scenarios.of_ids([two.id, one.id])] == [two.id, one.id]
    with pytest.raises(InvalidFields) as error:
        await rooms.scenarios.of_ids([one.id, 0, -7, 2**31, 2**70])
    assert [sentence.split('"')[1] for sentence in error.value.fields["scenarios"]] == [
        "0",
        "-7",
        str(2**31),
        str(2**70),
    ]


async def test_scenarios_are_chosen_by_agent_and_by_tag(rooms: Rooms) -> None:
    agent = await rooms.agents.add(AgentChanges(fields={"name": "A", "assistant_id": "17"}))
    one = await keep(rooms, agent=agent.id, tags=["x", "y"])
    two = await keep(rooms, assistant_id=17, tags=["y"])
    three = await keep(rooms, tags=["x", "z"])

    async def numbers(**wanted: Any) -> list[int]:
        count, found = await rooms.scenarios.page(ScenarioFilter(**wanted), offset=0, limit=10)
        assert count == len(found)
        return [kept.id for kept in found]

    assert [kept.id for kept in await rooms.scenarios.of_agent(agent.id)] == [one.id, two.id]
    assert [kept.id for kept in await rooms.scenarios.of_agent(agent.id, limit=1)] == [one.id]
    assert [kept.id for kept in await rooms.scenarios.of_tags(["z", "y"])] == [one.id, two.id, three.id]
    assert [kept.id for kept in await rooms.scenarios.of_tags(["x"], agent.id)] == [one.id]
    assert await rooms.scenarios.of_tags([]) == []
    assert await numbers(tags=("x", "y"), tags_match="and") == [one.id]
    assert await numbers(tags=("z", "y"), tags_match="or", agent_id=agent.id) == [one.id, two.id]
    assert await numbers(tags=("y",), tags_match="not") == [three.id]
    assert await numbers(assistant_id="17") == [one.id, two.id]
    assert await numbers(assistant_id="nobody") == []
    assert await numbers(search="BOOK") == [one.id, two.id, three.id]
    assert await numbers(search="%") == []
    assert await rooms.scenarios.tags(ScenarioFilter(tags=("y",))) == ["x", "y"]
    count, page = await rooms.scenarios.page(ScenarioFilter(), offset=1, limit=1)
    assert (count, [kept.id for kept in page]) == (3, [two.id])


async def test_a_change_replaces_what_it_names_and_nothing_else(rooms: Rooms) -> None:
    kept = await keep(rooms, tags=["a"], first_message="Hello", max_duration=30)
    changed = await rooms.scenarios.change(kept.id, filled_in(ScenarioFields, {"tags": ["b"], "first_message": None}))
    assert (changed.fields.tags, changed.fields.first_message, changed.fields.max_duration) == (["b"], None, 30)
    assert changed.updated_at > kept.updated_at
    replaced = await rooms.scenarios.change(kept.id, ScenarioForm(name="Other", script=["Hello."]), whole=True)
    assert (replaced.fields.tags, replaced.fields.max_duration, replaced.fields.instructions) == ([], None, "")
    assert replaced.scenario.type is ScenarioType.SCRIPT


async def test_a_change_that_is_refused_changes_nothing(rooms: Rooms) -> None:
    kept = await keep(rooms, tags=["a"])
    with pytest.raises(InvalidFields) as error:
        await rooms.scenarios.change(kept.id, filled_in(ScenarioFields, {"tags": ["b"], "metrics": [99]}))
    assert error.value.fields == {"metrics": ['Invalid pk "99" - object does not exist.']}
    assert await rooms.scenarios.get(kept.id) == kept
    with pytest.raises(NotFound):
        await rooms.scenarios.change(kept.id + 1, ScenarioFields())


async def test_what_is_removed_is_not_in_the_way_of_a_change(rooms: Rooms) -> None:
    agent = await rooms.agents.add(AgentChanges(fields={"name": "A"}))
    personality = await rooms.personalities.add(PersonalityForm(name="P"))
    profile = await rooms.profiles.add(ProfileForm(name="T"))
    metrics = [await rooms.metrics.add(MetricForm(name=name, description="?")) for name in ("M", "N")]
    rules = [{"metric_id": metric.id, "conditions": {"conditions": [{"op": "eq", "value": 5}]}} for metric in metrics]
    kept = await keep(
        rooms,
        agent=agent.id,
        personality=personality.id,
        test_profile=profile.id,
        metrics=[metric.id for metric in metrics],
        rubric={"rules": rules},
    )
    assert kept.scenario.rubric is not None
    assert [rule.metric_id for rule in kept.scenario.rubric.rules] == ["m", "n"]
    await rooms.agents.remove(agent.id)
    await rooms.personalities.remove(personality.id)
    await rooms.profiles.remove(profile.id)
    await rooms.metrics.remove(metrics[0].id)
    read = await rooms.scenarios.get(kept.id)
    assert (read.agent_name, read.test_profile_id) == (None, None)
    default = next(one for one in (await rooms.personalities.page(offset=0, limit=9))[1] if one.fields.name == DEFAULT)
    assert (read.personality_id, read.fields.personality) == (default.id, default.id)
    assert [personality.name for personality in read.scenario.personalities] == [DEFAULT]
    assert [metric.slug for metric in read.scenario.metrics] == ["n"]
    changed = await rooms.scenarios.change(kept.id, filled_in(ScenarioFields, {"name": "Renamed"}))
    assert changed.name == "Renamed"
    assert [personality.name for personality in changed.scenario.personalities] == [DEFAULT]
    assert changed.scenario.rubric is not None
    assert [rule.metric_id for rule in changed.scenario.rubric.rules] == ["n"]
    assert changed.agent_id is None


async def test_a_rubric_rule_names_a_computed_metric_by_its_number_attached_or_not(rooms: Rooms) -> None:
    numbers = {metric.slug: metric.id for metric in await rooms.metrics.predefined()}
    polite = await rooms.metrics.add(MetricForm(name="Polite", description="?"))
    rules = [
        {"metric_id": number, "conditions": {"conditions": [{"op": "lte", "value": 5}]}}
        for number in (numbers["latency"], polite.id, numbers["turns"])
    ]
    kept = await keep(rooms, metrics=[polite.id, numbers["turns"]], rubric={"rules": rules})
    [found] = await rooms.scenarios.of_ids([kept.id])
    for scenario in (kept.scenario, found.scenario):
        assert scenario.rubric is not None
        assert [rule.metric_id for rule in scenario.rubric.rules] == ["latency", "polite", "turns"]
    await rooms.metrics.remove(polite.id)
    changed = await rooms.scenarios.change(kept.id, filled_in(ScenarioFields, {"name": "Renamed"}))
    assert changed.scenario.rubric is not None
    assert [rule.metric_id for rule in changed.scenario.rubric.rules] == ["latency", "turns"]
    with pytest.raises(InvalidFields, match="no metric `9999`"):
        await keep(rooms, rubric={"rules": [{**rules[0], "metric_id": 9999}]})


async def test_tags_are_added_to_all_scenarios_or_to_none(rooms: Rooms) -> None:
    one, two = await keep(rooms, tags=["a"]), await keep(rooms)
    changed = await rooms.scenarios.add_tags([two.id, one.id], ["a", "b"])
    assert [(kept.id, kept.fields.tags) for kept in changed] == [(two.id, ["a", "b"]), (one.id, ["a", "b"])]
    with pytest.raises(InvalidFields):
        await rooms.scenarios.add_tags([one.id, 999], ["c"])
    assert (await rooms.scenarios.get(one.id)).fields.tags == ["a", "b"]
    assert await rooms.scenarios.remove([one.id, two.id, two.id, 2**80]) == 2


async def test_conditional_scenarios_obey_the_rules_of_suite_files(rooms: Rooms) -> None:
    def actions(*conditions: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {"instructions": "", "conditional_actions": {"role": "A patient.", "conditions": [*conditions], **more}}

    second = {"id": 1, "condition": 'contains "name"', "action": "Ada.", "type": "standard", "fixed_message": True}
    kept = await keep(rooms, **actions(FIRST, {**second, "unknown": 1}, functions=None, canvas={}))
    assert kept.scenario.type is ScenarioType.CONDITIONAL_ACTIONS
    assert kept.scenario.conditional_actions is not None
    assert [condition.id for condition in kept.scenario.conditional_actions.conditions] == [0, 1]
    mistakes: list[dict[str, Any]] = [
        actions({**FIRST, "id": 1}),
        actions({**FIRST, "fixed_message": False}),
        actions(FIRST, {**second, "id": 0}),
        actions(FIRST, {**second, "action": ""}),
        actions(FIRST, {key: value for key, value in second.items() if key != "type"}),
        actions(FIRST, {key: value for key, value in second.items() if key != "fixed_message"}),
        actions(FIRST, {**second, "type": "action_followup"}),
        actions(FIRST, {**second, "type": "action_followup", "condition": 9}),
        actions(),
        {"instructions": "", "conditional_actions": {}},
        {"instructions": "", "conditional_actions": {}, "scenario_type": "conditional_actions"},
        {"instructions": "", "scenario_type": "conditional_actions"},
    ]
    for wrong in mistakes:
        assert {"conditional_actions", "instructions"} & set(await refused(rooms, **wrong)), wrong
    functions = actions(FIRST, functions=[{"name": "f"}])
    assert (await keep(rooms, **functions)).scenario.unsupported == "Not yet supported: `functions`."


async def test_every_mistake_is_told_under_its_field(rooms: Rooms) -> None:
    wrong = await refused(
        rooms,
        agent=9,
        personality=9,
        test_profile=9,
        tool_ids=["fly"],
        first_message="{{test_profile.",
        checks=[{"type": "agent_said"}],
        min_turns=5,
        max_turns=4,
        rubric={"rules": [{"metric_id": "polite", "conditions": {"conditions": [{"op": "eq", "value": 5}]}}]},
    )
    assert set(wrong) == {
        "agent", "personality", "test_profile", "tool_ids", "first_message", "checks", "min_turns", "rubric"
    }  # fmt: skip
    assert wrong["checks"][0].startswith("[0]: Agent_said needs either")
    assert await refused(rooms, instructions="") == {
        "instructions": ["`instructions` is missing, which type instruction needs. Add `instructions: …`."]
    }
    assert set(await refused(rooms, assistant_id="nobody")) == {"assistant_id"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 81),
        ("max_duration", 9),
        ("max_duration", 3601),
        ("metrics", [True]),
        ("metrics", ["abc"]),
        ("metrics", [1.5]),
        ("tags", ["x" * 65]),
        ("tags", ["a,b"]),
        ("folder_path", "a.b"),
        ("instructions", "a\0b"),
        ("facts", {"\ud800": 1}),
        ("conditional_actions", "no JSON"),
        ("conditional_actions", '{"role": "\\u0000"}'),
        ("scenario_language", "xx"),
        ("scenario_type", "dance"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_asked_of_the_database(field: str, value: object) -> None:
    with pytest.raises(InvalidFields) as error:
        filled_in(ScenarioForm, {"name": "Books", "instructions": "Book.", field: value})
    assert {name.split("[")[0] for name in error.value.fields} == {field}


def test_null_stands_for_the_default_and_unknown_fields_are_passed_over() -> None:
    form = filled_in(
        ScenarioForm, {"name": "n", "tags": None, "metrics": None, "nonsense": 1, "agent_id": " 7".strip()}
    )
    assert (form.tags, form.metrics, form.agent) == ([], [], 7)
    assert form.given() == {"name": "n", "tags": [], "metrics": [], "agent": 7}
