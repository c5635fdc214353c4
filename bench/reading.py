"""How long the service takes to read a large result: list, detail and runs, in the process; memory on export.

`uv run python bench/reading.py [--runs 10000]` on SQLite and on a PostgreSQL of its own. Times are those of the work
that a request causes (from the call to the bytes of the answer), without HTTP; the median and worst of ten, and
the processor time of this process, which other work on the machine disturbs less.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from ringback.domain.conversation import Conversation, Entry, Role
from ringback.domain.ending import Ending, EndingCode
from ringback.domain.evaluation import (
    Answer,
    Evaluation,
    Evidence,
    ExpectedOutcomeScore,
    MetricScore,
    OutcomePart,
)
from ringback.domain.outcome import Outcome
from ringback.domain.run import Asked, Provenance, RunOrigin, RunSpecification, RunStatus
from ringback.domain.scenario import MetricKind, Scenario, ScenarioType
from ringback.results.brief import brief_of
from ringback.results.export.runs import runs_as_json_lines
from ringback.results.json_text import json_bytes
from ringback.results.reference_detail import detail_answer
from ringback.results.reference_form import list_item, request_answer
from ringback.results.reference_run import full_run
from ringback.storage.database import Database
from ringback.storage.owner import Owner
from ringback.storage.reading_filters import ResultFilter, RunFilter
from ringback.storage.readings import Readings
from ringback.storage.store import Store
from ringback.wiring.collector import tune_garbage_collector

TURNS = 12
SCENARIOS = 50
ROUNDS = 10
POSTGRESQL = Path(__file__).parents[1] / "tools" / "postgresql_server.py"


def _conversation() -> Conversation:
    """About six kilobytes as a document, as conversations with a model have."""
    words = "I would like to move my appointment with Dr Okafor from Tuesday to some time on Thursday, if that works. "
    entries = tuple(
        Entry(
            number=number,
            role=Role.CALLER if number % 2 else Role.AGENT,
            content=words * 2,
            start=number * 3.0,
            end=number * 3.0,
            turn=(number + 1) // 2,
            latency=None if number % 2 else 0.8,
        )
        for number in range(1, 2 * TURNS + 1)
    )
    ending = Ending(code=EndingCode.CALLER_ENDED, sentence="The caller ended the call.")
    return Conversation(started_at=datetime.now(UTC), duration=75.0, entries=entries, ending=ending)


def _evaluation(number: int) -> Evaluation:
    """Four computed metrics and two judged parts."""
    held = number % 4 != 0
    metrics = (
        *(
            MetricScore(
                slug=slug, name=slug.title(), kind=MetricKind.NUMERIC, value=0.5 + number % 7, explanation="So."
            )
            for slug in ("latency", "turns", "word_share")
        ),
        MetricScore(slug="tool_call_success", name="Tool call success", kind=MetricKind.BINARY, value=held),
    )
    parts = tuple(
        OutcomePart(
            part=f"The agent does the {which} thing that was asked of it",
            answer=Answer.MET if held else Answer.NOT_MET,
            explanation="It said that it moved the appointment.",
            evidence=(Evidence(entry=4, quote="I would like to move my appointment"),),
        )
        for which in ("first", "second")
    )
    return Evaluation(
        outcome=Outcome.PASSED if held else Outcome.FAILED,
        reason="All assertions hold.",
        metrics=metrics,
        expected_outcome=ExpectedOutcomeScore(parts=parts, score=100.0 if held else 0.0),
    )


async def _fill(database: Database, runs: int) -> int:
    store = Store(database, Owner.this_process("service"), window=0.0, brief_of=brief_of)
    scenarios = [
        Scenario(key=f"s{number}", name=f"Scenario {number}", type=ScenarioType.INSTRUCTION)
        for number in range(SCENARIOS)
    ]
    specifications = [
        RunSpecification(scenario=scenarios[number % SCENARIOS], scenario_id=number % SCENARIOS + 1, repeat=1)
        for number in range(runs)
    ]
    result = await store.add_result(
        name="large",
        agent_name="clinic",
        agent_url="ws://clinic",
        provenance=Provenance(ringback_version="1"),
        specifications=specifications,
        asked=Asked(
            agent_id=1,
            sealed_agent="",
            run_type="Text",
            request={},
            origins=tuple(RunOrigin(agent_id=1) for _ in range(runs)),
        ),
    )
    conversation = _conversation()
    finished = [
        replace(
            run,
            status=RunStatus.DONE,
            conversation=conversation,
            evaluation=_evaluation(run.id),
            started_at=conversation.started_at,
            finished_at=datetime.now(UTC),
        )
        for run in result.runs
    ]
    for start in range(0, runs, 500):
        await asyncio.gather(*map(store.finish_run, finished[start : start + 500]))
    return result.id


async def _timed(what: str, work: Callable[[], Awaitable[bytes]]) -> None:
    seconds: list[float] = []
    used: list[float] = []
    size = 0
    for _ in range(ROUNDS):
        started, before = time.perf_counter(), time.process_time()
        size = len(await work())
        seconds.append(time.perf_counter() - started)
        used.append(time.process_time() - before)
    median, worst, cpu = statistics.median(seconds) * 1000, max(seconds) * 1000, statistics.median(used) * 1000
    print(f"  {what:<34} {median:7.1f} ms median {worst:7.1f} worst {cpu:7.1f} ms CPU {size / 1e6:8.2f} MB")


async def _measure(url: str, runs: int) -> None:
    database = await Database.open(url)
    readings = Readings(database)
    started = time.perf_counter()
    number = await _fill(database, runs)
    print(f"{url.partition(':')[0]}: {runs} runs, written in {time.perf_counter() - started:.1f} s")

    async def listed() -> bytes:
        _, found = await readings.results(ResultFilter(), offset=0, limit=20)
        return json_bytes([list_item(one) for one in found])

    async def page() -> bytes:
        _, found = await readings.runs_page(RunFilter(result_id=number), offset=runs // 2, limit=20)
        return json_bytes([full_run(one) for one in found])

    async def counted() -> bytes:
        return json_bytes((await readings.counts(number))[1].total)

    async def answered() -> bytes:
        return json_bytes(await request_answer(readings, number))

    await _timed("list of results", listed)
    await _timed("detail of the result", lambda: detail_answer(readings, number))
    await _timed("counts (a look of the live feed)", counted)
    await _timed("20 whole runs from the middle", page)
    await _timed("answer of a run request", answered)
    await _export(readings, number, runs)
    await database.close()


async def _export(readings: Readings, number: int, runs: int) -> None:
    """Memory grows with what one step holds, not with the result."""
    tracemalloc.start()
    started, size = time.perf_counter(), 0
    quarter = 0
    lines = 0
    async for line in runs_as_json_lines(readings, number):
        size += len(line)
        lines += 1
        if lines == runs // 4:
            quarter = tracemalloc.get_traced_memory()[1]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    seconds = time.perf_counter() - started
    print(
        f"  export: {size / 1e6:.1f} MB in {seconds:.1f} s (while memory is traced), at most {peak / 1e6:.1f} MB held; "
        f"after a quarter {quarter / 1e6:.1f} MB"
    )


@asynccontextmanager
async def _postgresql() -> AsyncGenerator[str]:
    with subprocess.Popen(  # noqa: ASYNC220 - nothing else is to be done meanwhile
        [sys.executable, POSTGRESQL], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as own:
        assert own.stdout is not None
        told = json.loads(own.stdout.readline())
        yield told["url"]
        assert own.stdin is not None
        own.stdin.close()


async def _main(runs: int) -> None:
    tune_garbage_collector()  # as `ringback serve` does
    with tempfile.TemporaryDirectory() as folder:
        await _measure(f"sqlite:///{folder}/ringback.db", runs)
    async with _postgresql() as url:
        await _measure(url, runs)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    asyncio.run(_main(parser.parse_args().runs))
