"""What is judged of telephone calls: holds, transfers, lines that were bad, and whose doing a silence was."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ringback.domain.check import EndedByCheck, MetadataEquals
from ringback.domain.conversation import Conversation, Entry, Role
from ringback.domain.ending import Ending, EndingCode
from ringback.domain.outcome import Outcome
from ringback.domain.run import RunSpecification
from ringback.domain.voice import MediaRecord, RecognitionMode, Span, VoiceRecord
from ringback.evaluation.computed import COMPUTED
from ringback.evaluation.evaluator import evaluate
from ringback.evaluation.line_doubt import MUCH_LOSS, worst_loss
from ringback.evaluation.quotes import quotables
from ringback.evaluation.record import Record
from ringback.evaluation.speech_turns import Floor, without

Specified = Callable[..., RunSpecification]
LOST = "12.0% of the packets were lost on the way from the agent."
MEDIA = MediaRecord(codec="PCMU", packets_sent=1000, packets_received=1000)


def call(ended: EndingCode = EndingCode.CALLER_ENDED, *more: Entry, **voice: Any) -> Conversation:
    """The agent greets, the caller asks, the agent answers after 0.7 s."""
    lines = ((Role.AGENT, "Hello.", 0.5, 1.5), (Role.CALLER, "Open?", 2.0, 3.0), (Role.AGENT, "Yes.", 3.7, 4.7))
    entries = [
        Entry(number=number, role=role, content=content, start=start, end=end, turn=0)
        for number, (role, content, start, end) in enumerate(lines, 1)
    ]
    kept: dict[str, Any] = {
        "transport": "sip",
        "rate": 8_000,
        "duration": 60.0,
        "recognition": RecognitionMode.OPEN,
        "speech_to_text": "test:ear",
        "text_to_speech": "flite:slt",
        "caller_speech": (Span(start=2.0, end=3.0),),
        "agent_speech": (Span(start=0.5, end=1.5), Span(start=3.7, end=4.7)),
        "media": MEDIA,
    }
    return Conversation(
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        duration=60.0,
        entries=(*entries, *more),
        ending=Ending(code=ended, sentence="It ended so."),
        voice=VoiceRecord(**(kept | voice)),
    )


async def outcome(specified: Specified, conversation: Conversation, **scenario: Any) -> tuple[Outcome, str]:
    evaluation = await evaluate(specified(**scenario), conversation, judge=None)
    return evaluation.outcome, evaluation.reason


async def test_sound_that_stops_is_the_agent_s_doing(specified: Specified) -> None:
    assert await outcome(specified, call(EndingCode.MEDIA_STOPPED)) == (Outcome.FAILED, "It ended so.")


@pytest.mark.parametrize("check", ["hello", "goodbye"])
async def test_sound_that_stops_on_a_bad_line_is_nobody_s(specified: Specified, check: str) -> None:
    """Whatever was asserted: what was to be said may have been said after that."""
    found = await outcome(
        specified,
        call(EndingCode.MEDIA_STOPPED, degraded=(LOST,)),
        checks=[{"type": "agent_said", "text": check}],
    )
    assert found == (Outcome.INCONCLUSIVE, f"It ended so. Whose doing that was cannot be told: {LOST}")


@pytest.mark.parametrize(
    ("media", "expected"),
    [
        (MediaRecord(codec="PCMU", packets_sent=100, packets_received=90, lost_received=10), Outcome.FAILED),
        (MediaRecord(codec="PCMU", packets_sent=100, packets_received=50, lost_received=50), Outcome.INCONCLUSIVE),
        (MediaRecord(codec="PCMU", packets_sent=100, packets_received=100, lost_sent=100), Outcome.INCONCLUSIVE),
        (MediaRecord(codec="PCMU"), Outcome.FAILED),
        (None, Outcome.FAILED),
    ],
)
async def test_silence_is_the_agent_s_unless_there_was_hardly_a_line(
    specified: Specified, media: MediaRecord | None, expected: Outcome
) -> None:
    degraded = call(EndingCode.AGENT_SILENT, degraded=(LOST,), media=media)
    assert (await outcome(specified, degraded))[0] is expected
    assert (await outcome(specified, call(EndingCode.AGENT_SILENT, media=media)))[0] is Outcome.FAILED


def test_the_worse_way_of_a_line_counts_and_what_was_not_measured_does_not() -> None:
    assert worst_loss(MEDIA) == 0
    assert worst_loss(MediaRecord(codec="PCMA", packets_sent=10, lost_sent=4, packets_received=9, lost_received=1)) == (
        pytest.approx(0.4)
    )
    assert worst_loss(MediaRecord(codec="PCMA", packets_sent=1, lost_sent=40)) == 1
    assert 0 < MUCH_LOSS < 1


@pytest.mark.parametrize(
    "code",
    [
        EndingCode.BUSY,
        EndingCode.NO_ANSWER,
        EndingCode.CREDENTIALS_REFUSED,
        EndingCode.CALL_FAILED,
        EndingCode.NO_MEDIA,
        EndingCode.DID_NOT_CALL,
        EndingCode.NOT_TRIGGERED,
        EndingCode.TELEPHONE_FAILED,
        EndingCode.REFUSED,
        EndingCode.NOT_CONNECTED,
    ],
)
async def test_a_call_that_did_not_come_about_is_an_error_and_its_sentence_the_reason(
    specified: Specified, code: EndingCode
) -> None:
    never = Conversation(
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        duration=0.0,
        entries=(),
        ending=Ending(code=code, sentence="No call."),
    )
    assert await outcome(specified, never) == (Outcome.ERROR, "No call.")


async def test_an_agent_that_hangs_up_before_a_word_is_an_error(specified: Specified) -> None:
    conversation = call(EndingCode.AGENT_ENDED)
    silent = Conversation(
        started_at=conversation.started_at,
        duration=1.0,
        entries=(),
        ending=Ending(code=EndingCode.AGENT_ENDED, sentence="The agent hung up."),
        voice=conversation.voice,
    )
    expected = "The agent never sent any content. The agent hung up."
    assert await outcome(specified, silent) == (Outcome.ERROR, expected)


TRANSFER = Entry(
    number=4, role=Role.AGENT, content="Main Agent transferred the call to sip:x@y", start=9, end=9, turn=1
)


async def test_a_transfer_is_an_end_as_it_should_be_and_checks_and_judge_see_where_it_went(
    specified: Specified,
) -> None:
    conversation = call(EndingCode.TRANSFERRED, TRANSFER)
    conversation.metadata["transferred_to"] = "sip:x@y"
    assert (await outcome(specified, conversation))[0] is Outcome.PASSED
    holds = [
        MetadataEquals(type="metadata_equals", key="transferred_to", value="sip:x@y").model_dump(),
        EndedByCheck(type="ended_by", by="agent").model_dump(),
    ]
    assert (await outcome(specified, conversation, checks=holds))[0] is Outcome.PASSED
    elsewhere = {"type": "metadata_equals", "key": "transferred_to", "value": "sip:z@y"}
    assert (await outcome(specified, conversation, checks=[elsewhere]))[0] is Outcome.FAILED
    lines = quotables(Record(conversation))
    assert "transferred_to" in lines[0].text
    assert lines[4].text == TRANSFER.content


HOLD = Span(start=5.0, end=45.0)
MUSIC = (Span(start=0.5, end=1.5), Span(start=3.7, end=4.7), Span(start=4.9, end=44.0), Span(start=46.0, end=50.0))


async def measured(slug: str, conversation: Conversation) -> Any:
    return (await COMPUTED[slug].measure(Record(conversation))).value


async def test_music_on_hold_is_not_the_agent_talking_and_its_silence_keeps_nobody_waiting() -> None:
    held = call(agent_speech=MUSIC, holds=(HOLD,))
    floor = Floor.of(held.voice) if held.voice else None
    assert floor is not None
    assert floor.agent[-2:] == (Span(start=3.7, end=5.0), Span(start=46.0, end=50.0))
    assert await measured("talk_ratio", held) == pytest.approx(6.2 / 60, abs=0.01)
    silent = call(holds=(HOLD,), duration=50.0)
    assert await measured("no_long_silence", silent) is True
    assert await measured("no_long_silence", call(duration=50.0)) is None


async def test_being_put_on_hold_is_an_answer_but_no_latency() -> None:
    """The caller says something, is put on hold after two seconds, and hears the agent half a minute later."""
    caller = (Span(start=2.0, end=3.0), Span(start=5.0, end=6.0))
    agent = (Span(start=0.5, end=1.5), Span(start=3.7, end=4.7), Span(start=40.0, end=42.0))
    held = call(caller_speech=caller, agent_speech=agent, holds=(Span(start=8.0, end=39.0),), duration=43.0)
    assert await measured("answered_in_time", held) is True
    assert await measured("latency", held) == pytest.approx(0.7)
    not_held = call(caller_speech=caller, agent_speech=agent, duration=43.0)
    assert await measured("answered_in_time", not_held) is False
    assert await measured("latency", not_held) > 10


async def test_words_into_the_hold_await_nothing() -> None:
    held = call(caller_speech=(Span(start=6.0, end=7.0),), holds=(HOLD,), duration=50.0)
    assert await measured("answered_in_time", held) is True


@pytest.mark.parametrize(
    ("spans", "holes", "left"),
    [
        ([(0, 10)], [(2, 3), (5, 6)], [(0, 2), (3, 5), (6, 10)]),
        ([(0, 10)], [(0, 10)], []),
        ([(2, 4), (6, 8)], [(3, 7)], [(2, 3), (7, 8)]),
        ([(2, 4)], [(0, 2), (4, 5)], [(2, 4)]),
        ([(2, 4)], [(0, 3)], [(3, 4)]),
        ([], [(0, 3)], []),
    ],
)
def test_what_lies_outside_of_holes(
    spans: list[tuple[float, float]], holes: list[tuple[float, float]], left: list[tuple[float, float]]
) -> None:
    made, cut = ([Span(start=start, end=end) for start, end in some] for some in (spans, holes))
    assert [(span.start, span.end) for span in without(made, cut)] == left


async def test_what_the_agent_did_is_no_speech_and_what_was_announced_on_hold_neither() -> None:
    """Pace and share of words are those of the words that were spoken to the caller."""
    plain = call()
    deeds = ("Main Agent put the call on hold", "Main Agent sent DTMF: 5")
    more = [Entry(number=4 + n, role=Role.AGENT, content=deeds[n], start=5, end=5, turn=1) for n in range(2)]
    announced = Entry(number=6, role=Role.AGENT, content="all our lines are busy", start=20, end=22, turn=1)
    held = call(EndingCode.CALLER_ENDED, *more, announced, holds=(HOLD,), agent_speech=MUSIC[:2])
    assert await measured("words_per_minute", held) == await measured("words_per_minute", plain)
    only_deeds = call(EndingCode.CALLER_ENDED, *more)
    assert await measured("word_share", only_deeds) == await measured("word_share", plain)
