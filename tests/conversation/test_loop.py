"""Whole conversations with an agent in memory, on a virtual clock."""

import pytest
from staging import ListedCaller, Play, call, content, result

from ringback.callers.caller import HangUp, Say, Wait
from ringback.conversation.limits import Limits
from ringback.domain.conversation import FindingCode, Role
from ringback.domain.ending import EndingCode
from ringback.domain.utterance import EndCall, Hold, Silence, Utterance, Words


def test_caller_and_agent_alternate_until_the_caller_has_nothing_more_to_say() -> None:
    play = Play(ListedCaller("hello", "bye"), replies=[[(0.5, content("hi"))], [(0.25, content("goodbye"))]])
    assert play.lines == ["> hello", "< hi", "> bye", "< goodbye", "> !"]
    assert play.conversation.ending.code is EndingCode.CALLER_ENDED
    assert play.agent.sent == [
        (0.0, {"content": "hello"}),
        (0.8, {"content": "bye"}),
        (1.35, {"content": "", "type": "end_call"}),
    ]
    assert [entry.latency for entry in play.conversation.entries] == [None, 0.5, None, 0.25, None]
    assert [entry.turn for entry in play.conversation.entries] == [1, 1, 2, 2, 2]
    assert play.conversation.duration == pytest.approx(2.35)


def test_last_words_and_the_end_go_out_in_one_frame() -> None:
    play = Play(ListedCaller(Say(Utterance.of("thanks, bye", ends_call=True))))
    assert [frame for _, frame in play.agent.sent] == [{"content": "thanks, bye", "type": "end_call"}]
    assert play.lines == ["> thanks, bye!"]
    assert play.agent.closed_at == pytest.approx(1.0)


def test_a_greeting_wins_where_it_is_not_known_who_speaks_first() -> None:
    play = Play(ListedCaller("hello"), greeting=[(1.5, content("welcome"))], agent_speaks_first=None)
    assert play.lines[:2] == ["< welcome", "> hello"]
    assert play.agent.sent[0][0] == pytest.approx(1.8)
    assert play.conversation.entries[0].turn == 0
    assert play.conversation.entries[0].latency is None


def test_the_caller_opens_after_the_opening_wait() -> None:
    play = Play(ListedCaller("hello"), replies=[[(0, content("hi"))]], agent_speaks_first=None)
    assert play.agent.sent[0] == (2.0, {"content": "hello"})
    assert play.caller.asked[0] is None


def test_the_caller_opens_at_once_where_the_agent_does_not() -> None:
    play = Play(ListedCaller("hello"), replies=[[(0, content("hi"))]], agent_speaks_first=False)
    assert play.agent.sent[0][0] == 0.0


def test_an_agent_that_speaks_first_is_waited_for() -> None:
    play = Play(ListedCaller("hello"), greeting=[(120, content("welcome"))], agent_speaks_first=True)
    assert play.agent.sent[0][0] == pytest.approx(120.3)


def test_an_agent_that_should_speak_first_and_does_not_is_silent() -> None:
    play = Play(ListedCaller("hello"), agent_speaks_first=True)
    assert play.conversation.ending.code is EndingCode.AGENT_SILENT
    assert play.conversation.duration == pytest.approx(300)
    assert not play.conversation.agent_spoke
    assert play.agent.sent == []


def test_a_scenario_can_say_that_the_agent_opens() -> None:
    """An empty FIRST_MESSAGE action waits for the agent, whatever the agent's setting says."""
    play = Play(
        ListedCaller("hello", waits_for_agent_first=True),
        greeting=[(10, content("welcome"))],
        agent_speaks_first=False,
    )
    assert play.lines[:2] == ["< welcome", "> hello"]


def test_a_caller_that_must_open_with_nothing_to_say_says_hello() -> None:
    play = Play(ListedCaller(Wait(), HangUp()), replies=[[(0, content("hi"))]])
    assert play.agent.contents[0] == "Hello"


def test_metadata_alone_neither_triggers_a_reply_nor_prolongs_the_quiet() -> None:
    keep_alives = [(second / 10, {"metadata": {"n": second}}) for second in range(50)]
    play = Play(ListedCaller("hello", "bye"), replies=[[*keep_alives, (2.0, content("hi"))]])
    assert play.agent.sent[1] == (2.3, {"content": "bye"})
    assert play.conversation.metadata == {"n": 49} or len(play.conversation.metadata_updates) > 20
    assert play.caller.asked[1] is not None
    assert [entry.content for entry in play.caller.asked[1].turn] == ["hi"]


