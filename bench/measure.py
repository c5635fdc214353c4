"""One measurement in a process of its own: prints a JSON object with seconds, CPU seconds, memory and delays."""

import argparse
import asyncio
import json
import os
import resource
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import bare
import uvloop

PAGE = os.sysconf("SC_PAGE_SIZE")


def memory() -> int:
    """Resident memory now, in bytes."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE


WARM_UP = 20
"""Conversations of both sides before the clock starts, so that what is loaded once is not measured as if it were work
of every conversation (`run.py start` measures how long starting takes)."""

Job = Callable[[int], Awaitable[object]]
"""Holds so many conversations."""


def bare_loop(options: argparse.Namespace, delays: list[float]) -> Job:
    """The bare loop's job."""

    async def job(conversations: int) -> None:
        gate = asyncio.Semaphore(64)

        async def one(session: aiohttp.ClientSession) -> None:
            if options.model:
                await bare.model_driven(session, options.agent, options.model)
            else:
                await bare.scripted(session, options.agent, gate, delays)

        await bare.hold(conversations, options.concurrency, one)

    return job


def ringback_engine(options: argparse.Namespace, delays: list[float]) -> Job:
    """Ringback's job."""
    if options.model:
        os.environ["BENCH_MODEL_URL"] = options.model
    import ours  # noqa: PLC0415 - what the bare loop does not need, it does not load

    ours.tune_garbage_collector()  # as `ringback run` does
    scenario = ours.model_driven_scenario() if options.model else ours.scripted_scenario()
    return lambda conversations: ours.hold(conversations, options.concurrency, scenario, options.agent, delays)


async def measured(job: Job, conversations: int, delays: list[float]) -> dict[str, float]:
    """Run the job once; memory is sampled while it runs."""
    await job(WARM_UP)
    delays.clear()
    before, peak = memory(), 0

    async def watch() -> None:
        nonlocal peak
        while True:
            peak = max(peak, memory())
            await asyncio.sleep(0.05)

    watcher = asyncio.create_task(watch())
    started, cpu = time.perf_counter(), time.process_time()
    await job(conversations)
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
    watcher.cancel()
    cuts = statistics.quantiles(delays, n=100) if len(delays) > 1 else [0.0] * 99
    return {
        "seconds": seconds,
        "cpu": cpu_seconds,
        "memory": max(peak, memory()) - before,
        "p50": cuts[49],
        "p99": cuts[98],
    }


def main() -> None:
    """Measure what the flags say."""
    parser = argparse.ArgumentParser()
    parser.add_argument("side", choices=("bare", "bare-uvloop", "ringback"))
    parser.add_argument("--agent", required=True)
    parser.add_argument("--model")
    parser.add_argument("--conversations", type=int, required=True)
    parser.add_argument("--concurrency", type=int, required=True)
    options = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 20_000), hard), hard))
    delays: list[float] = []
    job = (ringback_engine if options.side == "ringback" else bare_loop)(options, delays)
    carry = asyncio.run if options.side == "bare" else uvloop.run  # `ringback run` brings uvloop with it
    print(json.dumps(carry(measured(job, options.conversations, delays))))


if __name__ == "__main__":
    main()
