"""The rules alone: events with times in, steps out."""

from ringback.channels.channel import CalledTool, EndedCall, Said, ToolReturned
from ringback.conversation.endings import caller_ended
from ringback.conversation.limits import Limits
from ringback.conversation.turn_taking import Ask, End, Finish, Listen, Pause, Speak, TurnTaking
from ringback.domain.conversation import ToolData
from ringback.domain.ending import EndingCode

_TOOL = ToolData(id="1", name="lookup")


def _turns(**limits: float) -> TurnTaking:
    """The caller has just said its first words, at second 0."""
    turns = TurnTaking(Limits(**limits), opened_at=0.0, agent_speaks_first=False)  # pyright: ignore[reportArgumentType] - a test sets times only
    assert turns.next(0.0) == Ask(opening=True, waited=False)
    turns.composing()
    turns.said(0.0)
    return turns


def test_the_quiet_begins_anew_with_each_frame_of_content() -> None:
    turns = _turns(settle=1.0)
    turns.heard(Said(at=2.0, text="a"))
    assert turns.next(2.0) == Listen(3.0)
    turns.heard(Said(at=2.5, text="b"))
    assert turns.next(3.0) == Listen(3.5)
    assert turns.next(3.5) == Ask(opening=False, waited=False)


def test_a_call_after_words_holds_the_turn_until_its_result_and_a_longer_quiet() -> None:
    turns = _turns(settle=1.0, tool_hold=30.0, tool_settle=4.0)
    turns.heard(Said(at=1.0, text="one moment"))
    turns.heard(CalledTool(at=1.1, tool=_TOOL))
    assert turns.next(5.0) == Listen(31.1)
    turns.heard(ToolReturned(at=6.0, tool=_TOOL))
    assert turns.next(9.0) == Listen(10.0)
    turns.heard(Said(at=9.5, text="found"))
    assert turns.next(9.5) == Listen(10.5)


def test_a_call_and_its_result_behind_the_words_do_not_hold_the_turn() -> None:
    """Some agents report their tools after they have spoken."""
    turns = _turns(settle=1.0, tool_hold=30.0, tool_settle=2.0)
    turns.heard(Said(at=1.0, text="It is booked."))
    turns.heard(CalledTool(at=1.1, tool=_TOOL))
    turns.heard(ToolReturned(at=1.2, tool=_TOOL))
    assert turns.next(1.2) == Listen(3.2)
    assert turns.next(3.2) == Ask(opening=False, waited=False)
    assert turns.observations == []


def test_the_quiet_after_a_result_is_never_shorter_than_the_ordinary_one() -> None:
    turns = _turns(settle=5.0, tool_settle=0.0)
    turns.heard(Said(at=1.0, text="one moment"))
    turns.heard(CalledTool(at=1.1, tool=_TOOL))
    turns.heard(ToolReturned(at=2.0, tool=_TOOL))
    assert turns.next(2.0) == Listen(7.0)


def test_two_calls_side_by_side_hold_the_turn_together() -> None:
    turns = _turns(settle=0.0, tool_hold=30.0)
    turns.heard(Said(at=1.0, text="one moment"))
    turns.heard(CalledTool(at=1.0, tool=_TOOL))
    turns.heard(CalledTool(at=20.0, tool=ToolData(id="2", name="other")))
    assert turns.next(40.0) == Listen(50.0)
    assert turns.next(50.0) == Ask(opening=False, waited=False)
    assert "lookup, other" in turns.observations[0].sentence


def test_a_call_before_the_greeting_holds_the_opening() -> None:
    turns = TurnTaking(Limits(), opened_at=0.0, agent_speaks_first=None)
    assert turns.next(0.0) == Listen(2.0)
    turns.heard(CalledTool(at=1.0, tool=_TOOL))
    assert turns.next(2.0) == Listen(31.0)
    turns.heard(Said(at=8.0, text="welcome"))
    assert turns.next(8.3) == Ask(opening=False, waited=False)


def test_a_call_during_the_callers_wait_holds_it() -> None:
    turns = _turns(settle=0.0)
    turns.heard(Said(at=1.0, text="a"))
    assert turns.next(1.0) == Ask(opening=False, waited=False)
    turns.composing()
    turns.waits(1.0, 10.0)
    turns.heard(CalledTool(at=5.0, tool=_TOOL))
    assert turns.next(11.0) == Listen(35.0)
    assert turns.next(35.0) == Ask(opening=False, waited=True)


def test_tools_without_words_do_not_put_off_the_silence() -> None:
    turns = _turns(inactivity=50.0, tool_hold=30.0)
    for at in (10.0, 30.0, 45.0):
        turns.heard(CalledTool(at=at, tool=_TOOL))
    assert turns.next(46.0) == Listen(50.0)
    step = turns.next(50.0)
    assert isinstance(step, Finish)
    assert step.ending.code is EndingCode.AGENT_SILENT


def test_words_that_come_too_late_to_compose_again_are_answered_by_a_caller_that_waits() -> None:
    turns = _turns(settle=0.0, recompositions=0)
    turns.heard(Said(at=1.0, text="a"))
    turns.composing()
    turns.heard(Said(at=2.0, text="b"))
    assert turns.awaits_caller
    turns.waits(3.0, 10.0)
    assert turns.next(3.0) == Ask(opening=False, waited=False)


def test_words_in_a_hold_are_not_asked_about_again() -> None:
    turns = _turns(settle=0.0)
    turns.heard(Said(at=1.0, text="a"))
    turns.composing()
    turns.chose(1.0, (Pause(2.0, hold=False), Pause(2.0, hold=True)))
    turns.heard(Said(at=4.0, text="b"))
    assert turns.next(4.0) == Listen(5.0)
    assert turns.next(5.0) == Speak()
    turns.said(5.0)
    assert turns.next(5.0) == Listen(305.0)


def test_the_first_end_counts() -> None:
    turns = _turns()
    turns.ended(1.0, caller_ended())
    turns.heard(EndedCall(at=1.5, text=""))
    assert turns.next(1.5) == Listen(2.0)
    assert turns.next(2.0) == Finish(caller_ended())


def test_a_stop_while_the_caller_waits_takes_effect_at_once() -> None:
    turns = _turns(settle=0.0)
    turns.heard(Said(at=1.0, text="a"))
    turns.composing()
    turns.waits(1.0, None)
    turns.stop(2.0)
    step = turns.next(2.0)
    assert isinstance(step, End)
    assert step.ending.code is EndingCode.CANCELLED


def test_a_caller_that_says_nothing_at_once_is_not_asked_again_at_once() -> None:
    """Or it would keep the event loop to itself."""
    turns = _turns(settle=0.0)
    turns.heard(Said(at=1.0, text="a"))
    turns.composing()
    turns.waits(1.0, 0.0)
    assert turns.next(1.0) == Listen(1.01)
    turns.composing()
    turns.chose(2.0, (Pause(0.0, hold=False),))
    turns.kept_silent(2.0, again=True)
    assert turns.next(2.0) == Listen(2.01)
