"""The rooms of the library over one database, for the tests of this folder."""

from dataclasses import dataclass

from ringback.library.agents import AgentLibrary
from ringback.library.metrics import MetricLibrary
from ringback.library.personalities import PersonalityLibrary
from ringback.library.profiles import ProfileLibrary
from ringback.library.scenarios import ScenarioLibrary
from ringback.storage.database import Database
from ringback.storage.sealing import Seal


@dataclass(frozen=True, kw_only=True)
class Rooms:
    database: Database
    agents: AgentLibrary
    scenarios: ScenarioLibrary
    personalities: PersonalityLibrary
    profiles: ProfileLibrary
    metrics: MetricLibrary


async def rooms_of(database: Database, seal: Seal) -> Rooms:
    """All of them, with what is ready from the start."""
    rooms = Rooms(
        database=database,
        agents=AgentLibrary(database, seal),
        scenarios=ScenarioLibrary(database),
        personalities=PersonalityLibrary(database),
        profiles=ProfileLibrary(database),
        metrics=MetricLibrary(database),
    )
    await rooms.personalities.make_ready()
    await rooms.metrics.make_ready()
    return rooms
