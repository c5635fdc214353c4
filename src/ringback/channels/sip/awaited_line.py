"""The line of an outbound agent: we wait for its call at a number of ours, and take no other."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from ringback.channels.channel import Remark
from ringback.channels.sip.account import Identity
from ringback.channels.sip.call import Closed, Established
from ringback.channels.sip.telephone import Telephone
from ringback.channels.sip.telephone_call import TelephoneCall
from ringback.channels.sip.telephone_line import TelephoneLine
from ringback.domain.conversation import FindingCode
from ringback.domain.ending import EndingCode
from ringback.domain.secret import Redactor
from ringback.domain.telephone import DialWindow, plain_number
from ringback.errors import CallFailed

_MOST_AT_ONCE = 4
"""Calls of the agent that are answered side by side; the first that stands is the run's."""

_MOST_REMARKS = 20
"""Calls of strangers that are remarked upon one by one."""


class AwaitedLine(TelephoneLine):
    """One call that comes to us; a `Line`."""

    def __init__(
        self,
        telephone: Telephone,
        *,
        window: DialWindow,
        contact_number: str,
        identity: Identity,
        on_awaited: Callable[[], Awaitable[None]] | None = None,
        on_taken: Callable[[], None] | None = None,
        redactor: Redactor | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Prepare to be called; nothing is heard before `open`.

        Args:
            telephone: Carries it.
            window: The number of ours, and until when the agent may call it.
            contact_number: Where its call comes from; calls from elsewhere are refused.
            identity: Our number, and where it registers.
            on_awaited: Called once calls are taken: the agent may be asked to call. What it raises ends the waiting.
            on_taken: Called when the agent's call was answered.
            redactor: Takes secrets out of all that is kept of what comes in.
            now: The clock of the window.
        """
        super().__init__(redactor)
        self._telephone = telephone
        self._window = window
        self._contact = plain_number(contact_number)
        self._identity = identity
        self._on_awaited = on_awaited
        self._on_taken = on_taken
        self._now = now
        self._answered: asyncio.Future[TelephoneCall] = asyncio.get_running_loop().create_future()
        self._endings: set[asyncio.Task[None]] = set()
        self._answering: set[asyncio.Task[None]] = set()
        self._strangers = 0

    async def open(self) -> None:
        """Wait for the agent's call, and answer it.

        Raises:
            CallFailed: it did not call in time, our number cannot be registered, or the telephone failed.
            UsageError: there is no telephone on this machine.
        """
        listening = await self._telephone.listen(self._identity, self._consider, lost=self._lost)
        try:
            async with asyncio.timeout((self._window.closes_at - self._now()).total_seconds()):
                if self._on_awaited is not None:
                    await self._on_awaited()
                await asyncio.wait((self._answered,))
                self._answered.result()
        except TimeoutError:
            raise self._too_late() from None
        finally:
            await listening.close()
            self._answered.cancel()
            for task in tuple(self._answering):
                task.cancel()
        if self._on_taken is not None:
            self._on_taken()

    def _lost(self, reason: str) -> None:
        if not self._answered.done():
            self._answered.set_exception(CallFailed(reason, reason=EndingCode.TELEPHONE_FAILED))

    async def _answer(self, call: TelephoneCall) -> None:
        """Answer a call of the agent's; one that it hangs up meanwhile stands in the way of no other."""
        happening = call.events()
        try:
            await call.accept()
            async for event in happening:
                if isinstance(event, Established) and not self._answered.done():
                    self._take(call, happening)
                    self._answered.set_result(call)
                    return
                if isinstance(event, Closed):
                    return
        finally:
            if self._call is not call:
                self._spawn(call.hang_up(), self._endings)

    def _too_late(self) -> CallFailed:
        strangers = f" {self._strangers} calls came from elsewhere and were refused." if self._strangers else ""
        return CallFailed(
            f"The agent did not call {self._window.number} from {self._contact} within {self._window.seconds} s."
            f"{strangers}",
            reason=EndingCode.DID_NOT_CALL,
        )

    def _consider(self, call: TelephoneCall) -> None:
        """A call has come: the agent's, or somebody else's."""
        if plain_number(call.peer) == self._contact:
            if not self._answered.done() and len(self._answering) < _MOST_AT_ONCE:
                self._spawn(self._answer(call), self._answering)
            else:
                self._spawn(call.refuse(), self._endings)
            return
        self._strangers += 1
        if self._strangers <= _MOST_REMARKS:
            sentence = (
                f"A call from {self._clean(call.peer) or 'nobody'} to {self._window.number} was refused:"
                f" the agent calls from {self._contact}."
            )
            self._remarks.append(Remark(code=FindingCode.CALL_REFUSED, sentence=sentence))
        self._spawn(call.refuse(), self._endings)

    @staticmethod
    def _spawn(doing: Coroutine[Any, Any, None], tasks: "set[asyncio.Task[None]]") -> None:
        task = asyncio.get_running_loop().create_task(doing)
        tasks.add(task)
        task.add_done_callback(tasks.discard)
