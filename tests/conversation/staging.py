"""An agent in memory, a caller by list and a stage for both on a virtual clock."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any, Generic, TypeVar

from virtual_clock import run_virtually

from ringback.callers.caller import Caller, HangUp, Heard, Move, Say
from ringback.channels.channel import ChannelEvent, Dropped
from ringback.channels.chat_protocol import encode, parse_binary, parse_frame
from ringback.conversation.limits import Limits
from ringback.conversation.loop import Held, converse
from ringback.conversation.recorder import Recorder
from ringback.domain.conversation import FindingCode
from ringback.domain.event import Event
from ringback.domain.utterance import Utterance

Frame = tuple[float, Any]
"""Seconds of delay, and an object (sent as JSON), a text, bytes, or `hang_up(…)`."""


def hang_up(code: int | None = 1000, reason: str = "", cause: FindingCode | None = None) -> Dropped:
    """The agent's side closes the line."""
    return Dropped(at=0.0, close_code=code, reason=reason, cause=cause)


class AgentInMemory:
    """A `Channel` to an agent that sends `greeting` at once and the next of `replies` after each of our frames."""

    def __init__(self, *, greeting: Sequence[Frame] = (), replies: Sequence[Sequence[Frame]] = ()) -> None:
        self._greeting = greeting
        self._replies = list(replies)
        self._inbox: asyncio.Queue[ChannelEvent] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._timers: list[asyncio.TimerHandle] = []
        self.sent: list[tuple[float, dict[str, Any]]] = []
        """Time and content of each of our frames."""
        self.closed_at: float | None = None
        self.opened_at = 0.0

    async def open(self) -> None:
        self.opened_at = self._loop.time()
        self._schedule(self._greeting)

    def _schedule(self, frames: Sequence[Frame]) -> None:
        for delay, frame in frames:
            self._timers.append(self._loop.call_later(delay, self._arrive, frame))

    def _arrive(self, frame: Any) -> None:
        at = self._loop.time()
        if isinstance(frame, Dropped):
            drop = Dropped(at=at, close_code=frame.close_code, reason=frame.reason, cause=frame.cause)
            self._inbox.put_nowait(drop)
        elif isinstance(frame, bytes):
            self._inbox.put_nowait(parse_binary(frame, at))
        else:
            self._inbox.put_nowait(parse_frame(frame if isinstance(frame, str) else json.dumps(frame), at))

    async def send(self, utterance: Utterance) -> float:
        at = self._loop.time()
        self.sent.append((round(at - self.opened_at, 6), json.loads(encode(utterance))))
        if self._replies:
            self._schedule(self._replies.pop(0))
        return at

    async def events(self) -> AsyncIterator[ChannelEvent]:
        while True:
            event = await self._inbox.get()
            yield event
            if isinstance(event, Dropped):
                return

    async def close(self) -> None:
        if self.closed_at is None:
            self.closed_at = self._loop.time() - self.opened_at
            for timer in self._timers:
                timer.cancel()
            self._inbox.put_nowait(Dropped(at=self._loop.time(), close_code=None, reason="", closed_by_us=True))

    @property
    def contents(self) -> list[str]:
        """What we said, in order."""
        return [frame["content"] for _, frame in self.sent]


class ListedCaller:
    """A `Caller` with a list of moves (strings are said); it hangs up when they are out."""

    def __init__(
        self, *moves: Move | str | Exception, thinks: float = 0.0, waits_for_agent_first: bool = False
    ) -> None:
        self._moves = [Say(Utterance.of(move)) if isinstance(move, str) else move for move in moves]
        self._thinks = thinks
        self._waits = waits_for_agent_first
        self.asked: list[Heard | None] = []
        """What it had heard each time it was asked; None: to open."""
        self.carried_out: list[Move] = []

    @property
    def waits_for_agent_first(self) -> bool:
        return self._waits

    async def open(self) -> Move:
        return await self._next(None)

    async def reply(self, heard: Heard) -> Move:
        return await self._next(heard)

    async def _next(self, heard: Heard | None) -> Move:
        self.asked.append(heard)
        if self._thinks:
            await asyncio.sleep(self._thinks)
        if not self._moves:
            return HangUp()
        move = self._moves[0]
        if isinstance(move, Exception):
            raise move
        return move

    def said(self, move: Move) -> None:
        self.carried_out.append(move)
        if self._moves:
            self._moves.pop(0)


_C = TypeVar("_C", bound=Caller)


class Play(Generic[_C]):
    """One conversation that was held on the virtual clock, with all that can be asked about it."""

    def __init__(
        self,
        caller: _C,
        *,
        greeting: Sequence[Frame] = (),
        replies: Sequence[Sequence[Frame]] = (),
        limits: Limits | None = None,
        agent_speaks_first: bool | None = False,
        stop_at: float | None = None,
    ) -> None:
        self.caller = caller
        self.events: list[Event] = []
        self._greeting = greeting
        self._replies = replies
        self._limits = limits or Limits()
        self._first = agent_speaks_first
        self._stop_at = stop_at
        self.held = run_virtually(self._run())
        self.conversation = self.held.conversation

    async def _run(self) -> Held:
        loop = asyncio.get_running_loop()
        self.agent = AgentInMemory(greeting=self._greeting, replies=self._replies)
        stop = asyncio.Event()
        if self._stop_at is not None:
            loop.call_later(self._stop_at, stop.set)
        recorder = Recorder(1, self.events.append, clock=loop.time)
        return await converse(
            self.agent, self.caller, recorder, limits=self._limits, agent_speaks_first=self._first, stop=stop
        )

    @property
    def codes(self) -> list[FindingCode]:
        return [finding.code for finding in self.conversation.findings]

    @property
    def lines(self) -> list[str]:
        """The transcript in short: `> ` caller, `< ` agent, `call` and `result` for tools."""
        marks = {"Testing Agent": "> ", "Main Agent": "< ", "Function Call": "call ", "Function Call Result": "result "}
        return [
            marks[entry.role]
            + (entry.content or (entry.tool.name if entry.tool else ""))
            + ("!" if entry.ends_call else "")
            for entry in self.conversation.entries
        ]


def content(words: str, **more: Any) -> dict[str, Any]:
    """A content frame."""
    return {"content": words, **more}


def call(identifier: str = "1", name: str = "lookup") -> dict[str, Any]:
    """A Function Call frame."""
    return {"role": "Function Call", "data": {"id": identifier, "name": name, "arguments": "{}"}}


def result(identifier: str = "1") -> dict[str, Any]:
    """A Function Call Result frame without a name, as the reference sends it."""
    return {"role": "Function Call Result", "data": {"id": identifier, "result": "ok"}}
