"""Tells the author of an agent server exactly which rule of the chat protocol it breaks, and with which frame."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from enum import StrEnum

from ringback.channels.channel import (
    CalledTool,
    Channel,
    ChannelEvent,
    Dropped,
    EndedCall,
    ReportedError,
    Said,
    ToolReturned,
)
from ringback.conversation.endings import CLEAN_CLOSES, after_drop
from ringback.domain.utterance import Utterance
from ringback.errors import ChannelError, Refused
from ringback.evaluation.wrong_channel import wrong_channel_hint

MARKED = "Hello. My name is Ada Quill, and I would like to ask something."
FOLLOW_UP = "Could you say that again, please?"
LONG = "Ünïcode ✓ 漢字 🙂 " * 400
WHO_OPENS = "who speaks first"
CHANNEL = "the channel is the right one"
STAYS_OPEN = "the session stays open"
FRAMES = "frames are well formed"
SHOWN = 200
"""Characters shown of a frame."""


class Level(StrEnum):
    """What a rule's trial came to."""

    OK = "ok"
    NOTE = "note"
    """Legal, and worth knowing."""
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One rule, tried."""

    rule: str
    level: Level
    sentence: str
    frame: str = ""
    """The frame that breaks the rule, as it came (cut where it is long)."""


OpenLine = Callable[[Callable[[str, str], None], float], Channel]
"""Makes a line; takes what is to be told each frame (direction, text), and the seconds between pings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long the trials wait, in seconds."""

    greeting: float = 2.0
    answer: float = 60.0
    quiet: float = 0.5
    """After an agent's words: is there more to come?"""
    after_end: float = 1.0
    ping: float = 0.5


