"""Keeps scenarios, and makes of them what runs use."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, false

from ringback.domain.scenario import MetricDefinition, Personality, Scenario, TestProfile
from ringback.library.agents import agent_names, agents_of_assistant
from ringback.library.form import Form, does_not_exist, filled_in, missing_among, no_such, refuse
from ringback.library.metrics import KeptMetric, computed_numbers, metrics_among
from ringback.library.personalities import default_personality, personalities_among
from ringback.library.profiles import KeptProfile, profiles_among
from ringback.library.scenario_build import domain_scenario, scenario_problems
from ringback.library.scenario_form import ScenarioFields, ScenarioForm, fields_as_kept
from ringback.library.scenarios_to_run import ScenarioBuilder, ScenarioToRun
from ringback.storage import tables
from ringback.storage.database import Database
from ringback.storage.scenario_records import (
    ScenarioRow,
    TagsMatch,
    add_scenario,
    change_scenario,
    contents,
    contents_of,
    find_scenario,
    find_scenarios,
    page_of_scenarios,
    remove_scenarios,
    tagged,
    tags_in_use,
)

_COLUMNS = ("agent", "personality", "test_profile", "tags", "metrics")
"""Fields that are kept beside the document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptScenario:
    """A scenario and what is known of it."""

    id: int
    agent_id: int | None
    name: str
    scenario: Scenario
    """Complete: with its metrics, its personality and its test profile."""
    personality_id: int | None
    test_profile_id: int | None
    updated_at: datetime
    created_at: datetime
    fields: ScenarioFields
    """As it was written."""
    agent_name: str | None
    metrics: tuple[KeptMetric, ...]
    profile: KeptProfile | None
    """The test profile with its data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioFilter:
    """Which scenarios are meant; all of them where nothing is given."""

    agent_id: int | None = None
    assistant_id: str | None = None
    tags: tuple[str, ...] = ()
    tags_match: TagsMatch = "or"
    search: str | None = None
    """Text in the name, upper and lower case alike."""


class ScenarioLibrary:
    """The scenarios of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._builder = ScenarioBuilder()

    async def get(self, number: int) -> KeptScenario:
        """Raises `NotFound`."""
        return await self._database.read(lambda connection: _kept(connection, [_found(connection, number)])[0])

    async def of_ids(self, numbers: Sequence[int]) -> list[ScenarioToRun]:
        """The scenarios of these numbers, in this order. Raises `InvalidFields` where some are missing."""

        def of_ids(connection: Connection) -> list[ScenarioToRun]:
            found = contents_of(connection, numbers)
            refuse({"scenarios": missing_among(numbers, found)})
            return self._builder.build(connection, [found[number] for number in numbers])

        return await self._database.read(of_ids)

    async def of_agent(self, agent_id: int, limit: int | None = None) -> list[ScenarioToRun]:
        """An agent's scenarios, the lowest number first; at most so many."""
        condition = tables.scenarios.c.agent_id == agent_id

        def of_agent(connection: Connection) -> list[ScenarioToRun]:
            return self._builder.build(connection, contents(connection, condition, limit=limit))

        return await self._database.read(of_agent)

    async def of_tags(self, tags: Sequence[str], agent_id: int | None = None) -> list[ScenarioToRun]:
        """The scenarios that have any of the tags, of one agent or, without one, of all; the lowest number first."""
        if not tags:
            return []
        wanted = ScenarioFilter(agent_id=agent_id, tags=tuple(tags))

        def of_tags(connection: Connection) -> list[ScenarioToRun]:
            return self._builder.build(connection, contents(connection, *_conditions(connection, wanted)))

        return await self._database.read(of_tags)

    async def page(self, wanted: ScenarioFilter, *, offset: int, limit: int) -> tuple[int, list[KeptScenario]]:
        """How many scenarios a filter lets through, and some of them, the lowest number first."""

        def page(connection: Connection) -> tuple[int, list[KeptScenario]]:
            conditions = _conditions(connection, wanted)
            count, rows = page_of_scenarios(connection, *conditions, offset=offset, limit=limit)
            return count, _kept(connection, rows)

        return await self._database.read(page)

    async def tags(self, wanted: ScenarioFilter) -> list[str]:
        """Every tag of the scenarios that a filter lets through."""
        return await self._database.read(lambda connection: tags_in_use(connection, *_conditions(connection, wanted)))

    async def add(self, form: ScenarioForm) -> KeptScenario:
        """Keep a new one. Raises `InvalidFields`."""

        def add(connection: Connection) -> KeptScenario:
            fields, columns = _settled(connection, form)
            number = add_scenario(connection, _document(fields), **columns)
            return _kept(connection, [_found(connection, number)])[0]

        return await self._database.write(add)

    async def change(self, number: int, form: Form, *, whole: bool = False) -> KeptScenario:
        """Replace the fields that the form names; with `whole`, all of them. Raises `NotFound`, `InvalidFields`."""

        def change(connection: Connection) -> KeptScenario:
            row = _found(connection, number, to_change=True)
            given = form.given()
            if "assistant_id" in given and "agent" not in given:
                given["agent"] = None
            before = {} if whole else _still_there(connection, _fields(row))
            fields, columns = _settled(connection, filled_in(ScenarioForm, {**before, **given}))
            change_scenario(connection, number, _document(fields), **columns)
            return _kept(connection, [_found(connection, number)])[0]

        return await self._database.write(change)

    async def remove(self, numbers: Sequence[int]) -> int:
        """Remove scenarios; those that are not there are passed over. Returns how many there were."""
        return await self._database.write(lambda connection: remove_scenarios(connection, numbers))

    async def remove_one(self, number: int) -> None:
        """Raises `NotFound`. Runs of it stay."""
        if not await self.remove([number]):
            raise no_such("scenario", number)

    async def add_tags(self, numbers: Sequence[int], tags: Sequence[str]) -> list[KeptScenario]:
        """Add tags to scenarios. Raises `InvalidFields` where a scenario is missing or gets too many."""

        def add_tags(connection: Connection) -> list[KeptScenario]:
            found = find_scenarios(connection, numbers)
            refuse({"scenarios": missing_among(numbers, found)})
            for number in sorted(found):
                row = _found(connection, number, to_change=True)
                before = _still_there(connection, _fields(row))
                fields, columns = _settled(connection, filled_in(ScenarioForm, {**before, "tags": [*row.tags, *tags]}))
                change_scenario(connection, number, _document(fields), **columns)
            return _kept(connection, [_found(connection, number) for number in dict.fromkeys(numbers)])

        return await self._database.write(add_tags)


