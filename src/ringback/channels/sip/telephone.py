"""The telephone of a process: calls out, calls in, and one process beside it that carries them all."""

import asyncio
import time
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

from ringback.channels.sip.account import Identity, TelephoneSettings
from ringback.channels.sip.call import Closed
from ringback.channels.sip.carrier_process import CarrierProcess, identity_message
from ringback.channels.sip.dialled import stack_address
from ringback.channels.sip.messages import Control, Sound
from ringback.channels.sip.outcome import plain_address
from ringback.channels.sip.telephone_call import TelephoneCall
from ringback.channels.wire_reading import cleaner
from ringback.domain.ending import EndingCode
from ringback.domain.secret import Redactor
from ringback.domain.telephone import plain_number
from ringback.errors import CallFailed, UsageError

_REGISTER_PATIENCE = 15.0


class Listening:
    """Calls of one user are taken; `close` ends that."""

    def __init__(self, close: Callable[[], None]) -> None:
        self._close = close

    async def close(self) -> None:
        """Take no more calls; safe to call more than once."""
        self._close()


class _Listener:
    """Who takes the calls of a user."""

    def __init__(
        self, identity: Identity, take: Callable[[TelephoneCall], None], lost: Callable[[str], None] | None
    ) -> None:
        self.identity = identity
        self.take = take
        self.lost = lost
        self.answer: asyncio.Future[Control] = asyncio.get_running_loop().create_future()


