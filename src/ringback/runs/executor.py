"""Carries out one run: connect, converse, evaluate, store; tries again where the caller was invalid."""

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache

from ringback.callers.caller import Caller, Remarker
from ringback.conversation.limits import Limits
from ringback.conversation.loop import Held
from ringback.conversation.recorder import Recorder
from ringback.domain.conversation import Conversation
from ringback.domain.ending import Ending, EndingCode
from ringback.domain.evaluation import Evaluation
from ringback.domain.event import CallEnded, Event, RunFinished, RunStarted
from ringback.domain.outcome import Outcome
from ringback.domain.run import Attempt, Run, RunSpecification, RunStatus
from ringback.domain.usage import Usage
from ringback.errors import (
    CallerInvalid,
    CallFailed,
    ChannelError,
    CostLimitReached,
    DefectError,
    HandshakeFailed,
    Interrupted,
    NotSupported,
    Refused,
    RingbackError,
    TakenOver,
)
from ringback.evaluation.evaluator import evaluate, judge_needs
from ringback.models.model import LanguageModel
from ringback.runs.cutting import unless_stopped
from ringback.runs.metering import MeteredModel
from ringback.runs.talking import Talk
from ringback.storage.store import Store

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Executor:
    """All that runs of one result have in common; `execute` may be called for many runs side by side."""

    store: Store
    talk: Talk
    """What conversations are carried by."""
    build_caller: Callable[[RunSpecification, LanguageModel | None, Remarker], Caller]
    caller_model: LanguageModel | None
    judge_model: LanguageModel | None
    limits: Limits
    """Waits; turns and duration are the scenario's."""
    on_event: Callable[[Event], None]
    stop: asyncio.Event
    invalid_retries: int = 1
    """How often a run whose caller was invalid is attempted again."""
    connect_attempts: int = 3
    cut_evaluation: bool = False
    """Whether `stop` ends an evaluation as well, not only the conversation."""
    evaluating: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    """Held by the evaluation that is being computed."""
    longest: float | None = None
    """Seconds that a conversation may take; None: what its scenario says."""

    async def execute(self, run: Run) -> Run:
        """The finished run, as it was stored. Raises `StorageError` only: all else becomes the run's outcome.

        A run whose judge met the cost limit is stored with its conversation alone and comes back unfinished, with the
        error as its evaluation: to be judged once there is money.

        A run that comes with its conversation is only evaluated: the process that held the conversation did not get
        that far.
        """
        caller_model = MeteredModel(self.caller_model) if self.caller_model else None
        if run.conversation is not None:
            return await self._conclude(run, Held(conversation=run.conversation, failure=None), caller_model)
        run = replace(run, started_at=datetime.now(UTC))
        while True:
            held = await self._hold(run, caller_model)
            run = replace(run, usage=_added(run.usage, held.usage))
            if not self._try_again(run, held.failure):
                break
            run = replace(
                run,
                attempt=run.attempt + 1,
                earlier_attempts=(
                    *run.earlier_attempts,
                    Attempt(number=run.attempt, conversation=held.conversation, reason=str(held.failure)),
                ),
            )
        return await self._conclude(run, held, caller_model)

    def _try_again(self, run: Run, failure: RingbackError | None) -> bool:
        return (
            isinstance(failure, CallerInvalid)
            and failure.retryable
            and len(run.earlier_attempts) < self.invalid_retries
            and not self.stop.is_set()
            # An agent that calls us has done so, and does not do it twice for one window.
            and run.dial_window is None
        )

    async def _hold(self, run: Run, caller_model: MeteredModel | None) -> Held:
        """One attempt at the conversation."""
        specification = run.specification
        self.on_event(
            RunStarted(
                run_id=run.id,
                scenario_key=specification.scenario.key,
                scenario_name=specification.scenario.name,
                repeat=specification.repeat,
                attempt=run.attempt,
            )
        )
        started_at = datetime.now(UTC)
        try:
            return await self._connected(run, caller_model)
        except RingbackError as error:
            return self._not_held(run, error, started_at)
        except Exception as error:
            log.exception("run %s: defect in Ringback", run.id)
            return self._not_held(run, DefectError(error), started_at)

    async def _connected(self, run: Run, caller_model: MeteredModel | None) -> Held:
        """Converse, connecting again after a while where that may help."""
        for tried in range(1, self.connect_attempts):
            try:
                return await self._converse(run, caller_model)
            except ChannelError as error:
                if not error.retryable or self.stop.is_set():
                    raise
            # Runs that were turned away together do not come back together.
            await asyncio.sleep(min(5.0, 0.2 * 2.0 ** (tried - 1)) + random.uniform(0.0, 0.2))  # noqa: S311 - no secret
        return await self._converse(run, caller_model)

    async def _converse(self, run: Run, caller_model: MeteredModel | None) -> Held:
        specification = run.specification
        recorder = Recorder(run.id, self.on_event)
        caller = self.build_caller(specification, caller_model, recorder.remark)
        scenario = specification.scenario
        limits = _limits(self.limits, scenario.max_turns, self.longest or scenario.max_duration)
        return await self.talk(run, caller, recorder, limits=limits, stop=self.stop)

    def _not_held(self, run: Run, error: RingbackError, started_at: datetime) -> Held:
        """The record of a conversation that never began."""
        ending = Ending(code=_ending_code(error), sentence=str(error))
        rang = error.ringing if isinstance(error, ChannelError) else None
        conversation = Conversation(started_at=started_at, duration=0.0, entries=(), ending=ending, rang_in_vain=rang)
        self.on_event(CallEnded(run_id=run.id, at=0.0, ending=ending, conversation=conversation))
        return Held(conversation=conversation, failure=error)

    async def _conclude(self, run: Run, held: Held, caller_model: MeteredModel | None) -> Run:
        """Evaluate and store: one write where nothing has to be waited for, two where a judge follows."""
        judge = MeteredModel(self.judge_model) if self.judge_model else None
        if judge is not None and judge_needs(run.specification.scenario):
            run = replace(
                run, status=RunStatus.EVALUATING, conversation=held.conversation, usage=_usage(run, caller=caller_model)
            )
            if not await self.store.save_conversation(run):
                raise TakenOver(f"Run {run.id} was taken over by another process; this one does not judge it.")
        evaluation = await self._evaluated(run, held, judge)
        usage = _usage(run, caller=caller_model)
        if judge is not None and judge.usage.calls:
            usage = _added(usage, {"judge": judge.usage})
        if judge is not None and judge.met_cost_limit and evaluation.outcome is Outcome.ERROR:
            return await self._not_judged(replace(run, usage=usage), evaluation)
        run = replace(
            run,
            status=RunStatus.DONE,
            conversation=held.conversation,
            evaluation=evaluation,
            usage=usage,
            finished_at=datetime.now(UTC),
        )
        if not await self.store.finish_run(run):
            raise TakenOver(f"Run {run.id} is not this process's any more: handed back, or taken over by another.")
        self.on_event(RunFinished(run=run))
        return run

    async def _not_judged(self, run: Run, evaluation: Evaluation) -> Run:
        """Keep what the judge has used of a run that waits for it; the conversation is stored."""
        await self.store.save_conversation(run)
        run = replace(run, evaluation=evaluation)
        self.on_event(RunFinished(run=run))
        return run

    async def _evaluated(self, run: Run, held: Held, judge: MeteredModel | None) -> Evaluation:
        try:
            return await self._evaluate(run.specification, held, judge)
        except RingbackError:
            raise
        except Exception as error:
            log.exception("run %s: defect in Ringback", run.id)
            return Evaluation(outcome=Outcome.ERROR, reason=str(DefectError(error)))

    async def _evaluate(self, specification: RunSpecification, held: Held, judge: MeteredModel | None) -> Evaluation:
        if judge is not None:
            judging = evaluate(specification, held.conversation, judge=judge, failure=held.failure)
            if self.cut_evaluation and held.conversation.ending.code is not EndingCode.CANCELLED:
                return await unless_stopped(self.stop, judging, _CANCELLED)
            return await judging
        # Many conversations may end together: their evaluations queue up, one for each round of the event loop, so that
        # the frames of those still talking are read in time.
        async with self.evaluating:
            await asyncio.sleep(0)
            return await evaluate(specification, held.conversation, judge=None, failure=held.failure)


