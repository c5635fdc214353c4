"""What run requests need of kept scenarios, and nothing else of them: a request may be for thousands."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection

from ringback.domain.scenario import MetricDefinition, Personality, Scenario, TestProfile
from ringback.library.metrics import computed_numbers, metrics_among
from ringback.library.personalities import personalities_among
from ringback.library.profiles import profiles_among
from ringback.library.scenario_build import domain_scenario
from ringback.library.scenario_form import fields_as_kept
from ringback.storage.scenario_records import ScenarioContent

MOST_KEPT = 50_000_000
"""Bytes, by a rough count, of scenarios that are kept built: 10,000 of a usual size."""

_OF_A_SCENARIO = 4_500
"""Bytes of a scenario beside its text, which is kept as it is read and as specifications have it."""

_Referred = TypeVar("_Referred", Personality, TestProfile, MetricDefinition)


class ScenarioToRun(NamedTuple):
    """A scenario, complete, and whose it is."""

    id: int
    agent_id: int | None
    scenario: Scenario
    """With its metrics, its personality and its test profile."""
    personality_id: int | None
    test_profile_id: int | None


class _Parts(NamedTuple):
    """All that a scenario is built of."""

    content: ScenarioContent
    personality: Personality | None
    profile: TestProfile | None
    metrics: tuple[MetricDefinition, ...]

    def same_as(self, other: "_Parts") -> bool:
        """Whether the same scenario comes of both."""
        return (
            self.personality is other.personality
            and self.profile is other.profile
            and self.content == other.content
            and (self.metrics is other.metrics or list(map(id, self.metrics)) == list(map(id, other.metrics)))
        )


class ScenarioBuilder:
    """Builds scenarios; one that was built before is given again, for as long as all its parts are what they were.

    The parts are read for each request, so whatever anybody changed before it is seen. Building a thousand anew takes
    about 15 ms, comparing their parts 2. Threads may share a builder.
    """

    def __init__(self) -> None:
        """With nothing built."""
        self._built: dict[int, tuple[_Parts, ScenarioToRun]] = {}
        self._referred: dict[tuple[type, int], tuple[str, Any]] = {}
        self._computed: Mapping[int, str] | None = None
        self._size = 0

    def build(self, connection: Connection, contents: Sequence[ScenarioContent]) -> list[ScenarioToRun]:
        """The scenarios with all that they refer to, which is read, and made, once for all of them."""
        if self._size > MOST_KEPT:
            self._built, self._referred, self._size = {}, {}, 0
        personalities = self._as_before(
            {
                number: kept.personality
                for number, kept in personalities_among(
                    connection, {one.personality_id or 0 for one in contents}
                ).items()
            }
        )
        profiles = self._as_before(
            {
                number: kept.profile
                for number, kept in profiles_among(connection, {one.test_profile_id or 0 for one in contents}).items()
            }
        )
        attached = metrics_among(connection, {number for one in contents for number in one.metrics})
        definitions = self._as_before(
            {number: kept.definition for number, kept in attached.items() if kept.fields.simulation_enabled}
        )
        if self._computed is None and any('"rubric"' in one.document for one in contents):
            self._computed = computed_numbers(connection)  # nobody changes these
        return [
            self._scenario(
                _Parts(
                    one,
                    personalities.get(one.personality_id or 0),
                    profiles.get(one.test_profile_id or 0),
                    tuple([definitions[number] for number in one.metrics if number in definitions]),
                )
            )
            for one in contents
        ]

    def _as_before(self, found: Mapping[int, _Referred]) -> dict[int, _Referred]:
        """What scenarios refer to: the very object of earlier requests where that says the same."""
        same: dict[int, _Referred] = {}
        for number, new in found.items():
            text = new.model_dump_json()  # for Python, 1 and True are equal
            before = self._referred.get((type(new), number))
            if before is None or before[0] != text:
                before = self._referred[type(new), number] = text, new
                self._size += len(text)
            same[number] = before[1]
        return same

    def _scenario(self, parts: _Parts) -> ScenarioToRun:
        content = parts.content
        before = self._built.get(content.id)
        if before is not None and before[0].same_as(parts):
            return before[1]
        built = ScenarioToRun(
            content.id,
            content.agent_id,
            _build(parts, self._computed or {}),
            content.personality_id if parts.personality else None,
            content.test_profile_id if parts.profile else None,
        )
        self._built[content.id] = (parts, built)
        self._size += 2 * len(content.document) + _OF_A_SCENARIO
        return built


def _build(parts: _Parts, computed: Mapping[int, str]) -> Scenario:
    content = parts.content
    beside = {"name": content.name, "tags": list(content.tags)}
    return domain_scenario(
        content.id,
        fields_as_kept({**json.loads(content.document), **beside}),
        personality=parts.personality,
        profile=parts.profile,
        metrics={metric.id: metric for metric in parts.metrics if metric.id is not None},
        computed=computed,
    )