def _conditions(connection: Connection, wanted: ScenarioFilter) -> list[ColumnElement[bool]]:
    table = tables.scenarios
    conditions: list[ColumnElement[bool]] = []
    if wanted.agent_id is not None:
        conditions.append(table.c.agent_id == wanted.agent_id)
    if wanted.assistant_id is not None:
        agents = agents_of_assistant(connection, wanted.assistant_id)
        conditions.append(table.c.agent_id.in_(agents) if agents else false())
    if wanted.tags:
        conditions.append(tagged(wanted.tags, wanted.tags_match))
    if wanted.search:
        conditions.append(table.c.name.icontains(wanted.search, autoescape=True))
    return conditions


def _still_there(connection: Connection, fields: ScenarioFields) -> dict[str, Any]:
    """The fields without references to what has been removed since: they must not be in the way of a change."""
    before = fields.model_dump(mode="json")
    if fields.agent is not None and not agent_names(connection, [fields.agent]):
        before["agent"] = None
    if fields.personality is not None and not personalities_among(connection, [fields.personality]):
        before["personality"] = None
    if fields.test_profile is not None and not profiles_among(connection, [fields.test_profile]):
        before["test_profile"] = None
    there = metrics_among(connection, fields.metrics)
    before["metrics"] = [number for number in fields.metrics if number in there]
    if fields.rubric is not None and len(there) < len(fields.metrics):
        measured = {*there, *computed_numbers(connection)}
        rules = [rule for rule in fields.rubric.get("rules", ()) if _measurable(rule, measured)]
        before["rubric"] = {**fields.rubric, "rules": rules} if rules else None
    return before


def _measurable(rule: Mapping[str, Any], there: Collection[int]) -> bool:
    wanted = rule.get("metric_id")
    return not isinstance(wanted, int) or wanted in there


