"""Carries out one claimed run: the whole of it, its evaluation only, or some metrics on the record that is kept."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from ringback.domain.conversation import Conversation
from ringback.domain.ending import Ending, EndingCode
from ringback.domain.evaluation import Evaluation
from ringback.domain.outcome import Outcome
from ringback.domain.run import Run, RunStatus
from ringback.errors import DefectError, RingbackError, StorageError, TakenOver
from ringback.evaluation.evaluator import evaluate
from ringback.models.model import LanguageModel
from ringback.runs.cutting import unless_stopped
from ringback.runs.executor import Executor
from ringback.runs.rescoring import rescored
from ringback.runs.worker import Call

log = logging.getLogger(__name__)


async def carry_out(call: Call, *, executor: Callable[[], Executor], judge: Callable[[], LanguageModel | None]) -> Run:
    """Do what is missing of a run and store it; the run as it was stored. Raises `StorageError`."""
    run, metrics = call.claim.run, call.claim.rescoring
    unchanged = replace(run, status=RunStatus.DONE)
    try:
        if metrics is None:
            return await executor().execute(run)
        done = await unless_stopped(call.stop, rescored(run, metrics, judge=judge()), unchanged)
    except StorageError:
        raise
    except RingbackError as error:  # a setting is missing here, or what was asked for cannot be had
        log.warning("Run %d cannot be carried out: %s", run.id, error)
        done = unchanged if run.evaluation else await _could_not(run, error)
    except Exception as error:  # else it would be begun again and again, with a conversation each time
        log.exception("Run %d: defect in Ringback", run.id)
        done = unchanged if run.evaluation else await _could_not(run, DefectError(error))
    if not await call.store.finish_run(done):
        raise TakenOver(f"Run {run.id} is not this process's any more: handed back, or taken over by another.")
    return done


async def _could_not(run: Run, error: RingbackError) -> Run:
    """The run as one that could not be carried out."""
    now = datetime.now(UTC)
    ending = Ending(code=EndingCode.CALLER_FAILED, sentence=str(error))
    conversation = run.conversation or Conversation(started_at=now, duration=0.0, entries=(), ending=ending)
    evaluation = (
        Evaluation(outcome=Outcome.ERROR, reason=str(error))
        if isinstance(error, DefectError)  # which may be the evaluation's
        else await evaluate(run.specification, conversation, judge=None, failure=error)
    )
    return replace(run, status=RunStatus.DONE, conversation=conversation, evaluation=evaluation, finished_at=now)
