"""The same conversations through Ringback: planned, held, checked, stored, reported."""

import asyncio
import os
import tempfile
from pathlib import Path

from bare import LINES, TURNS
from pydantic import SecretStr

from ringback.cli.reports import write_whole
from ringback.domain.agent import Agent
from ringback.domain.check import AgentNeverSaid, AgentSaid, TurnsWithin
from ringback.domain.event import EntryAdded, Event
from ringback.domain.run import Provenance, Result
from ringback.domain.scenario import Scenario, ScenarioType
from ringback.results.export import html, json_report, junit
from ringback.results.summary import summarise
from ringback.runs.planner import plan
from ringback.runs.service import RunRequest
from ringback.settings import Settings
from ringback.wiring.collector import tune_garbage_collector
from ringback.wiring.models import Models, choose_models
from ringback.wiring.one_agent import run_service
from ringback.wiring.store import open_store

__all__ = ["hold", "model_driven_scenario", "scripted_scenario", "tune_garbage_collector"]

CHECKS = (
    AgentSaid(type="agent_said", text="noted that down"),
    AgentNeverSaid(type="agent_never_said", regex=r"\bsorry\b"),
    TurnsWithin(type="turns", max=6),
)


def scripted_scenario() -> Scenario:
    """Five lines, three checks."""
    return Scenario(key="five-turns", name="Five turns", type=ScenarioType.SCRIPT, script=LINES, checks=CHECKS)


def model_driven_scenario() -> Scenario:
    """A persona that says five lines, and a judge."""
    return Scenario(
        key="five-turns",
        name="Five turns",
        type=ScenarioType.INSTRUCTION,
        instructions="You want to change your appointment. Your name is Ada Quill; any morning suits you.",
        expected_outcome="The agent notes the wish down.",
        max_turns=TURNS,
    )


async def hold(conversations: int, concurrency: int, scenario: Scenario, agent_url: str, delays: list[float]) -> Result:
    """One result of so many runs, stored in a new database, reported in three formats."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            home=Path(folder),
            settle=0,
            grace=0,
            opening_wait=0,
            caller_model="local:m",
            caller_base_url=os.environ.get("BENCH_MODEL_URL"),
            model_concurrency=concurrency,
        )
        agent = Agent(name="bench", url=SecretStr(agent_url), shown_url=agent_url, agent_speaks_first=False)
        store = await open_store(settings)
        models = (
            choose_models([scenario], settings, {}) if settings.caller_base_url else Models(caller=None, judge=None)
        )
        ids = await store.scenario_ids("bench", [scenario.key])

        def on_event(event: Event) -> None:
            if isinstance(event, EntryAdded) and event.entry.latency is not None:
                delays.append(event.entry.latency)

        async with run_service(
            agent,
            settings,
            store,
            models,
            on_event=on_event,
            stop=asyncio.Event(),
            concurrency=concurrency,
            invalid_retries=0,
        ) as service:
            result = await service.start(
                RunRequest(
                    name="bench",
                    agent_name=agent.name,
                    agent_url=agent.shown_url,
                    specifications=plan([scenario], ids, repeat=conversations),
                    provenance=Provenance(ringback_version="bench"),
                )
            )
        await store.close()
        summary = summarise(result)
        for report in (junit, json_report, html):
            write_whole(Path(folder) / report.__name__, report.render(result, summary))
    outcomes = {str(run.outcome) for run in result.runs}
    if outcomes != {"passed"}:
        reasons = {run.evaluation.reason for run in result.runs if run.evaluation}
        raise SystemExit(f"the benchmark's conversations were to pass: {outcomes} {reasons}")
    return result