def _settled(connection: Connection, form: ScenarioForm) -> tuple[ScenarioFields, dict[str, Any]]:
    """The scenario with what it leaves out filled in, once all of it is found in order; and its columns."""
    wrong: dict[str, list[str]] = {}
    agent = form.agent
    if agent is None and form.assistant_id is not None:
        agents = agents_of_assistant(connection, form.assistant_id)
        agent = agents[0] if len(agents) == 1 else None
        if agent is None:
            some = "Several agents have" if agents else "No agent has"
            wrong["assistant_id"] = [f"{some} the assistant id {form.assistant_id}."]
    elif agent is not None and agent not in agent_names(connection, [agent]):
        wrong["agent"] = [does_not_exist(agent)]
    elif form.assistant_id is not None and agent not in agents_of_assistant(connection, form.assistant_id):
        wrong["assistant_id"] = [f"Agent {agent} does not have the assistant id {form.assistant_id}."]
    personality = form.personality if form.personality is not None else default_personality(connection)
    found = personalities_among(connection, [personality]).get(personality)
    if found is None:
        wrong["personality"] = [does_not_exist(personality)]
    if form.test_profile is not None and form.test_profile not in profiles_among(connection, [form.test_profile]):
        wrong["test_profile"] = [does_not_exist(form.test_profile)]
    metrics = metrics_among(connection, form.metrics)
    if missing := missing_among(form.metrics, metrics):
        wrong["metrics"] = missing
    fields = form.model_copy(update={"agent": agent, "personality": personality})
    rules = scenario_problems(
        fields,
        language=form.scenario_language or (found.fields.language if found else "en"),
        metrics=[metric.definition for metric in metrics.values()],
        metric_ids=[*form.metrics, *computed_numbers(connection)],
    )
    refuse({**rules, **wrong})
    return fields, _columns(fields)


def _columns(fields: ScenarioFields) -> dict[str, Any]:
    return {
        "name": fields.name,
        "agent_id": fields.agent,
        "personality_id": fields.personality,
        "test_profile_id": fields.test_profile,
        "tags": fields.tags,
        "metrics": fields.metrics,
    }


def _document(fields: ScenarioFields) -> dict[str, Any]:
    return fields.model_dump(mode="json", exclude={*_COLUMNS, "name", "assistant_id", "project"}, exclude_defaults=True)


def _fields(found: ScenarioRow) -> ScenarioFields:
    columns = found.row.columns
    beside = {
        "name": columns["name"],
        "agent": columns["agent_id"],
        "personality": columns["personality_id"],
        "test_profile": columns["test_profile_id"],
        "tags": list(found.tags),
        "metrics": list(found.metrics),
    }
    return fields_as_kept({**found.row.document, **beside})


def _found(connection: Connection, number: int, *, to_change: bool = False) -> ScenarioRow:
    found = find_scenario(connection, number, to_change=to_change)
    if found is None:
        raise no_such("scenario", number)
    return found


def _kept(connection: Connection, rows: Sequence[ScenarioRow]) -> list[KeptScenario]:
    """The scenarios with all that they refer to, read at once for all of them."""
    columns = [found.row.columns for found in rows]
    personalities = personalities_among(connection, [one["personality_id"] or 0 for one in columns])
    profiles = profiles_among(connection, [one["test_profile_id"] or 0 for one in columns])
    metrics = metrics_among(connection, [metric for found in rows for metric in found.metrics])
    around = _Around(
        agents=agent_names(connection, [one["agent_id"] for one in columns if one["agent_id"]]),
        personalities={number: one.personality for number, one in personalities.items()},
        kept_profiles=profiles,
        profiles={number: one.profile for number, one in profiles.items()},
        metrics=metrics,
        definitions={number: one.definition for number, one in metrics.items() if one.fields.simulation_enabled},
        computed=computed_numbers(connection),
    )
    return [_one(found, around) for found in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """What scenarios refer to, by number, each made once for all of them."""

    agents: Mapping[int, str]
    personalities: Mapping[int, Personality]
    kept_profiles: Mapping[int, KeptProfile]
    profiles: Mapping[int, TestProfile]
    metrics: Mapping[int, KeptMetric]
    definitions: Mapping[int, MetricDefinition]
    computed: Mapping[int, str]


def _one(found: ScenarioRow, around: _Around) -> KeptScenario:
    row, fields = found.row, _fields(found)
    personality = around.personalities.get(fields.personality or 0)
    profile = around.profiles.get(fields.test_profile or 0)
    measured = {number: around.definitions[number] for number in found.metrics if number in around.definitions}
    return KeptScenario(
        id=row.id,
        agent_id=fields.agent,
        name=fields.name,
        scenario=domain_scenario(
            row.id, fields, personality=personality, profile=profile, metrics=measured, computed=around.computed
        ),
        personality_id=fields.personality if personality else None,
        test_profile_id=fields.test_profile if profile else None,
        created_at=row.created_at,
        updated_at=row.updated_at,
        fields=fields,
        agent_name=around.agents.get(fields.agent or 0),
        metrics=tuple(around.metrics[number] for number in found.metrics if number in around.metrics),
        profile=around.kept_profiles.get(fields.test_profile or 0),
    )
