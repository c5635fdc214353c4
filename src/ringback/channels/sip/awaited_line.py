"""The line of an outbound agent: we wait for its call at a number of ours, and take no other."""

import asyncio
import logging
from collections import Counter
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

_MOST_NAMED = 3
"""Strangers that are named where the agent has not called."""

_LONGEST_NAME = 100

log = logging.getLogger(__name__)


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
            on_awaited: Called once calls are taken: the agent may be asked to call. What it raises ends the waiting,
                but for a call that stands: who answers only when the call is over has called all the same.
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
        self._asking: asyncio.Task[None] | None = None
        self._strangers: Counter[str] = Counter()

    async def open(self) -> None:
        """Wait for the agent's call, and answer it.

        Raises:
            CallFailed: it did not call in time, our number cannot be registered, or the telephone failed.
            UsageError: there is no telephone on this machine.
        """
        listening = await self._telephone.listen(self._identity, self._consider, lost=self._lost)
        try:
            async with asyncio.timeout((self._window.closes_at - self._now()).total_seconds()):
                await self._called()
        except TimeoutError:
            raise self._too_late() from None
        finally:
            await listening.close()
            if not self._answered.cancel():
                self._answered.exception()  # it is looked at, whatever came in between
            for task in tuple(self._answering):
                task.cancel()
        if self._on_taken is not None:
            self._on_taken()

    async def _called(self) -> None:
        """Ask for the call, and wait until one is answered. Raises what came in the way."""
        if self._on_awaited is not None:
            self._asking = asyncio.ensure_future(self._on_awaited())
            self._asking.add_done_callback(_noted)
            await asyncio.wait((self._answered, self._asking), return_when=asyncio.FIRST_COMPLETED)
            while self._answering and not self._answered.done():
                # The call may come before the answer to the question for it.
                await asyncio.wait((self._answered, *self._answering), return_when=asyncio.FIRST_COMPLETED)
            if not self._answered.done():
                self._asking.result()
        await asyncio.wait((self._answered,))
        self._answered.result()

    async def close(self) -> None:
        """Let the line go; safe to call at any time and more than once."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait((self._asking,))
        await super().close()

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
        except Exception as defect:
            log.exception("a call to %s", self._window.number)
            if not self._answered.done():
                self._answered.set_exception(
                    CallFailed(
                        f"The agent's call could not be answered ({type(defect).__name__}).",
                        reason=EndingCode.TELEPHONE_FAILED,
                    )
                )
        finally:
            if self._call is not call:
                self._spawn(call.hang_up(), self._endings)

    def _too_late(self) -> CallFailed:
        return CallFailed(
            f"The agent did not call {self._window.number} from {self._contact} within {self._window.seconds} s."
            f"{self._of_strangers()}",
            reason=EndingCode.DID_NOT_CALL,
        )

    def _of_strangers(self) -> str:
        """Who called in its stead: with a wrong contact number, the agent."""
        calls = self._strangers.total()
        if not calls:
            return ""
        named = [name for name in self._strangers if name][:_MOST_NAMED]
        others = " and others" if len(self._strangers) > len(named) else ""
        came = "1 call came from elsewhere and was" if calls == 1 else f"{calls} calls came from elsewhere and were"
        return f" {came} refused: {', '.join(named)}{others}."

    def _consider(self, call: TelephoneCall) -> None:
        """A call has come: the agent's, or somebody else's."""
        if plain_number(call.peer) == self._contact:
            if not self._answered.done() and len(self._answering) < _MOST_AT_ONCE:
                self._spawn(self._answer(call), self._answering)
            else:
                self._spawn(call.refuse(), self._endings)
            return
        who = self._clean(call.peer)[:_LONGEST_NAME] or "nobody"
        if who in self._strangers or len(self._strangers) < _MOST_REMARKS:
            self._strangers[who] += 1
        else:
            self._strangers[""] += 1
        if self._strangers.total() <= _MOST_REMARKS:
            sentence = f"A call from {who} to {self._window.number} was refused: the agent calls from {self._contact}."
            self._remarks.append(Remark(code=FindingCode.CALL_REFUSED, sentence=sentence))
        self._spawn(call.refuse(), self._endings)

    @staticmethod
    def _spawn(doing: Coroutine[Any, Any, None], tasks: "set[asyncio.Task[None]]") -> None:
        task = asyncio.get_running_loop().create_task(doing)
        tasks.add(task)
        task.add_done_callback(tasks.discard)


def _noted(asking: "asyncio.Task[None]") -> None:
    """What became of a question for a call that had come by then."""
    if not asking.cancelled() and (error := asking.exception()) is not None:
        log.info("%s", error)
