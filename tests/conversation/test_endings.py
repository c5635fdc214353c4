"""Every way in which a conversation ends, with an agent in memory and on a virtual clock."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from staging import AgentInMemory, ListedCaller, Play, content, hang_up
from virtual_clock import run_virtually

from ringback.callers.caller import Say
from ringback.channels.channel import ChannelEvent
from ringback.conversation.limits import Limits
from ringback.conversation.loop import converse
from ringback.conversation.recorder import Recorder
from ringback.domain.conversation import FindingCode, Role
from ringback.domain.ending import EndingCode
from ringback.domain.event import EntryAdded, Event
from ringback.domain.utterance import Utterance
from ringback.errors import CallerInvalid, CostLimitReached, ModelUnavailable, NotConnected, NotSupported


def test_the_agent_ends_with_last_words() -> None:
    play = Play(ListedCaller("one", "two"), replies=[[(1.0, content("bye", type="end_call"))]])
    assert play.lines == ["> one", "< bye!"]
    assert play.conversation.ending.code is EndingCode.AGENT_ENDED
    assert play.conversation.latencies() == [1.0]
    assert play.agent.closed_at == pytest.approx(1.0)


def test_the_agent_ends_while_the_caller_composes() -> None:
    play = Play(
        ListedCaller("one", "two", thinks=5.0),
        replies=[[(1.0, content("bye")), (2.0, {"type": "end_call"})]],
    )
    assert play.lines == ["> one", "< bye", "< !"]
    assert play.conversation.ending.code is EndingCode.AGENT_ENDED
    assert play.conversation.duration == pytest.approx(7.0)


class Deaf(AgentInMemory):
    """Reads nothing after so many frames: what is sent then waits for room on the line."""

    def __init__(self, reads: int) -> None:
        super().__init__(replies=[[(1.0, content("hm"))]] * reads)
        self._reads = reads

    async def send(self, utterance: Utterance) -> float:
        at = await super().send(utterance)
        if len(self.sent) > self._reads:
            await asyncio.Event().wait()
        return at


@pytest.mark.parametrize("reads", [0, 1])
@pytest.mark.parametrize(
    ("stop_at", "ending", "over_at"),
    [(None, EndingCode.MAX_DURATION, 10.0 + 1.0), (4.0, EndingCode.CANCELLED, 4.0 + 1.0)],
)
def test_an_agent_that_stops_reading_does_not_outlast_the_limits(
    stop_at: float | None, ending: EndingCode, over_at: float, reads: int
) -> None:
    limits = Limits(settle=0.0, max_duration=10.0, grace=0.5)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        if stop_at is not None:
            loop.call_later(stop_at, stop.set)
        agent, caller = Deaf(reads), ListedCaller("one", "two", "three")
        recorder = Recorder(1, lambda _: None, clock=loop.time)
        held = await converse(agent, caller, recorder, limits=limits, agent_speaks_first=False, stop=stop)
        assert held.conversation.ending.code is ending
        assert agent.contents == [*["one", "two"][: reads + 1], ""]
        assert [entry.content for entry in held.conversation.said_by(Role.CALLER)] == agent.contents
        assert agent.closed_at == pytest.approx(over_at)

    run_virtually(main())


def test_last_words_wait_for_room_on_the_line_as_long_as_the_call_may_last() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        recorder = Recorder(1, lambda _: None, clock=loop.time)
        farewell = Say(Utterance.of("bye", ends_call=True))
        agent = Deaf(0)
        held = await converse(
            agent, ListedCaller(farewell), recorder, limits=Limits(max_duration=10.0), agent_speaks_first=False
        )
        assert held.conversation.ending.code is EndingCode.CALLER_ENDED
        assert agent.closed_at == pytest.approx(10.0)

    run_virtually(main())


@pytest.mark.parametrize(
    ("code", "ending"),
    [
        (1000, EndingCode.AGENT_CLOSED),
        (1001, EndingCode.AGENT_CLOSED),
        (1005, EndingCode.AGENT_CLOSED),
        (1008, EndingCode.AGENT_DROPPED),
        (1011, EndingCode.AGENT_DROPPED),
        (4000, EndingCode.AGENT_DROPPED),
        (None, EndingCode.AGENT_DROPPED),
    ],
)
def test_the_close_code_tells_a_clean_close_from_a_drop(code: int | None, ending: EndingCode) -> None:
    play = Play(ListedCaller("one"), replies=[[(1.0, content("hm")), (1.1, hang_up(code, "so long"))]])
    assert play.conversation.ending.code is ending
    assert play.conversation.ending.close_code == code
    assert "so long" in play.conversation.ending.sentence


@pytest.mark.parametrize(
    ("cause", "ending"),
    [
        (FindingCode.FRAME_TOO_LARGE, EndingCode.FRAME_TOO_LARGE),
        (FindingCode.INVALID_UTF8, EndingCode.INVALID_UTF8),
        (FindingCode.FLOOD, EndingCode.AGENT_FLOODED),
    ],
)
def test_a_frame_that_breaks_the_line_is_named(cause: FindingCode, ending: EndingCode) -> None:
    play = Play(ListedCaller("one"), replies=[[(1.0, hang_up(None, "a bad frame", cause))]])
    assert play.conversation.ending.code is ending
    assert play.codes == [cause]


def test_an_error_frame_is_recorded_and_becomes_the_reason_of_a_close() -> None:
    play = Play(
        ListedCaller("one"),
        replies=[[(1.0, {"type": "error", "content": "session is full"}), (2.0, hang_up(1000))]],
    )
    assert play.lines == ["> one"]
    assert play.codes == [FindingCode.ERROR_FRAME]
    assert "session is full" in play.conversation.ending.sentence
    assert play.conversation.ending.code is EndingCode.AGENT_CLOSED


def test_an_error_frame_before_more_words_is_not_the_reason_of_a_close() -> None:
    play = Play(
        ListedCaller("one"),
        replies=[[(1.0, {"type": "error", "content": "hiccup"}), (2.0, content("ok")), (2.1, hang_up(1000))]],
    )
    assert "hiccup" not in play.conversation.ending.sentence


def test_what_comes_after_our_end_is_recorded_and_not_answered() -> None:
    play = Play(
        ListedCaller(Say(Utterance.of("bye", ends_call=True)), "never said"),
        replies=[[(0.2, content("goodbye then")), (0.4, {"metadata": {"saved": True}}), (0.6, [1])]],
    )
    assert play.lines == ["> bye!", "< goodbye then"]
    assert play.conversation.metadata == {"saved": True}
    assert play.codes.count(FindingCode.AFTER_END) == 3
    assert play.conversation.latencies() == []
    assert play.agent.contents == ["bye"]
    assert play.conversation.ending.code is EndingCode.CALLER_ENDED


def test_an_agent_that_closes_first_ends_the_grace() -> None:
    play = Play(ListedCaller(Say(Utterance.of("bye", ends_call=True))), replies=[[(0.2, hang_up(1006))]])
    assert play.conversation.ending.code is EndingCode.CALLER_ENDED
    assert play.conversation.duration == pytest.approx(0.2)


def test_an_echo_server_is_a_legal_agent() -> None:
    """It sends back all we say, our end_call included."""
    play = Play(
        ListedCaller("one", "two"),
        replies=[[(0.1, content("one"))], [(0.1, content("two"))], [(0.1, content("", type="end_call"))]],
    )
    assert play.lines == ["> one", "< one", "> two", "< two", "> !", "< !"]
    assert play.conversation.ending.code is EndingCode.CALLER_ENDED
    assert play.codes == [FindingCode.AFTER_END]


def test_the_longest_duration_ends_the_call_from_our_side() -> None:
    play = Play(ListedCaller("one"), replies=[[]], limits=Limits(max_duration=42))
    assert play.conversation.ending.code is EndingCode.MAX_DURATION
    assert play.agent.sent[-1] == (42.0, {"content": "", "type": "end_call"})


def test_the_longest_duration_interrupts_a_caller_that_composes() -> None:
    play = Play(ListedCaller("one", thinks=1000), limits=Limits(max_duration=42))
    assert play.conversation.ending.code is EndingCode.MAX_DURATION
    assert play.conversation.duration == pytest.approx(43)


def test_the_limit_of_utterances_ends_the_call_after_the_last_answer() -> None:
    replies = [[(0.5, content(f"answer {n}"))] for n in range(9)]
    play = Play(ListedCaller("1", "2", "3", "4"), replies=replies, limits=Limits(max_turns=2))
    assert play.lines == ["> 1", "< answer 0", "> 2", "< answer 1", "> !", "< answer 2"]
    assert play.conversation.ending.code is EndingCode.MAX_TURNS
    assert play.conversation.caller_turns == 2


def test_a_caller_that_is_done_at_the_limit_hangs_up_by_itself() -> None:
    play = Play(ListedCaller("1", "2"), replies=[[(0.5, content("a"))]] * 2, limits=Limits(max_turns=2))
    assert play.conversation.ending.code is EndingCode.CALLER_ENDED


@pytest.mark.parametrize(
    ("failure", "ending"),
    [
        (CallerInvalid("no condition matched", reason="no_condition_matched"), EndingCode.CALLER_INVALID),
        (NotSupported("functions are not yet supported"), EndingCode.NOT_SUPPORTED),
        (ModelUnavailable("the model is down"), EndingCode.CALLER_FAILED),
        (CostLimitReached("the cost limit is reached"), EndingCode.COST_LIMIT),
    ],
)
def test_a_caller_that_cannot_go_on_ends_the_call(failure: Exception, ending: EndingCode) -> None:
    play = Play(ListedCaller("one", failure), replies=[[(0.5, content("a"))]])
    assert play.held.failure is failure
    assert play.conversation.ending.code is ending
    assert str(failure) in play.conversation.ending.sentence
    assert play.agent.sent[-1][1] == {"content": "", "type": "end_call"}


def test_a_defect_of_the_caller_is_raised_and_the_line_closed() -> None:
    async def run() -> None:
        agent = AgentInMemory()
        recorder = Recorder(1, lambda _: None, clock=asyncio.get_running_loop().time)
        with pytest.raises(ZeroDivisionError):
            await converse(
                agent, ListedCaller(ZeroDivisionError()), recorder, limits=Limits(), agent_speaks_first=False
            )
        assert agent.closed_at is not None

    run_virtually(run())


def test_a_stopped_run_lets_the_agent_finish_its_turn() -> None:
    play = Play(ListedCaller("one", "two"), replies=[[(3.0, content("a"))]], stop_at=1.0)
    assert play.lines == ["> one", "< a", "> !"]
    assert play.conversation.ending.code is EndingCode.CANCELLED
    assert play.conversation.duration == pytest.approx(4.3)


def test_a_stopped_run_does_not_wait_long_for_an_agent() -> None:
    play = Play(ListedCaller("one", "two"), replies=[[(30.0, content("a"))]], stop_at=1.0)
    assert play.conversation.ending.code is EndingCode.CANCELLED
    assert play.conversation.duration == pytest.approx(7.0)


def test_a_stopped_run_does_not_wait_for_the_caller() -> None:
    play = Play(ListedCaller("one", thinks=100), stop_at=1.0)
    assert play.conversation.ending.code is EndingCode.CANCELLED
    assert play.conversation.duration == pytest.approx(2.0)


def test_cancelling_the_task_closes_the_line_at_once() -> None:
    async def run() -> None:
        agent = AgentInMemory()
        recorder = Recorder(1, lambda _: None, clock=asyncio.get_running_loop().time)
        caller = ListedCaller("one", thinks=100)
        task = asyncio.create_task(
            converse(agent, caller, recorder, limits=Limits(), agent_speaks_first=False, stop=asyncio.Event())
        )
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert agent.closed_at == pytest.approx(1.0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run_virtually(run())


def test_a_caller_that_is_invalid_at_the_limit_reached_the_limit() -> None:
    play = Play(
        ListedCaller("1", CallerInvalid("in circles", reason="loop")),
        replies=[[(0.5, content("a"))]],
        limits=Limits(max_turns=1),
    )
    assert play.conversation.ending.code is EndingCode.MAX_TURNS
    assert play.held.failure is None


def test_a_defect_of_the_channel_is_raised() -> None:
    class Defective(AgentInMemory):
        async def events(self) -> AsyncIterator[ChannelEvent]:
            await asyncio.sleep(1)
            raise ZeroDivisionError
            yield  # an asynchronous generator

    async def run() -> None:
        agent = Defective()
        recorder = Recorder(1, lambda _: None, clock=asyncio.get_running_loop().time)
        with pytest.raises(ZeroDivisionError):
            await converse(agent, ListedCaller("one"), recorder, limits=Limits(), agent_speaks_first=False)
        assert agent.closed_at == pytest.approx(1.0)

    run_virtually(run())


def test_events_that_just_end_are_a_dropped_line() -> None:
    class Ending(AgentInMemory):
        async def events(self) -> AsyncIterator[ChannelEvent]:
            await asyncio.sleep(1)
            return
            yield  # an asynchronous generator

    async def run() -> EndingCode:
        recorder = Recorder(1, lambda _: None, clock=asyncio.get_running_loop().time)
        held = await converse(Ending(), ListedCaller("one"), recorder, limits=Limits(), agent_speaks_first=False)
        return held.conversation.ending.code

    assert run_virtually(run()) is EndingCode.AGENT_DROPPED


def test_a_user_who_cancels_while_a_reply_is_withdrawn_is_obeyed() -> None:
    async def run() -> None:
        agent = AgentInMemory(greeting=[(1.0, content("welcome"))])
        heard = asyncio.Event()

        def notice(event: Event) -> None:
            if isinstance(event, EntryAdded):
                heard.set()

        recorder = Recorder(1, notice, clock=asyncio.get_running_loop().time)
        caller = ListedCaller("one", thinks=100)
        task = asyncio.create_task(
            converse(agent, caller, recorder, limits=Limits(), agent_speaks_first=False),
        )
        await heard.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert agent.closed_at == pytest.approx(1.0)

    run_virtually(run())


def test_a_line_that_cannot_be_opened_is_the_executors_business() -> None:
    class Unreachable(AgentInMemory):
        async def open(self) -> None:
            raise NotConnected("nobody listens")

    async def run() -> None:
        recorder = Recorder(1, lambda _: None, clock=asyncio.get_running_loop().time)
        with pytest.raises(NotConnected):
            await converse(Unreachable(), ListedCaller("one"), recorder, limits=Limits())

    run_virtually(run())


@pytest.mark.parametrize(("stopped", "duration"), [(None, 4.0 + 2.0), (0.5, 4.0 + 0.5), (5.0, 4.0 + 2.0)])
def test_the_grace_of_a_call_that_a_user_stops_may_be_shorter(stopped: float | None, duration: float) -> None:
    limits = Limits(grace=2.0, finish_turn=0.0, grace_when_stopped=stopped)
    play = Play(ListedCaller("one"), replies=[[]], limits=limits, stop_at=4.0)
    assert play.conversation.ending.code is EndingCode.CANCELLED
    assert play.conversation.duration == pytest.approx(duration)
