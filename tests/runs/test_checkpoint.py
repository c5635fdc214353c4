"""What is kept of a conversation that goes on."""

from dataclasses import replace
from datetime import UTC, datetime

from ringback.domain.conversation import Conversation, Entry, Finding, FindingCode, MetadataUpdate, Role
from ringback.domain.ending import Ending, EndingCode
from ringback.domain.event import CallEnded, EntryAdded, FindingAdded, MetadataAdded, Notice, RunStarted
from ringback.domain.run import Run, RunSpecification, RunStatus
from ringback.domain.scenario import Scenario, ScenarioType
from ringback.runs.checkpoint import Progress

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
RUN = Run(
    id=4,
    result_id=2,
    specification=RunSpecification(
        scenario=Scenario(key="k", name="K", type=ScenarioType.SCRIPT, script=("Hello",)), scenario_id=1, repeat=1
    ),
    status=RunStatus.CONVERSING,
    attempt=3,
    started_at=NOON,
)
ENDING = Ending(code=EndingCode.CALLER_ENDED, sentence="The caller hung up.")
HELLO = EntryAdded(
    run_id=4, at=1.5, entry=Entry(number=1, role=Role.CALLER, content="Hello", start=1.5, end=1.5, turn=1)
)
STARTED = RunStarted(run_id=4, scenario_key="k", scenario_name="K", repeat=1, attempt=4)


def test_a_checkpoint_has_everything_so_far_and_is_made_once() -> None:
    progress = Progress(RUN)
    finding = Finding(at=2.0, code=FindingCode.UNKNOWN_TYPE, sentence="Unknown type.")
    first, second = (MetadataUpdate(at=at, values={"step": at, f"at {at}": True}) for at in (2.5, 3.0))
    progress.take(HELLO)
    progress.take(FindingAdded(run_id=4, at=2.0, finding=finding))
    progress.take(MetadataAdded(run_id=4, at=3.0, update=first))
    progress.take(MetadataAdded(run_id=4, at=2.5, update=second))

    partial = progress.checkpoint()

    assert partial is not None
    assert (partial.status, partial.attempt, partial.evaluation) == (RunStatus.CONVERSING, 3, None)
    held = partial.conversation
    assert held is not None
    assert (held.started_at, held.duration, held.ending.code) == (NOON, 3.0, EndingCode.INTERRUPTED)
    assert (held.entries, held.findings, held.metadata_updates) == ((HELLO.entry,), (finding,), (first, second))
    assert held.metadata == {"step": 3.0, "at 2.5": True, "at 3.0": True}
    assert progress.checkpoint() is None


def test_one_that_could_not_be_written_is_made_again() -> None:
    progress = Progress(RUN)
    progress.take(HELLO)
    partial = progress.checkpoint()

    progress.not_kept()

    assert progress.checkpoint() == partial


def test_there_is_none_before_anything_happened_nor_once_the_call_has_ended() -> None:
    progress = Progress(RUN)
    assert progress.checkpoint() is None
    progress.take(HELLO)
    conversation = Conversation(started_at=NOON, duration=2.0, entries=(HELLO.entry,), ending=ENDING)
    progress.take(CallEnded(run_id=4, at=2.0, ending=ENDING, conversation=conversation))
    assert progress.checkpoint() is None


def test_there_is_none_of_a_run_that_has_no_beginning() -> None:
    progress = Progress(replace(RUN, started_at=None))
    progress.take(HELLO)
    assert progress.checkpoint() is None


def test_an_attempt_after_an_invalid_caller_begins_from_nothing() -> None:
    progress = Progress(RUN)
    progress.take(HELLO)
    conversation = Conversation(started_at=NOON, duration=2.0, entries=(HELLO.entry,), ending=ENDING)
    progress.take(CallEnded(run_id=4, at=2.0, ending=ENDING, conversation=conversation))
    progress.take(STARTED)
    progress.take(Notice(sentence="Something else."))
    assert progress.checkpoint() is None, "what is known is of the attempt before"

    progress.take(replace(HELLO, at=0.5))

    partial = progress.checkpoint()
    assert partial is not None
    assert partial.conversation is not None
    assert (len(partial.conversation.entries), partial.conversation.duration) == (1, 0.5)