def test_metadata_does_not_count_against_silence() -> None:
    play = Play(
        ListedCaller("hello"),
        replies=[[(8.0 * n, {"metadata": {"keepalive": True}}) for n in range(60)]],
    )
    assert play.conversation.ending.code is EndingCode.AGENT_SILENT
    assert play.conversation.duration == pytest.approx(300)


def test_without_a_quiet_each_content_frame_is_answered_at_once() -> None:
    play = Play(
        ListedCaller("one", "two"),
        replies=[[(1.0, content("first")), (1.1, content("second"))], []],
        limits=Limits(settle=0, inactivity=5),
    )
    assert play.agent.sent[1] == (1.0, {"content": "two"})
    assert play.lines[:4] == ["> one", "< first", "> two", "< second"]


def test_content_frames_within_the_quiet_are_one_turn() -> None:
    play = Play(
        ListedCaller("one", "two"),
        replies=[[(1.0, content("a")), (1.2, content("b")), (1.4, content("c"))], []],
        limits=Limits(inactivity=5),
    )
    assert play.agent.sent[1][0] == pytest.approx(1.7)
    heard = play.caller.asked[1]
    assert heard is not None
    assert heard.text == "a\nb\nc"
    assert play.conversation.latencies() == [1.0]


def test_words_then_call_then_result_then_answer_is_one_turn() -> None:
    play = Play(
        ListedCaller("one", "two"),
        replies=[[(0.1, content("Let me check…")), (0.2, call()), (8.0, result()), (9.5, content("found"))], []],
        limits=Limits(inactivity=60),
    )
    assert play.lines[:6] == ["> one", "< Let me check…", "call lookup", "result lookup", "< found", "> two"]
    assert play.agent.sent[1][0] == pytest.approx(9.8)
    assert play.codes == []


def test_a_tool_call_without_a_result_holds_the_turn_for_a_limited_time() -> None:
    play = Play(
        ListedCaller("one", "two"),
        replies=[[(0.1, content("Let me check…")), (0.2, call())], []],
        limits=Limits(inactivity=100),
    )
    assert play.agent.sent[1][0] == pytest.approx(30.2)
    assert play.codes == [FindingCode.TOOL_TIMEOUT]
    assert "lookup" in play.conversation.findings[0].sentence


def test_content_ends_the_hold_of_a_tool_call() -> None:
    play = Play(
        ListedCaller("one", "two"), replies=[[(0.1, call()), (5.0, content("done"))], []], limits=Limits(inactivity=9)
    )
    assert play.agent.sent[1][0] == pytest.approx(5.3)


def test_a_tool_frame_alone_hands_over_no_turn() -> None:
    play = Play(ListedCaller("one", "two"), replies=[[(0.1, call()), (0.2, result())]], limits=Limits(inactivity=100))
    assert play.conversation.ending.code is EndingCode.AGENT_SILENT
    assert play.agent.contents == ["one"]


def test_content_while_the_caller_composes_joins_the_turn() -> None:
    play = Play(
        ListedCaller("one", "two", thinks=2.0),
        replies=[[(0.5, content("first")), (1.5, content("second"))], []],
        limits=Limits(inactivity=9),
    )
    assert play.lines[:4] == ["> one", "< first", "< second", "> two"]
    heard = play.caller.asked[2]
    assert heard is not None
    assert heard.text == "first\nsecond"
    assert play.codes == [FindingCode.RECOMPOSED_REPLY]
    assert len(play.caller.carried_out) == 2


def test_a_reply_is_composed_again_three_times_at_most() -> None:
    words = [(0.5 + n, content(f"part {n}")) for n in range(6)]
    play = Play(ListedCaller("one", "two", thinks=2.0), replies=[words, []], limits=Limits(inactivity=9))
    assert play.codes == [FindingCode.RECOMPOSED_REPLY] * 3
    assert len(play.caller.asked) >= 5
    assert play.agent.contents[:2] == ["one", "two"]
    assert play.agent.sent[1][0] == pytest.approx(2 + 3.5 + 0.3 + 2)


def test_a_greeting_while_the_caller_composes_its_opening_is_answered() -> None:
    play = Play(ListedCaller("hello", thinks=2.0), greeting=[(1.0, content("welcome"))], replies=[[]])
    assert play.lines[:2] == ["< welcome", "> hello"]
    assert play.caller.asked[0] is None
    assert play.caller.asked[1] is not None