class _Session:
    """One line with what came over it."""

    channel: Channel

    def __init__(self, patience: Patience) -> None:
        self.events: list[ChannelEvent] = []
        self.verdicts: list[Verdict] = []
        self.frames: list[str] = []
        self.over: EndedCall | Dropped | None = None
        """How the agent ended the session, once it has."""
        self._patience = patience
        self._queue: asyncio.Queue[ChannelEvent] = asyncio.Queue()
        self._open_calls: set[str] = set()

    def frame(self, direction: str, text: str) -> None:
        """A raw frame, told by the channel before the event that is made of it."""
        if direction == "in":
            self.frames.append(text)

    async def read(self) -> None:
        """Take events in until the line is closed."""
        async for event in self.channel.events():
            self.events.append(event)
            self._judge(event)
            self._queue.put_nowait(event)
            if self.over is None and isinstance(event, EndedCall | Dropped):
                self.over = event

    def _judge(self, event: ChannelEvent) -> None:
        shown = self.frames[-1] if self.frames and not isinstance(event, Dropped) else ""
        for remark in event.remarks:
            self.verdicts.append(_broken(FRAMES, remark.sentence, shown))
        match event:
            case CalledTool():
                self._judge_call(event, shown)
            case ToolReturned(tool=tool) if tool.id not in self._open_calls:
                sentence = f"the result's id {tool.id!r} is not the id of an earlier Function Call."
                self.verdicts.append(_broken("tool results name their call", sentence, shown))
            case ReportedError(text=text):
                self.verdicts.append(_note("no errors are reported", f"the agent reported an error: {text}", shown))
            case Dropped(cause=cause, reason=reason) if cause is not None:
                sentence = f"what came after {_counted(len(self.frames))} was {reason}, and the line had to be closed."
                self.verdicts.append(_broken(FRAMES, sentence))
            case _:
                pass

    def _judge_call(self, event: CalledTool, shown: str) -> None:
        self._open_calls.add(event.tool.id)
        if not event.tool.id or not event.tool.name:
            sentence = "a Function Call needs `id` and `name` in its data."
            self.verdicts.append(_broken("tool calls are complete", sentence, shown))
        if not isinstance(event.tool.arguments, dict):
            sentence = "`arguments` is to be an object, or a string with an object in JSON; without input it is {}."
            self.verdicts.append(_broken("tool calls are complete", sentence, shown))

    def wrong_channel(self) -> str:
        """Which channel to call an agent on that never sent words, but frames of a voice protocol; empty: none."""
        if any(isinstance(event, Said | EndedCall) for event in self.events):
            return ""
        return wrong_channel_hint((remark.code, remark.detail) for event in self.events for remark in event.remarks)

    async def next_words(self, seconds: float) -> Said | EndedCall | Dropped | None:
        """The next words of the agent, or the end of the call or line; None when none came in time.

        Once the session is over, and what came before was taken, it is the end again whenever it is asked for.
        """
        try:
            async with asyncio.timeout(seconds):
                while self.over is None or not self._queue.empty():
                    event = await self._queue.get()
                    if isinstance(event, Said | EndedCall | Dropped):
                        return event
        except TimeoutError:
            return None
        return self.over

    async def rest_of_turn(self) -> bool:
        """Take in what still comes until the agent is quiet; False where it went on for as long as an answer may."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._patience.answer
        while isinstance(await self.next_words(self._patience.quiet), Said):
            if loop.time() > until:
                return False
        return True


def _ok(rule: str, sentence: str) -> Verdict:
    return Verdict(rule=rule, level=Level.OK, sentence=sentence)


def _note(rule: str, sentence: str, frame: str = "") -> Verdict:
    return Verdict(rule=rule, level=Level.NOTE, sentence=sentence, frame=frame[:SHOWN])


def _broken(rule: str, sentence: str, frame: str = "") -> Verdict:
    return Verdict(rule=rule, level=Level.BROKEN, sentence=sentence, frame=frame[:SHOWN])


@asynccontextmanager
async def _session(open_line: OpenLine, patience: Patience, ping: float = 30.0) -> AsyncGenerator[_Session]:
    session = _Session(patience)
    channel = session.channel = open_line(session.frame, ping)
    await channel.open()
    reader = asyncio.create_task(session.read())
    try:
        yield session
    finally:
        await channel.close()
        await reader


async def check_agent(
    open_line: OpenLine, *, open_without_secret: OpenLine | None = None, patience: Patience | None = None
) -> AsyncIterator[Verdict]:
    """Try each rule, in sessions of their own; verdicts come as they are known.

    Args:
        open_line: makes a line to the agent.
        open_without_secret: the same with a wrong secret, where the agent has one.
        patience: how long to wait for what.

    Raises:
        ChannelError: not even the first session could be opened.
    """
    patience = patience or Patience()
    greets, over = True, False
    async for verdict in _conversation(open_line, patience):
        yield verdict
        over = over or (verdict.rule in (CHANNEL, WHO_OPENS, STAYS_OPEN) and verdict.level is Level.BROKEN)
        greets = greets and not (verdict.rule == WHO_OPENS and verdict.sentence.startswith("no greeting"))
    if over:
        return  # what follows would say it again and again
    if not greets:
        # Known by now: later sessions need not wait for what does not come.
        patience = replace(patience, greeting=0.0)
    trials = [_pong(open_line, patience), _side_by_side(open_line, patience), _hostile_words(open_line, patience)]
    if open_without_secret is not None:
        trials.append(_wrong_secret(open_without_secret, patience))
    for position, trial in enumerate(trials):
        try:
            yield await trial
        except ChannelError as error:
            for untried in trials[position + 1 :]:
                untried.close()
            yield _broken("further sessions can be opened", f"a later session could not be opened: {error}")
            return


async def _conversation(open_line: OpenLine, patience: Patience) -> AsyncIterator[Verdict]:
    """Greeting, two turns, the end: the ordinary life of a session."""
    async with _session(open_line, patience) as session:
        yield _ok("the handshake succeeds", "a WebSocket was opened with all headers of a run.")
        opening = await _opening(session, patience)
        yield opening
        for words in (MARKED, FOLLOW_UP) if opening.level is Level.NOTE else ():
            verdict = await _turn(session, words, patience)
            yield verdict
            if verdict.level is Level.OK and session.over is not None:
                yield _left_early(session.over)
            if verdict.level is Level.BROKEN or session.over is not None:
                break
        else:
            if opening.level is Level.NOTE:
                yield await _ending(session, patience)
    if hint := session.wrong_channel():
        yield _broken(CHANNEL, hint, "".join(session.frames[:1]))
        return
    if not session.frames:
        yield _note(FRAMES, "no frame came that could be looked at.")
    elif not any(verdict.level is Level.BROKEN for verdict in session.verdicts):
        yield _ok(FRAMES, f"{_counted(len(session.frames))}, each as the protocol has it.")
    for verdict in session.verdicts:
        yield verdict


def _counted(frames: int) -> str:
    return "one frame" if frames == 1 else f"{frames} frames"


def _how(over: EndedCall | Dropped) -> str:
    """How the agent ended the session, to go on with: "the agent closed the line with code 1000 (normal)"."""
    sentence = "the agent ended the call" if isinstance(over, EndedCall) else after_drop(over, "").sentence
    return f"{sentence[:1].lower()}{sentence[1:].rstrip('.')}"


async def _opening(session: _Session, patience: Patience) -> Verdict:
    greeting = await session.next_words(patience.greeting)
    if greeting is None:
        return _note(WHO_OPENS, f"no greeting in {patience.greeting:g} s: the caller will open.")
    if not isinstance(greeting, Said):
        return _broken(STAYS_OPEN, f"{_how(greeting)} before anybody had spoken.")
    if not await session.rest_of_turn():
        return _broken(WHO_OPENS, f"the agent greets, and {_never_quiet(patience)}")
    if session.over is not None:
        return _broken(STAYS_OPEN, f"{_how(session.over)} after its greeting, unasked.")
    return _note(WHO_OPENS, f"the agent greets: set agent_speaks_first = true. It said: {greeting.text[:80]!r}")


def _never_quiet(patience: Patience) -> str:
    return f"sent content for {patience.answer:g} s without {patience.quiet:g} s of quiet, which end its turn."


def _left_early(over: EndedCall | Dropped) -> Verdict:
    """The end of a session that the caller had not ended: legal where the agent says so in order."""
    if isinstance(over, EndedCall) or over.close_code in CLEAN_CLOSES:
        return _note(STAYS_OPEN, f"{_how(over)} after its answer: later turns could not be tried.")
    return _broken(STAYS_OPEN, f"{_how(over)} after its answer.")


async def _turn(session: _Session, words: str, patience: Patience) -> Verdict:
    rule = "a turn is answered"
    await session.channel.send(Utterance.of(words))
    answer = await session.next_words(patience.answer)
    if isinstance(answer, Said) and not await session.rest_of_turn():
        return _broken(rule, f"the agent {_never_quiet(patience)}")
    match answer:
        case None:
            return _broken(rule, f"no content frame within {patience.answer:g} s of ours: {words!r}.")
        case Dropped():
            return _broken(rule, f"{_how(answer)} instead of answering {words!r}.")
        case EndedCall():
            return _note(rule, "the agent ended the call instead of answering.")
        case _:
            return _ok(rule, f"{words!r} was answered.")


async def _ending(session: _Session, patience: Patience) -> Verdict:
    rule = "end_call is understood"
    await session.channel.send(Utterance.of("Thank you, goodbye.", ends_call=True))
    answer = await session.next_words(patience.after_end)
    if isinstance(answer, Said):
        return _note(rule, "the agent answers our end_call with content: tolerated, recorded, not answered.")
    if isinstance(answer, Dropped) and answer.close_code not in CLEAN_CLOSES:
        return _broken(rule, f"after our end_call {_how(answer)}.")
    return _ok(rule, "after our end_call the session ended in order.")


async def _pong(open_line: OpenLine, patience: Patience) -> Verdict:
    rule = "pings are answered"
    async with _session(open_line, patience, patience.ping) as session:
        # The line itself pings and drops when no pong comes; a session of three pings is all it takes.
        until = asyncio.get_running_loop().time() + patience.ping * 3.5
        while (left := until - asyncio.get_running_loop().time()) > 0:
            event = await session.next_words(left)
            if isinstance(event, Dropped):
                return (
                    _broken(rule, "a ping stayed without a pong: handle control frames while your agent thinks.")
                    if event.unresponsive
                    else _broken("a quiet session stays open", f"{_how(event)}, and nobody had spoken.")
                )
    return _ok(rule, "pongs came in time.")


async def _side_by_side(open_line: OpenLine, patience: Patience) -> Verdict:
    rule = "sessions are independent"
    async with _session(open_line, patience) as first, _session(open_line, patience) as second:
        for session in (first, second):
            await session.next_words(patience.greeting)
            await session.rest_of_turn()
        before = len(second.frames)
        verdict = await _turn(first, MARKED, patience)
        if verdict.level is Level.BROKEN:
            return _broken(rule, f"with a second session open, {verdict.sentence}")
        if any(isinstance(event, Said) for event in second.events[before:]):
            return _broken(
                rule, "words in one session were answered in another: keep state per connection.", second.frames[-1]
            )
    return _ok(rule, "two sessions at once did not disturb each other.")


async def _hostile_words(open_line: OpenLine, patience: Patience) -> Verdict:
    rule = "long and unusual words are survived"
    async with _session(open_line, patience) as session:
        await session.next_words(patience.greeting)
        await session.rest_of_turn()
        verdict = await _turn(session, LONG, patience)
    if verdict.level is Level.BROKEN:
        after = "no content frame came back" if session.over is None else _how(session.over)
        return _broken(rule, f"after {len(LONG)} characters of mixed scripts {after}.")
    return _ok(rule, f"{len(LONG)} characters of mixed scripts were answered.")


async def _wrong_secret(open_line: OpenLine, patience: Patience) -> Verdict:
    rule = "a wrong secret is refused"
    try:
        async with _session(open_line, patience) as session:
            event = await session.next_words(max(patience.greeting, patience.after_end))
            if isinstance(event, Dropped) and event.close_code == 1008:  # noqa: PLR2004 - policy violation, RFC 6455 7.4.1
                return _ok(rule, "the session was closed with code 1008.")
    except Refused as error:
        return _ok(rule, f"the handshake was refused with {error.status}.")
    return _broken(rule, "a session with a wrong X-VOCERA-SECRET was accepted: answer 401, or close with code 1008.")
