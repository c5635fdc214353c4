"""Records to store, and a store in a file."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ringback.domain.conversation import Conversation, Entry, Finding, FindingCode, MetadataUpdate, Role, ToolData
from ringback.domain.ending import Ending, EndingCode
from ringback.domain.evaluation import CheckScore, Evaluation, Evidence, MetricScore
from ringback.domain.outcome import Outcome
from ringback.domain.run import Provenance, Result, Run, RunSpecification, RunStatus
from ringback.domain.scenario import MetricKind, Scenario, ScenarioType
from ringback.domain.usage import Usage
from ringback.storage.store import Store

NOON = datetime(2026, 11, 21, 12, 0, 0, 250000, tzinfo=UTC)


@pytest.fixture
def conversation() -> Conversation:
    """A conversation with something in every field."""
    entries = (
        Entry(number=1, role=Role.CALLER, content="Grüß Gott 👋", start=0.0, end=0.0, turn=1),
        Entry(
            number=2,
            role=Role.TOOL_CALL,
            content="",
            start=0.1,
            end=0.1,
            turn=1,
            tool=ToolData(id="c1", name="book", arguments={"day": "Friday", "persons": 2, "window": None}),
        ),
        Entry(number=3, role=Role.AGENT, content="Booked.", start=0.2, end=0.2, turn=1, latency=0.2, extra={"x": [1]}),
    )
    return Conversation(
        started_at=NOON,
        duration=1.5,
        entries=entries,
        ending=Ending(code=EndingCode.CALLER_ENDED, sentence="The caller hung up."),
        findings=(Finding(at=0.1, code=FindingCode.UNKNOWN_TYPE, sentence="Unknown type.", entry=2, detail={"a": 1}),),
        metadata={"booking": {"id": 7}},
        metadata_updates=(MetadataUpdate(at=0.2, values={"booking": {"id": 7}}),),
    )


@pytest.fixture
def finish(conversation: Conversation) -> Callable[[Run], Run]:
    """What the executor would make of a run."""
    evaluation = Evaluation(
        outcome=Outcome.PASSED,
        reason="Every check holds.",
        checks=(CheckScore(name="books", passed=True, explanation="entry 2", evidence=(Evidence(entry=2),)),),
        metrics=(
            MetricScore(slug="a", name="A", kind=MetricKind.BINARY, value=True),
            MetricScore(slug="b", name="B", kind=MetricKind.NUMERIC, value=1.0, percentiles={"p50": 0.5}),
            MetricScore(slug="c", name="C", kind=MetricKind.ENUM, value="yes"),
        ),
    )

    def finished(run: Run) -> Run:
        return replace(
            run,
            status=RunStatus.DONE,
            conversation=conversation,
            evaluation=evaluation,
            usage={"judge": Usage(calls=1, input_tokens=10, output_tokens=2, cost=None)},
            started_at=NOON,
            finished_at=NOON,
        )

    return finished


@pytest.fixture
def add() -> Callable[[Store, int], Awaitable[Result]]:
    """Adds a result with so many runs."""
    scenario = Scenario(key="books", name="Books a table", type=ScenarioType.SCRIPT, script=("Hello", "Bye"))

    def added(store: Store, count: int) -> Awaitable[Result]:
        return store.add_result(
            name="nightly",
            agent_name="front-desk",
            agent_url="ws://agent.example/chat?key=***",
            provenance=Provenance(ringback_version="0.1.0", labels={"branch": "main"}),
            specifications=[
                RunSpecification(scenario=scenario, scenario_id=1, repeat=repeat + 1) for repeat in range(count)
            ],
        )

    return added


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database is."""
    return tmp_path / "home" / "ringback.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    """A store in a file."""
    opened = await Store.open(f"sqlite:///{path}")
    yield opened
    await opened.close()


@pytest.fixture
def python() -> Callable[..., Awaitable[asyncio.subprocess.Process]]:
    """Starts a program of its own that respects file permissions even where the tests run as root."""

    def start(program: str, *arguments: object) -> Awaitable[asyncio.subprocess.Process]:
        command = [sys.executable, "-c", program, *map(str, arguments)]
        if os.geteuid() == 0:
            drop = "-dac_override,-dac_read_search,-fowner"
            command = ["setpriv", "--bounding-set", drop, "--inh-caps", drop, *command]
        pipe = asyncio.subprocess.PIPE
        return asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe, stdin=pipe)

    return start
