"""Personalities, test profiles and metrics as they are kept, on both databases."""

import asyncio
from typing import Any

import pytest
from library_rooms import Rooms, rooms_of

from ringback.domain.scenario import MetricDefinition, MetricKind
from ringback.errors import Forbidden, InvalidFields, NotFound
from ringback.evaluation.computed import COMPUTED
from ringback.library.form import filled_in
from ringback.library.metric_form import MetricFields, MetricForm
from ringback.library.personality_form import PersonalityFields, PersonalityForm
from ringback.library.profiles import ProfileFields, ProfileForm
from ringback.library.ready_personalities import READY
from ringback.storage.sealing import Seal, new_key


async def test_what_is_ready_is_there_once_however_many_processes_open_the_database(rooms: Rooms) -> None:
    await asyncio.gather(*(rooms_of(rooms.database, Seal(new_key())) for _ in range(4)))
    count, kept = await rooms.personalities.page(offset=0, limit=50)
    assert (count, [one.fields for one in kept]) == (len(READY), list(READY))
    assert [metric.slug for metric in await rooms.metrics.predefined()] == list(COMPUTED)


async def test_ready_personalities_are_copied_and_not_changed(rooms: Rooms) -> None:
    with pytest.raises(Forbidden):
        await rooms.personalities.change(1, PersonalityFields(name="Mine"))
    with pytest.raises(Forbidden):
        await rooms.personalities.remove(1)
    copied = await rooms.personalities.copy(1)
    assert (copied.predefined, copied.fields.prompt) == (False, READY[0].prompt)
    changed = await rooms.personalities.change(copied.id, PersonalityFields(prompt="Be brief."))
    assert (changed.fields.name, changed.fields.prompt) == (copied.fields.name, "Be brief.")
    assert (await rooms.personalities.get_many([copied.id, 1]))[copied.id].prompt == "Be brief."
    await rooms.personalities.remove(copied.id)
    with pytest.raises(InvalidFields, match="Invalid personalities provided"):
        await rooms.personalities.get_many([1, copied.id])
    with pytest.raises(NotFound):
        await rooms.personalities.get(copied.id)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("speed", 0.7),
        ("speed", 1.3),
        ("voice_model", "other"),
        ("provider", "other"),
        ("language", "xx"),
        ("name", ""),
        ("end_call_enabled", "perhaps"),
        ("message_plan", {"idle_timeout_seconds": 0}),
        ("message_plan", {"idle_message_max_spoken_count": 0}),
        ("interruption_level", "sometimes"),
        ("interruption_level", 1.5),
        ("network_simulation", {"packet_loss": "much"}),
        ("network_simulation", {"jitter": -1}),
        ("network_simulation", {"latency_ms": 5000}),
        ("network_simulation", {"clipping": 2}),
        ("network_simulation", {"narrow_band": "yes"}),
        ("background_sound_volume", {"base": "loud"}),
        ("generation_config", {"volume": 3}),
        ("start_speaking_plan", -1),
        ("start_speaking_plan", {"wait_seconds": 100}),
    ],
)
def test_a_personality_keeps_within_the_documented_limits(field: str, value: object) -> None:
    with pytest.raises(InvalidFields) as error:
        filled_in(PersonalityForm, {"name": "P", field: value})
    assert {name.split(".")[0] for name in error.value.fields} == {field}


async def test_a_profile_is_in_sections_or_for_both_sides(rooms: Rooms) -> None:
    flat: dict[str, Any] = {"X-A": "1", "name": "Ada"}
    half: dict[str, Any] = {"main_agent_variables": {}, "other": 1}
    cases: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
        (flat, flat, flat),
        (half, half, half),
        ({}, {}, {}),
        (
            {"main_agent_variables": {"X-A": 1}, "testing_agent_variables": {"name": "Ada"}},
            {"X-A": 1},
            {"name": "Ada"},
        ),
        ({"testing_agent_variables": {"name": "Ada"}, "main_agent_variables": None}, {}, {"name": "Ada"}),
    ]
    for information, agent, caller in cases:
        kept = await rooms.profiles.add(ProfileForm(name="Ada", information=information))
        profile = (await rooms.profiles.get_many([kept.id]))[kept.id]
        assert (profile.agent_variables, profile.caller_variables) == (agent, caller)
        assert (await rooms.profiles.get(kept.id)).information == information


