"""Starts and finishes results: the use case behind `ringback run` and, later, the API's run requests."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ringback.domain.ending import EndingCode
from ringback.domain.event import Event, Notice, ResultFinished, ResultStarted
from ringback.domain.run import Provenance, Result, Run, RunSpecification, RunStatus
from ringback.errors import UsageError
from ringback.runs.dispatcher import dispatch
from ringback.runs.executor import Executor
from ringback.storage.store import Store

_LEFT_UNDONE = frozenset({EndingCode.CANCELLED, EndingCode.COST_LIMIT, EndingCode.INTERRUPTED})
"""Endings that `resume` takes up again: the run was stopped from outside."""

_AT_REST = frozenset({RunStatus.DONE, RunStatus.INTERRUPTED})
"""No process works on a run of this status: what dead processes left was marked when the store was opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What a person asks for."""

    name: str
    agent_name: str
    agent_url: str
    """As shown."""
    specifications: tuple[RunSpecification, ...]
    provenance: Provenance


class RunService:
    """Makes results, and resumes interrupted ones."""

    def __init__(
        self,
        store: Store,
        executor: Executor,
        *,
        concurrency: int,
        on_event: Callable[[Event], None],
        stop: asyncio.Event,
    ) -> None:
        self._store = store
        self._executor = executor
        self._concurrency = concurrency
        self._on_event = on_event
        self._stop = stop

    async def start(self, request: RunRequest) -> Result:
        """Store the request as a result, hold its conversations, return it finished (or stopped half-way)."""
        result = await self._store.add_result(
            name=request.name,
            agent_name=request.agent_name,
            agent_url=request.agent_url,
            provenance=request.provenance,
            specifications=request.specifications,
        )
        return await self._carry_out(result, result.runs)

    async def resume(self, result_id: int) -> Result:
        """Do what an interrupted result left: runs that never began, died half-way or were cancelled.

        Raises:
            UsageError: there is nothing left to do.
        """
        result = await self._store.result(result_id)
        if any(run.status not in _AT_REST for run in result.runs):
            raise UsageError(
                f"Result {result_id} is still being carried out by another process. Wait for it, or stop it first."
            )
        left = [run for run in result.runs if is_left(run)]
        if not left:
            raise UsageError(f"Result {result_id} is complete: nothing to resume. `ringback results show {result_id}`.")
        reset = await self._store.reset_runs([run.id for run in left])
        return await self._carry_out(result, reset)

    async def _carry_out(self, result: Result, runs: Sequence[Run]) -> Result:
        self._on_event(ResultStarted(result_id=result.id, total=len(runs)))
        halt = asyncio.Event()

        async def execute(run: Run) -> Run:
            done = await self._executor.execute(run)
            if not halt.is_set() and _cost_limit_reached(done):
                halt.set()
                sentence = done.evaluation.reason if done.evaluation else "The cost limit is reached."
                self._on_event(Notice(sentence=f"Stopping: {sentence}"))
            return done

        finished = await dispatch(
            runs,
            execute,
            concurrency=self._concurrency,
            stopped=lambda: self._stop.is_set() or halt.is_set(),
        )
        merged = tuple(finished.get(run.id, run) for run in _latest(result.runs, runs))
        interrupted = any(is_left(run) for run in merged)
        if interrupted:
            left = sum(is_left(run) for run in merged)
            counted, them = ("1 run", "it") if left == 1 else (f"{left} runs", "them")
            remedy = (
                f": `ringback run --resume {result.id}` does {them}."
                if self._store.lasting
                else ", and nothing is kept."
            )
            self._on_event(Notice(sentence=f"{counted} left{remedy}"))
        await self._store.finish_result(result.id, interrupted=interrupted)
        self._on_event(ResultFinished(result_id=result.id))
        return replace(result, runs=merged, finished_at=datetime.now(UTC), interrupted=interrupted)


def is_left(run: Run) -> bool:
    """Whether a run still has to be done: not finished, or stopped from outside."""
    if run.status is not RunStatus.DONE:
        return True
    return run.conversation is not None and run.conversation.ending.code in _LEFT_UNDONE


def _cost_limit_reached(run: Run) -> bool:
    """Whether the caller met it; or the judge, which leaves a run unfinished."""
    if run.conversation is None:
        return False
    return run.conversation.ending.code is EndingCode.COST_LIMIT or run.status is not RunStatus.DONE


def _latest(runs: Sequence[Run], reset: Sequence[Run]) -> list[Run]:
    by_id = {run.id: run for run in reset}
    return [by_id.get(run.id, run) for run in runs]
