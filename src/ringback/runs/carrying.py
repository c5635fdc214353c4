"""Carries out one claimed run: the whole of it, its evaluation only, or some metrics on the record that is kept."""

from collections.abc import Callable
from dataclasses import replace

from ringback.domain.run import Run, RunStatus
from ringback.errors import TakenOver
from ringback.models.model import LanguageModel
from ringback.runs.cutting import unless_stopped
from ringback.runs.executor import Executor
from ringback.runs.rescoring import rescored
from ringback.runs.worker import Call


async def carry_out(call: Call, *, executor: Callable[[], Executor], judge: Callable[[], LanguageModel | None]) -> Run:
    """Do what is missing of a run and store it; the run as it was stored. Raises `StorageError`."""
    run, metrics = call.claim.run, call.claim.rescoring
    if metrics is None:
        return await executor().execute(run)
    unchanged = replace(run, status=RunStatus.DONE)
    scored = await unless_stopped(call.stop, rescored(run, metrics, judge=judge()), unchanged)
    if not await call.store.finish_run(scored):
        raise TakenOver(f"Run {run.id} was taken over by another process; this one stops.")
    return scored