async def test_a_change_of_a_profile_replaces_its_information_as_a_whole(rooms: Rooms) -> None:
    kept = await rooms.profiles.add(ProfileForm(name="Ada", information={"a": 1, "b": 2}))
    changed = await rooms.profiles.change(kept.id, ProfileFields(information={"c": 3}))
    assert (changed.name, changed.information) == ("Ada", {"c": 3})
    with pytest.raises(InvalidFields, match="not a name that an HTTP header can have"):
        await rooms.profiles.change(kept.id, ProfileFields(information={"X-\n": "1"}))
    with pytest.raises(InvalidFields) as error:
        await rooms.profiles.change(kept.id, ProfileFields(agent=9))
    assert list(error.value.fields) == ["agent"]
    await rooms.profiles.remove(kept.id)
    with pytest.raises(InvalidFields, match="does not exist"):
        await rooms.profiles.get_many([kept.id])
    assert await rooms.profiles.page(agent_id=9, offset=0, limit=5) == (0, [])


def test_sections_of_a_profile_are_objects() -> None:
    with pytest.raises(InvalidFields):
        filled_in(ProfileForm, {"name": "Ada", "information": {"main_agent_variables": "x"}})
    with pytest.raises(InvalidFields):
        filled_in(ProfileForm, {"name": "Ada", "information": ["x"]})


async def test_each_metric_has_a_slug_of_its_own(rooms: Rooms) -> None:
    forms = [MetricForm(name=name, description="?") for name in ("Polite?", "polite", "Latency", "Checks", "✓")]
    slugs = [(await rooms.metrics.add(form)).slug for form in forms]
    assert slugs == ["polite", "polite_2", "latency_2", "checks_2", "metric"]
    with pytest.raises(InvalidFields) as error:
        await rooms.metrics.add(MetricForm(name="Other", description="?", slug="polite"))
    assert list(error.value.fields) == ["slug"]
    both = await asyncio.gather(*(rooms.metrics.add(MetricForm(name="Same", description="?")) for _ in range(4)))
    assert sorted(metric.slug for metric in both) == ["same", "same_2", "same_3", "same_4"]
    long = await rooms.metrics.add(MetricForm(name="x" * 200, description="?"))
    longer = await rooms.metrics.add(MetricForm(name="x" * 201, description="?"))
    assert (len(long.slug), len(longer.slug), longer.slug[-2:]) == (64, 64, "_2")


async def test_metrics_become_definitions(rooms: Rooms) -> None:
    kept = await rooms.metrics.add(
        MetricForm(name="Tone", description="Which tone?", eval_type=MetricKind.ENUM, enum_values=["warm", "cold"])
    )
    found = await rooms.metrics.definitions([kept.id, 1])
    assert found[kept.id] == MetricDefinition(
        id=kept.id,
        slug="tone",
        name="Tone",
        description="Which tone?",
        kind=MetricKind.ENUM,
        enum_values=("warm", "cold"),
    )
    assert (found[1].slug, found[1].description, found[1].kind) == ("latency", "", MetricKind.NUMERIC)
    with pytest.raises(InvalidFields, match="does not exist"):
        await rooms.metrics.definitions([kept.id, 999])


async def test_a_computed_metric_stays_as_it_is(rooms: Rooms) -> None:
    with pytest.raises(Forbidden):
        await rooms.metrics.change(1, MetricFields(name="Mine"))
    with pytest.raises(Forbidden):
        await rooms.metrics.remove(1)


async def test_a_changed_metric_keeps_its_slug_unless_another_is_named(rooms: Rooms) -> None:
    kept = await rooms.metrics.add(MetricForm(name="Tone", description="?"))
    renamed = await rooms.metrics.change(kept.id, MetricFields(name="Mood"))
    assert (renamed.slug, renamed.fields.name, renamed.fields.description) == ("tone", "Mood", "?")
    assert (await rooms.metrics.change(kept.id, MetricFields(slug="mood"))).slug == "mood"
    with pytest.raises(InvalidFields):
        await rooms.metrics.change(kept.id, MetricFields(slug="latency"))
    with pytest.raises(InvalidFields):
        await rooms.metrics.change(kept.id, MetricFields(eval_type=MetricKind.ENUM))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("type", "custom_code"),
        ("type", "basic"),
        ("type", "custom_prompt"),
        ("type", "other"),
        ("eval_type", "other"),
        ("evaluation_trigger", "custom"),
        ("assistant_id", ""),
        ("description", ""),
        ("slug", "Not A Slug"),
        ("display_order", 2**40),
    ],
)
def test_metrics_that_cannot_be_measured_are_refused(field: str, value: object) -> None:
    with pytest.raises(InvalidFields) as error:
        filled_in(MetricForm, {"name": "M", "description": "?", field: value})
    assert list(error.value.fields) == [field]


def test_older_names_of_binary_metrics_are_understood() -> None:
    for name in ("binary_workflow_adherence", "binary_qualitative", "binary"):
        assert filled_in(MetricForm, {"name": "M", "description": "?", "eval_type": name}).eval_type == "binary"