def _added(earlier: Mapping[str, Usage], now: Mapping[str, Usage]) -> dict[str, Usage]:
    """What all attempts used together."""
    return dict(earlier) | {role: earlier.get(role, Usage()) + used for role, used in now.items()}


def _usage(run: Run, **meters: MeteredModel | None) -> dict[str, Usage]:
    """What is known already, and what was used now."""
    return dict(run.usage) | {
        role: meter.usage for role, meter in meters.items() if meter is not None and meter.usage.calls
    }


_CANCELLED = Evaluation(outcome=Outcome.ERROR, reason="The run was cancelled while it was being evaluated.")


@lru_cache(maxsize=256)  # all repeats of a scenario have the same
def _limits(waits: Limits, max_turns: int, max_duration: float) -> Limits:
    return replace(waits, max_turns=max_turns, max_duration=max_duration)


_ENDING_CODES: tuple[tuple[type[RingbackError], EndingCode], ...] = (
    (Refused, EndingCode.REFUSED),
    (HandshakeFailed, EndingCode.HANDSHAKE_FAILED),
    (ChannelError, EndingCode.NOT_CONNECTED),
    (Interrupted, EndingCode.CANCELLED),
    (CostLimitReached, EndingCode.COST_LIMIT),
    (CallerInvalid, EndingCode.CALLER_INVALID),
    (NotSupported, EndingCode.NOT_SUPPORTED),
    (DefectError, EndingCode.INTERNAL_ERROR),
)


def _ending_code(error: RingbackError) -> EndingCode:
    if isinstance(error, CallFailed):
        return EndingCode(error.reason)
    return next((code for kind, code in _ENDING_CODES if isinstance(error, kind)), EndingCode.CALLER_FAILED)
