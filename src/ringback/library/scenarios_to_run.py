"""What run requests need of kept scenarios, and nothing else of them: a request may be for thousands."""

import json
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from ringback.domain.scenario import Scenario
from ringback.library.metrics import metrics_among
from ringback.library.personalities import personalities_among
from ringback.library.profiles import profiles_among
from ringback.library.scenario_build import domain_scenario
from ringback.library.scenario_form import fields_as_kept
from ringback.storage.scenario_records import ScenarioContent


class ScenarioToRun(NamedTuple):
    """A scenario, complete, and whose it is."""

    id: int
    agent_id: int | None
    scenario: Scenario
    """With its metrics, its personality and its test profile."""
    personality_id: int | None
    test_profile_id: int | None


def to_run(connection: Connection, contents: Sequence[ScenarioContent]) -> list[ScenarioToRun]:
    """The scenarios with all that they refer to, which is read, and made, once for all of them."""
    personalities = {
        number: kept.personality
        for number, kept in personalities_among(connection, {one.personality_id or 0 for one in contents}).items()
    }
    profiles = {
        number: kept.profile
        for number, kept in profiles_among(connection, {one.test_profile_id or 0 for one in contents}).items()
    }
    definitions = {
        number: kept.definition
        for number, kept in metrics_among(connection, {number for one in contents for number in one.metrics}).items()
        if kept.fields.simulation_enabled
    }
    found: list[ScenarioToRun] = []
    for one in contents:
        personality = personalities.get(one.personality_id or 0)
        profile = profiles.get(one.test_profile_id or 0)
        beside = {"name": one.name, "tags": list(one.tags)}
        scenario = domain_scenario(
            one.id,
            fields_as_kept({**json.loads(one.document), **beside}),
            personality=personality,
            profile=profile,
            metrics={number: definitions[number] for number in one.metrics if number in definitions},
        )
        found.append(
            ScenarioToRun(
                id=one.id,
                agent_id=one.agent_id,
                scenario=scenario,
                personality_id=one.personality_id if personality else None,
                test_profile_id=one.test_profile_id if profile else None,
            )
        )
    return found
