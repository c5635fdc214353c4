"""What a run request comes to: its scenarios, found and complete, and a specification for each conversation."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from ringback.domain.run import RunOrigin, RunSpecification
from ringback.domain.scenario import Scenario
from ringback.errors import InvalidFields
from ringback.runs.no_agent import NoAgent
from ringback.runs.planner import MOST_RUNS, conversations, plan
from ringback.runs.selection import (
    Agents,
    KeptAgent,
    KeptScenario,
    Personalities,
    Profiles,
    Scenarios,
    Selection,
    named_agent,
    select,
)
from ringback.runs.submission_reach import reach
from ringback.runs.submission_request import RunsWanted
from ringback.runs.submission_telephone import OwnLines
from ringback.runs.submission_way import Reach


class SuiteContent(Protocol):
    """A suite document that came with a request, read."""

    @property
    def name(self) -> str:
        """The suite's."""
        ...

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """With their frequencies."""
        ...

    @property
    def concurrency_limit(self) -> int | None:
        """How many runs at once, where the suite says so."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """What cannot run here yet."""
        ...

    @property
    def personality_ids(self) -> Mapping[int, int]:
        """Number of each personality that is kept, by the identity of the record in the scenarios."""
        ...

    @property
    def profile_ids(self) -> Mapping[int, int]:
        """Number of each test profile that is kept, by the identity of the record in the scenarios."""
        ...


class SuiteReader(Protocol):
    """Reads a suite document that came with a request."""

    async def __call__(self, document: Mapping[str, Any], /) -> SuiteContent:
        """Raises `SuiteError` with everything that is wrong in it."""
        ...


_NO_TELEPHONE = OwnLines()

_NAMED = 3
"""So many scenarios name a result that no agent names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelves:
    """Where what a request names is looked up."""

    agents: Agents
    scenarios: Scenarios
    personalities: Personalities
    profiles: Profiles
    read_suite: SuiteReader
    lines: OwnLines = _NO_TELEPHONE
    """Our own telephone."""


NumbersOf = Callable[[str, Sequence[str]], Awaitable[Mapping[str, int]]]
"""The number of each scenario of a suite, by its key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The scenarios of a request, with their numbers and those of what they are run with."""

    agent: KeptAgent
    name: str
    scenarios: tuple[Scenario, ...]
    ids: Mapping[str, int]
    """By the scenario's key."""
    reach: Reach
    personality_ids: Mapping[int, int]
    """By the identity of the record in the scenarios."""
    profile_ids: Mapping[int, int]
    """By the identity of the record in the scenarios."""
    concurrency_limit: int | None = None
    warnings: tuple[str, ...] = ()
    """What cannot run here yet."""

    def origins(self, specifications: Iterable[RunSpecification], frequency: int | None) -> Iterator[RunOrigin]:
        """What each of its runs was made from."""
        agent_id, calling, spoken = self.agent.id, self.reach.calls_from, self.reach.channel.is_voice
        for position, one in enumerate(specifications):
            repeats = one.scenario.frequency if frequency is None else frequency
            yield RunOrigin(
                agent_id=agent_id,
                personality_id=self.personality_ids.get(id(one.personality)),
                test_profile_id=self.profile_ids.get(id(one.profile)),
                # Of a run whose agent calls us it is our number, which it gets when it begins; of other spoken ones
                # none.
                number=str(one.repeat) if repeats > 1 and not spoken else None,
                calls_from=calling[position % len(calling)] if calling else None,
            )


async def find_content(wanted: RunsWanted, shelves: Shelves, numbers_of: NumbersOf) -> Content:
    """What a request is about, looked up in what is kept.

    Args:
        wanted: the request.
        shelves: where it is looked up.
        numbers_of: where scenarios of suite documents get their numbers.

    Raises:
        InvalidFields: what there is not, or cannot be meant.
        InvalidRequest: the agent cannot be reached as it is asked for.
        SuiteError: what is wrong in a suite document.
        UsageError: what is not available yet.
    """
    if wanted.spec is None:
        needed = not wanted.says_how
        selection = await select(wanted.selector, shelves.agents, shelves.scenarios, agent_needed=needed)
        agent = selection.agent or NoAgent()
        content = _of_kept(selection, agent, reach(agent, wanted, shelves.lines))
    else:
        content = await _of_suite(wanted, wanted.spec, shelves, numbers_of)
    content = await _overridden(content, wanted, shelves)
    total = conversations(content.scenarios, wanted.frequency)
    if total > MOST_RUNS:
        sentence = f"{total:,} conversations are more than one result holds ({MOST_RUNS:,}). Make several requests."
        raise InvalidFields({"frequency": [sentence]})
    return content


def specify(
    content: Content, frequency: int | None, seed: int
) -> tuple[tuple[RunSpecification, ...], tuple[RunOrigin, ...]]:
    """A specification for each conversation, and what it was made from. Raises `UsageError` as the planner does."""
    specifications = plan(content.scenarios, content.ids, repeat=frequency, seed=seed)
    return specifications, tuple(content.origins(specifications, frequency))


def _of_kept(selection: Selection, agent: KeptAgent, reached: Reach) -> Content:
    kept: Sequence[KeptScenario] = selection.scenarios
    return Content(
        agent=agent,
        name=agent.name or ", ".join(one.scenario.name for one in kept[:_NAMED]),
        scenarios=tuple(one.scenario for one in kept),
        ids={one.scenario.key: one.id for one in kept},
        reach=reached,
        personality_ids={
            id(personality): one.personality_id
            for one in kept
            for personality in one.scenario.personalities
            if one.personality_id is not None
        },
        profile_ids={
            id(profile): one.test_profile_id
            for one in kept
            for profile in one.scenario.profiles
            if one.test_profile_id is not None
        },
    )


async def _of_suite(
    wanted: RunsWanted, document: Mapping[str, Any], shelves: Shelves, numbers_of: NumbersOf
) -> Content:
    agent = await named_agent(wanted.selector, shelves.agents)
    if agent is None:
        raise InvalidFields({"agent_id": ["This field is required: which agent is to be tested?"]})
    suite = await shelves.read_suite(document)
    return Content(
        agent=agent,
        name=suite.name,
        scenarios=suite.scenarios,
        ids=await numbers_of(f"agent {agent.id}: {suite.name}", [scenario.key for scenario in suite.scenarios]),
        reach=reach(agent, wanted, shelves.lines),
        personality_ids=suite.personality_ids,
        profile_ids=suite.profile_ids,
        concurrency_limit=suite.concurrency_limit,
        warnings=suite.warnings,
    )


async def _overridden(content: Content, wanted: RunsWanted, shelves: Shelves) -> Content:
    """With the request's personalities and test profiles in place of the scenarios' own."""
    if wanted.personality_ids:
        personalities = await shelves.personalities.get_many(wanted.personality_ids)
        content = replace(
            content,
            scenarios=_with(content.scenarios, personalities=[personalities[n] for n in wanted.personality_ids]),
            personality_ids={id(personalities[number]): number for number in wanted.personality_ids},
        )
    if wanted.test_profile_ids:
        profiles = await shelves.profiles.get_many(wanted.test_profile_ids)
        content = replace(
            content,
            scenarios=_with(content.scenarios, profiles=[profiles[n] for n in wanted.test_profile_ids]),
            profile_ids={id(profiles[number]): number for number in wanted.test_profile_ids},
        )
    return content


def _with(scenarios: Sequence[Scenario], **lists: Sequence[object]) -> tuple[Scenario, ...]:
    update = {name: tuple(records) for name, records in lists.items()}
    return tuple(scenario.model_copy(update=update) for scenario in scenarios)