class Telephone:
    """Carries the telephone calls of one process. Nothing is started before the first of them, or `start`."""

    def __init__(self, settings: TelephoneSettings, *, redactor: Redactor | None = None) -> None:
        self._settings = settings
        self._clean = cleaner(redactor)
        self._process: CarrierProcess | None = None
        self._starting = asyncio.Lock()
        self._calls: dict[int, TelephoneCall] = {}
        self._listeners: dict[int, _Listener] = {}
        self._numbers = count(1)
        self._closed = False

    @property
    def address(self) -> str:
        """Where SIP is heard, `127.0.0.1:5070`; empty before it is started."""
        return self._process.address if self._process is not None else ""

    @property
    def alive(self) -> bool:
        """Whether there is a process."""
        return self._process is not None and self._process.alive

    @property
    def pid(self) -> int:
        """Of the process; 0 where there is none."""
        return self._process.pid if self._process is not None and self._process.alive else 0

    async def start(self) -> None:
        """Start the process, where there is none.

        Raises:
            UsageError: the extra is not installed, or the address cannot be had.
        """
        await self._running()

    async def _running(self) -> CarrierProcess:
        async with self._starting:
            if self._closed:
                raise UsageError("The telephone is closed.")
            if self._process is None or not self._process.alive:
                process = CarrierProcess(on_control=self._told, on_sound=self._heard, on_death=self._died)
                await process.start(self._settings)
                self._process = process
            return self._process

    async def dial(self, uri: str, headers: Mapping[str, str], *, identity: Identity) -> TelephoneCall:
        """Call somebody; what comes of it are the call's events.

        Args:
            uri: `sip:` or `sips:` address.
            headers: Further headers of the INVITE.
            identity: Whom the call comes from.

        Raises:
            CallFailed: the identity has something that cannot be carried.
            NotConnected: it is no address, or its host is not known.
            UsageError: there is no telephone on this machine.
        """
        identity.check()
        called = await stack_address(uri)
        process = await self._running()
        call = self._new_call(process, next(self._numbers), peer=plain_address(uri), called=identity.user)
        process.tell(
            {
                "do": "dial",
                "call": call.number,
                "uri": called,
                "headers": dict(headers),
                "identity": identity_message(identity),
            }
        )
        return call

    def _new_call(self, process: CarrierProcess, number: int, **values: Any) -> TelephoneCall:
        call = TelephoneCall(number, tell=process.tell, send=process.send, clean=self._clean, **values)
        self._calls[number] = call
        return call

    async def listen(
        self,
        identity: Identity,
        take: Callable[[TelephoneCall], None],
        *,
        lost: Callable[[str], None] | None = None,
    ) -> Listening:
        """Take the calls of a user.

        Args:
            identity: The user, and where it registers.
            take: Given each call, to accept or refuse it.
            lost: Told why, where no more calls come because the process died.

        Raises:
            CallFailed: the registrar did not take us, or the identity has something that cannot be carried.
            UsageError: there is no telephone on this machine, or somebody listens for that user already.
        """
        identity.check()
        process = await self._running()
        if any(listener.identity.user == identity.user for listener in self._listeners.values()):
            raise UsageError(f"Calls of {identity.user} are taken already.")
        number = next(self._numbers)
        listener = self._listeners[number] = _Listener(identity, take, lost)
        process.tell({"do": "listen", "listener": number, "identity": identity_message(identity)})
        try:
            async with asyncio.timeout(_REGISTER_PATIENCE):
                answer = await listener.answer
        except BaseException as error:
            self._unlisten(number)
            if isinstance(error, TimeoutError):
                answer: Control = {"is": "not_listening", "why": f"no answer within {_REGISTER_PATIENCE:g} s"}
            else:
                raise
        if answer.get("is") != "listening":
            self._unlisten(number)
            raise _not_registered(identity, answer)
        return Listening(lambda: self._unlisten(number))

    def _unlisten(self, number: int) -> None:
        listener = self._listeners.pop(number, None)
        if listener is not None and self._process is not None:
            self._process.tell({"do": "unlisten", "listener": number, "identity": identity_message(listener.identity)})

    async def close(self) -> None:
        """Hang up all calls, and let the process go."""
        async with self._starting:
            self._closed = True
            if self._process is not None:
                await self._process.close()

    # What the process tells

    def _heard(self, entries: Sound) -> None:
        for number, sound in entries:
            call = self._calls.get(number)
            if call is not None:
                call.came(sound)

    def _told(self, message: Control) -> None:
        match message.get("is"):
            case "incoming":
                self._came(message)
            case "listening" | "not_listening":
                listener = self._listeners.get(message.get("listener", -1))
                if listener is not None and not listener.answer.done():
                    listener.answer.set_result(message)
            case _:
                number = message.get("call", -1)
                call = self._calls.get(number)
                if call is None:
                    return
                call.happened(message)
                if message.get("is") == "closed":
                    del self._calls[number]

    def _came(self, message: Control) -> None:
        process, listener = self._process, self._listeners.get(message.get("listener", -1))
        if process is None:
            return
        number = int(message["call"])
        if listener is None:
            process.tell({"do": "refuse", "call": number})
            return
        headers: dict[str, Any] = dict(message.get("headers") or {})
        call = self._new_call(
            process,
            number,
            peer=plain_address(self._clean(str(message.get("peer") or ""))[:500]),
            called=plain_number(str(message.get("called") or ""))[:200],
            call_id=self._clean(str(message.get("call_id") or ""))[:500],
            headers={str(name): self._clean(str(value))[:2000] for name, value in headers.items()},
            arrived=time.monotonic(),
        )
        listener.take(call)

    def _died(self, how: str) -> None:
        """The process is gone, and its calls with it."""
        calls, self._calls = self._calls, {}
        listeners, self._listeners = self._listeners, {}
        reason = f"The process that carries telephone calls died ({how})."
        for call in calls.values():
            call.close(Closed(at=time.monotonic(), status=None, reason=reason, cause=EndingCode.TELEPHONE_FAILED))
        for listener in listeners.values():
            if not listener.answer.done():
                listener.answer.set_result({"is": "not_listening", "why": reason})
            elif listener.lost is not None:
                listener.lost(reason)


def _not_registered(identity: Identity, answer: Control) -> CallFailed:
    status, why = answer.get("status"), str(answer.get("why") or "no reason given")
    refused = status in (401, 403, 407)
    said = f"{status} {why}" if status is not None else why
    return CallFailed(
        f"{identity.user} could not be registered at {identity.registrar or 'the telephone'}: {said}.",
        reason=EndingCode.CREDENTIALS_REFUSED if refused else EndingCode.CALL_FAILED,
    )
