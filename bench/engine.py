"""Queue-to-done throughput of the durable engine with nothing to do: plain DBOS, and DBOS behind Ringback's module.

`python bench/engine.py [--count N] [--concurrency N] URL…` prints one line for each URL, `sqlite:///new-file` or
`postgresql://…` (its schemas `dbos` and `ringback_engine` are emptied by nobody: use a database made for this).
"""

import argparse
import asyncio
import json
import statistics
import time
import uuid
from pathlib import Path

POLL = 0.1
"""Seconds between two looks at the queue, on both sides."""


async def _bare(url: str, count: int, concurrency: int) -> float:
    from dbos import DBOS  # noqa: PLC0415 - a second of imports

    done = asyncio.Event()
    finished = 0
    DBOS(config={"name": "bare", "system_database_url": url, "log_level": "ERROR"})

    @DBOS.workflow()
    async def empty(_number: int) -> None:
        nonlocal finished
        finished += 1
        if finished == count:
            done.set()

    DBOS.launch()
    await DBOS.register_queue_async("bare", worker_concurrency=concurrency, polling_interval_sec=POLL)
    await asyncio.sleep(2.0)  # its queue is noticed within a second
    started = time.perf_counter()
    for number in range(count):
        await DBOS.enqueue_workflow_async("bare", empty, number)
    await done.wait()
    seconds = time.perf_counter() - started
    await asyncio.sleep(1.0)  # the last outcomes are being written
    await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
    return count / seconds


def bare_engine(url: str, count: int = 2000, concurrency: int = 50) -> float:
    """Empty workflows a second of plain DBOS: enqueued one by one, from the first enqueue to the last one carried out.

    A SQLite database is as DBOS makes it (no write-ahead log).
    """
    return asyncio.run(_bare(url, count, concurrency))


async def _ours(url: str, count: int, concurrency: int) -> tuple[float, list[float]]:
    from ringback.runs.engine import Engine  # noqa: PLC0415 - a second of imports

    begun: dict[int, float] = {}
    done = asyncio.Event()
    expected = count

    async def body(run_id: int, _attempt: int) -> None:
        begun[run_id] = time.perf_counter()
        if len(begun) == expected:
            done.set()

    engine = await Engine.open(url, worker_id=str(uuid.uuid4()), body=body, concurrency=concurrency, poll_interval=POLL)
    await asyncio.sleep(2.0)
    started = time.perf_counter()
    first = time.time_ns()  # ids that the database has not seen
    await engine.enqueue([(first + number, 1) for number in range(count)])
    await done.wait()
    rate = count / (time.perf_counter() - started)
    latencies: list[float] = []
    for number in range(count, count + 100):
        done.clear()
        expected = number + 1
        await asyncio.sleep(0.0137 * (number % 8))  # at any point between two looks at the queue
        asked = time.perf_counter()
        await engine.enqueue([(first + number, 1)])
        await done.wait()
        latencies.append(begun[first + number] - asked)
    await engine.close()
    return rate, latencies


def our_engine(url: str, count: int = 2000, concurrency: int = 50) -> tuple[float, list[float]]:
    """The same through `Engine`, enqueued at once; and start latencies in seconds, from asking to begun."""
    return asyncio.run(_ours(url, count, concurrency))


def main() -> None:
    """Measure both, each side on each URL, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("urls", nargs="+")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--concurrency", type=int, default=50)
    parser.add_argument("--bare-only", action="store_true", help="print workflows per second of plain DBOS only")
    options = parser.parse_args()
    if options.bare_only:
        for url in options.urls:
            print(json.dumps({"bare": bare_engine(url, options.count, options.concurrency)}), flush=True)
        return
    for url in options.urls:
        bare = bare_engine(_beside(url, "bare"), options.count, options.concurrency)
        ours, latencies = our_engine(_beside(url, "ours"), options.count, options.concurrency)
        cuts = statistics.quantiles(latencies, n=20)
        figures = {
            "database": url.partition(":")[0],
            "bare_per_second": round(bare, 1),
            "ours_per_second": round(ours, 1),
            "start_p50_ms": round(cuts[9] * 1000, 1),
            "start_p95_ms": round(cuts[18] * 1000, 1),
            "start_max_ms": round(max(latencies) * 1000, 1),
        }
        print(json.dumps(figures), flush=True)


def _beside(url: str, side: str) -> str:
    """A file for each side; in PostgreSQL their schemas differ already."""
    if not url.startswith("sqlite"):
        return url
    path = Path(url.removeprefix("sqlite:///"))
    return f"sqlite:///{path.with_stem(f'{path.stem}-{side}')}"


if __name__ == "__main__":
    main()
