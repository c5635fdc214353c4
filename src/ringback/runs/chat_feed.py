"""Pull-mode chats of one process: hands what clients submit to the conversations, all chats with one question."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass

from ringback.callers.caller import Caller, Move, Wait
from ringback.channels.api_chat import ApiChatChannel
from ringback.channels.channel import CallIds, Channel
from ringback.domain.ending import EndedBy, Ending
from ringback.domain.event import CallEnded, Event
from ringback.domain.scenario import Scenario, ScenarioType, TestProfile
from ringback.domain.secret import Redactor
from ringback.errors import StorageError
from ringback.runs.worker import Call
from ringback.storage.chats import Chats

log = logging.getLogger(__name__)

_LOOK = 0.15
"""Seconds between two looks for what was submitted at other processes; this one's own is heard at once."""


def caller_opens(scenario: Scenario) -> bool:
    """Whether turn 0 has a message: the caller of the scenario has first words, else it is the client's to speak."""
    actions = scenario.conditional_actions
    if scenario.type is ScenarioType.CONDITIONAL_ACTIONS and actions is not None:
        return bool(actions.conditions[0].action.strip())
    return bool(scenario.script or scenario.first_message)


class ChatFeed:
    """Looks for submissions while there are open chats. One a process; `close` it at the end."""

    def __init__(self, chats: Chats, *, redactor: Redactor, max_call_bytes: int, look: float = _LOOK) -> None:
        """Nothing is looked for yet.

        Args:
            chats: where what is submitted is kept.
            redactor: takes secrets out of it.
            max_call_bytes: what is taken of one conversation.
            look: seconds between two looks.
        """
        self.chats = chats
        self.redactor = redactor
        self.max_call_bytes = max_call_bytes
        self._look = look
        self._open: dict[int, _Turns] = {}
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        chats.on_submit = self._wake.set

    async def close(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def add(self, turns: "_Turns") -> None:
        """Hand submissions over from now on."""
        self._open[turns.run_id] = turns
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._feed(), name="chats")

    def remove(self, turns: "_Turns") -> None:
        """Hand no more over."""
        if self._open.get(turns.run_id) is turns:
            del self._open[turns.run_id]

    def wake(self) -> None:
        """There is something: look now."""
        self._wake.set()

    async def _feed(self) -> None:
        while self._open:
            self._wake.clear()
            try:
                frames = await self.chats.frames({run_id: turns.taken for run_id, turns in self._open.items()})
            except StorageError as error:
                log.warning("%s", error)
                frames = []
            for frame in frames:
                turns = self._open.get(frame.run_id)
                if turns is not None and frame.id > turns.taken:
                    turns.hear(frame.id, frame.frame)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._look):
                    await self._wake.wait()


class _Turns:
    """The turns of one chat, in the database; see `channels/api_chat.py`."""

    def __init__(self, feed: ChatFeed, run_id: int, attempt: int, *, caller_opens: bool) -> None:
        self.run_id = run_id
        self.taken = 0
        """Number of the last frame that was handed over."""
        self._feed = feed
        self._attempt = attempt
        self._caller_opens = caller_opens
        self._take: Callable[[int, str], None] = lambda _number, _frame: None

    async def open(self, take: Callable[[int, str], None]) -> int:
        self.taken = await self._feed.chats.open(self.run_id, self._attempt, caller_opens=self._caller_opens)
        self._take = take
        self._feed.add(self)
        return self.taken

    def hear(self, number: int, frame: str) -> None:
        self.taken = number
        self._take(number, frame)

    async def say(self, message: str | None, *, heard: int, ended_reason: str | None = None) -> bool:
        said = await self._feed.chats.say(self.run_id, self._attempt, message, heard=heard, ended_reason=ended_reason)
        if not said:
            self._feed.wake()
        return said

    def stop(self) -> None:
        self._feed.remove(self)

    async def over(self, ending: Ending) -> None:
        failed = ending.ended_by is EndedBy.RINGBACK
        reason = ending.reference_reason
        await self._feed.chats.over(self.run_id, self._attempt, ended_reason=reason, failed=failed)


@dataclass(slots=True)
class ChatLine:
    """What the executor of one run in pull mode is given."""

    feed: ChatFeed
    call: Call
    channel: ApiChatChannel | None = None

    def open_channel(self, ids: CallIds, profile: TestProfile | None) -> Channel:  # noqa: ARG002 - as for every line
        """The channel of the next attempt."""
        run = self.call.claim.run
        turns = _Turns(self.feed, ids.run, run.attempt, caller_opens=caller_opens(run.specification.scenario))
        self.channel = ApiChatChannel(turns, redactor=self.feed.redactor, max_call_bytes=self.feed.max_call_bytes)
        return self.channel

    def on_event(self, event: Event) -> None:
        """Watch for the end."""
        if isinstance(event, CallEnded) and self.channel is not None:
            self.channel.ends_with(event.ending)
        self.call.on_event(event)

    def attend(self, caller: Caller) -> Caller:
        """The caller; clients are told where it has nothing to say."""
        return _Attended(caller, self)

    async def close(self) -> None:
        """Tell clients of an end that the conversation itself could not tell any more. Raises `StorageError`."""
        if self.channel is not None:
            await self.channel.close()


class _Attended:
    """A caller that is watched."""

    def __init__(self, caller: Caller, line: ChatLine) -> None:
        self._caller = caller
        self._line = line
        self.open = caller.open
        self.reply = caller.reply

    @property
    def waits_for_agent_first(self) -> bool:
        """Whether the scenario itself says so."""
        return self._caller.waits_for_agent_first

    def said(self, move: Move) -> None:
        """A caller that waits for a time will be asked again; one that waits for words has to be given some."""
        self._caller.said(move)
        if isinstance(move, Wait) and move.seconds is None and self._line.channel is not None:
            self._line.channel.say_nothing()
