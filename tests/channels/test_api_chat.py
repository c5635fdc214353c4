"""The pull-mode channel in memory: what a frame does, what is heard before words are sent, and how a chat ends."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from ringback.callers.scripted import ScriptedCaller
from ringback.channels.api_chat import ApiChatChannel, Effect, effect_of
from ringback.channels.channel import Dropped, EndedCall, Overtaken, Said
from ringback.conversation.limits import Limits
from ringback.conversation.loop import converse
from ringback.conversation.recorder import Recorder
from ringback.domain.conversation import FindingCode, Role
from ringback.domain.ending import Ending, EndingCode
from ringback.domain.event import CallEnded, Event
from ringback.domain.utterance import EndCall, Utterance


@dataclass
class TurnsInMemory:
    """The turns of one chat, and what a client submits when it reads certain words."""

    before: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """Frames that are submitted at the moment at which these words are about to be put into a turn."""
    after: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """Frames that are submitted as soon as these words are there, before the channel knows that they are."""
    said: list[tuple[str | None, str | None]] = field(default_factory=list[tuple[str | None, str | None]])
    ending: Ending | None = None
    submitted: int = 0
    stopped: bool = False

    async def open(self, take: Callable[[int, str], None]) -> int:
        self.take = take
        return 0

    def submit(self, frame: str) -> None:
        self.submitted += 1
        self.take(self.submitted, frame)

    async def say(self, message: str | None, *, heard: int, ended_reason: str | None = None) -> bool:
        for frame in self.before.pop(message or "", []):
            self.submit(frame)
        if heard < self.submitted and ended_reason is None:
            return False
        self.said.append((message, ended_reason))
        for frame in self.after.pop(message or "", []):
            self.submit(frame)
        return True

    def stop(self) -> None:
        self.stopped = True

    async def over(self, ending: Ending) -> None:
        self.ending = ending


def channel_of(turns: TurnsInMemory, max_call_bytes: int = 100_000) -> ApiChatChannel:
    """A channel over these turns."""
    return ApiChatChannel(turns, max_call_bytes=max_call_bytes)


@pytest.mark.parametrize(
    ("frame", "effect"),
    [
        ('{"content": "Hello"}', Effect.ASKS),
        ('{"content": "Hello", "metadata": {"a": 1}}', Effect.ASKS),
        ('{"metadata": {"a": 1}}', Effect.NOTED),
        ('{"content": "", "metadata": {"a": 1}}', Effect.NOTED),
        ('{"role": "Function Call", "content": "Hm", "data": {"id": "1", "name": "x", "arguments": {}}}', Effect.NOTED),
        ('{"role": "function_call_result", "data": {"id": "1", "result": 1}}', Effect.NOTED),
        ('{"type": "end_call", "content": "Bye"}', Effect.ENDS),
        ('{"type": "end_call"}', Effect.ENDS),
    ],
)
def test_a_frame_does_what_it_does_on_a_socket(frame: str, effect: Effect) -> None:
    assert effect_of(frame) is effect


async def hold(turns: TurnsInMemory, lines: list[str]) -> tuple[list[tuple[Role, str]], EndingCode]:
    """A conversation with a scripted caller that opens; who said what, and how it ended."""
    channel = channel_of(turns)

    def watch(event: Event) -> None:
        if isinstance(event, CallEnded):
            channel.ends_with(event.ending)

    recorder = Recorder(1, watch)
    limits = Limits(settle=0.0, grace=0.0, inactivity=5.0)
    held = await converse(channel, ScriptedCaller(lines), recorder, limits=limits, agent_speaks_first=False)
    entries = [(entry.role, entry.content) for entry in held.conversation.entries if entry.content]
    return entries, held.conversation.ending.code


async def test_words_that_were_submitted_before_the_reply_could_be_read_are_answered_with_it() -> None:
    turns = TurnsInMemory(after={"One": ['{"content": "A"}']}, before={"Two": ['{"content": "B"}']})
    turns.after["Two"] = ['{"type": "end_call"}']

    entries, ending = await hold(turns, ["One", "Two", "Three"])

    assert entries == [(Role.CALLER, "One"), (Role.AGENT, "A"), (Role.AGENT, "B"), (Role.CALLER, "Two")]
    assert turns.said == [("One", None), ("Two", None)]
    assert ending is EndingCode.AGENT_ENDED


async def test_an_answer_that_comes_before_the_channel_knows_that_its_words_were_read_is_no_interruption() -> None:
    turns = TurnsInMemory(after={line: ['{"content": "A"}'] for line in ("One", "Two", "Three")})

    entries, ending = await hold(turns, ["One", "Two", "Three"])

    assert [role for role, _ in entries] == [Role.CALLER, Role.AGENT] * 3
    assert ending is EndingCode.CALLER_ENDED
    assert turns.ending is not None
    assert turns.ending.code is EndingCode.CALLER_ENDED
    assert turns.stopped


async def test_last_words_are_put_into_a_turn_whatever_was_not_heard_yet() -> None:
    turns = TurnsInMemory()
    channel = channel_of(turns)
    await channel.open()
    turns.submit('{"content": "Wait!"}')

    with pytest.raises(Overtaken):
        await channel.send(Utterance.of("Hello"))
    await channel.send(Utterance.of("Bye", ends_call=True))

    assert turns.said == [("Bye", "Testing agent-ended-call")]


async def test_an_end_without_words_is_told_when_it_is_known_why() -> None:
    turns = TurnsInMemory()
    channel = channel_of(turns)
    await channel.open()
    await channel.send(Utterance((EndCall(),)))
    await channel.close()
    assert (turns.said, turns.ending) == ([], None)

    ending = Ending(code=EndingCode.MAX_DURATION, sentence="Too long.")
    channel.ends_with(ending)
    await channel.close()
    await channel.close()

    assert turns.ending is ending
    [dropped] = [event async for event in channel.events()]
    assert isinstance(dropped, Dropped)
    assert dropped.closed_by_us


async def test_a_caller_with_nothing_to_say_frees_the_turn_unless_more_was_submitted() -> None:
    turns = TurnsInMemory()
    channel = channel_of(turns)
    await channel.open()
    channel.say_nothing()
    await asyncio.sleep(0)
    assert turns.said == [(None, None)]

    channel.say_nothing()
    turns.submit('{"content": "Another thing"}')
    await asyncio.sleep(0)
    assert turns.said == [(None, None)]


async def test_what_is_submitted_is_bounded() -> None:
    turns = TurnsInMemory()
    channel = channel_of(turns, max_call_bytes=3000)
    await channel.open()
    for _ in range(10):
        turns.submit('{"content": "Hello"}')

    events = [event async for event in channel.events()]

    assert [type(event) for event in events] == [Said] * 5 + [Dropped]
    assert isinstance(events[-1], Dropped)
    assert events[-1].cause is FindingCode.FLOOD
    assert turns.stopped


async def test_the_reason_of_an_end_is_kept() -> None:
    turns = TurnsInMemory()
    channel = channel_of(turns)
    await channel.open()
    turns.submit('{"type": "end_call", "reason": "Handed over."}')
    event = await anext(channel.events())
    assert isinstance(event, EndedCall)
    assert event.extra == {"reason": "Handed over."}