def test_a_caller_that_waits_is_asked_again_when_its_time_is_over() -> None:
    play = Play(ListedCaller("one", Wait(10), "two"), replies=[[(1.0, content("a"))], []], limits=Limits(inactivity=60))
    assert play.agent.sent[1] == (11.3, {"content": "two"})
    heard = play.caller.asked[2]
    assert heard is not None
    assert heard.waited
    assert heard.text == "a"


def test_words_during_a_wait_are_heard_and_answered() -> None:
    play = Play(
        ListedCaller("one", Wait(10), "two"),
        replies=[[(1.0, content("a")), (5.0, content("b"))], []],
        limits=Limits(inactivity=60),
    )
    assert play.agent.sent[1][0] == pytest.approx(5.3)
    heard = play.caller.asked[2]
    assert heard is not None
    assert not heard.waited
    assert heard.text == "a\nb"


def test_a_wait_without_a_time_ends_with_the_silence_of_the_agent() -> None:
    play = Play(ListedCaller("one", Wait()), replies=[[(1.0, content("a"))]])
    assert play.conversation.ending.code is EndingCode.AGENT_SILENT
    assert play.conversation.duration == pytest.approx(301)


def test_a_silence_delays_the_words_and_lets_the_agent_break_in() -> None:
    pausing = Say(Utterance((Silence(4), Words("two"))))
    play = Play(ListedCaller("one", pausing), replies=[[(1.0, content("a"))], []], limits=Limits(inactivity=9))
    assert play.agent.sent[1][0] == pytest.approx(5.3)
    broken = Play(
        ListedCaller("one", pausing),
        replies=[[(1.0, content("a")), (3.0, content("still there?"))], []],
        limits=Limits(inactivity=20),
    )
    assert broken.agent.sent[1][0] == pytest.approx(3.3 + 4)
    assert broken.codes == [FindingCode.RECOMPOSED_REPLY]


def test_a_hold_is_not_broken_by_the_agent() -> None:
    holding = Say(Utterance((Hold(4), Words("two"))))
    play = Play(
        ListedCaller("one", holding),
        replies=[[(1.0, content("a")), (3.0, content("still there?"))], []],
        limits=Limits(inactivity=20),
    )
    assert play.agent.sent[1][0] == pytest.approx(5.3)
    assert play.lines[:4] == ["> one", "< a", "< still there?", "> two"]
    assert play.codes == []


def test_a_hold_after_the_words_puts_off_the_next_answer_and_stops_the_silence_clock() -> None:
    play = Play(
        ListedCaller(Say(Utterance((Words("one moment"), Hold(20)))), "back"),
        replies=[[(1.0, content("sure"))], []],
        limits=Limits(inactivity=5),
    )
    assert play.agent.sent[1] == (20.0, {"content": "back"})


def test_an_utterance_of_silence_alone_sends_nothing() -> None:
    play = Play(
        ListedCaller("one", Say(Utterance((Silence(3),))), "two"),
        replies=[[(1.0, content("a"))], []],
        limits=Limits(inactivity=9),
    )
    assert play.agent.sent[1] == (4.3, {"content": "two"})
    assert len(play.caller.carried_out) == 3


def test_an_utterance_of_nothing_at_all_waits_for_the_agent() -> None:
    play = Play(
        ListedCaller("one", Say(Utterance(())), "two"),
        replies=[[(1.0, content("a")), (3.0, content("b"))], []],
        limits=Limits(inactivity=9),
    )
    assert play.agent.sent[1][0] == pytest.approx(3.3)


def test_every_event_is_told_in_order() -> None:
    play = Play(
        ListedCaller("one"),
        replies=[[(0.1, content("a", metadata={"k": 1})), (0.2, b"\x00")]],
    )
    kinds = [type(event).__name__ for event in play.events]
    assert kinds == [
        "CallOpened",
        "EntryAdded",
        "EntryAdded",
        "MetadataAdded",
        "FindingAdded",
        "EntryAdded",
        "CallEnded",
    ]


def test_the_name_of_a_result_is_taken_from_its_call() -> None:
    play = Play(ListedCaller("one"), replies=[[(0.1, call("7", "book")), (0.2, result("7")), (0.3, content("booked"))]])
    tools = [entry.tool for entry in play.conversation.entries if entry.tool is not None]
    assert [tool.name for tool in tools] == ["book", "book"]
    assert [entry.role for entry in play.conversation.entries][1:3] == [Role.TOOL_CALL, Role.TOOL_RESULT]


def test_the_end_directive_may_stand_anywhere_in_an_utterance() -> None:
    play = Play(ListedCaller(Say(Utterance((Silence(2), EndCall())))))
    assert play.agent.sent == [(2.0, {"content": "", "type": "end_call"})]
