"""The process that carries telephone calls: one SIP stack, whose sound goes to and fro every 20 ms.

Started by `Telephone` as `python -m ringback.channels.sip FD`; FD is its end of a socket pair. It ends when the other
end is closed, whatever became of whoever had it. The stack is baresip (libre) with OpenSSL 1.1.1k built in, a
release that gets no corrections any more: why it has a process of its own that holds no secrets but its accounts'.
"""

import asyncio
import logging
import socket
import time
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from baresip import Call, CallState, RegistrationError, Runtime, UserAgent
from baresip.errors import BaresipError, NoLocalAddressError
from baresip.events import Event, StackEvent

from ringback.channels.sip.agreed_media import AgreedMedia
from ringback.channels.sip.leg import Leg
from ringback.channels.sip.messages import Control, Malformed, Reader, Sound, control, sound
from ringback.channels.sip.stack_config import account
from ringback.channels.sip.stack_start import start_stack
from ringback.errors import ChannelError

log = logging.getLogger(__name__)

FRAME_SECONDS = 0.02
_INCOMING = 1 << 31
"""Numbers of calls that come to us begin here; those below are given by whoever dials."""
_MOST_BACKLOG = 4 * 1024 * 1024
"""Bytes that may wait for a parent that does not read; further sound is dropped, as it would be stale."""
_TOO_LATE = 1.0
_MOST_EARLY = 1000
_LISTENER_PATIENCE = 30.0
"""Seconds for which a call at an expected user rings until somebody listens there: speech may have to be loaded."""
_MOST_RINGING = 20
"""Calls that may ring so at the same time."""


class Carrier(asyncio.Protocol):
    """Carries calls until its socket is closed."""

    def __init__(self) -> None:
        self.done = asyncio.Event()
        self._reader = Reader()
        self._transport: asyncio.Transport | None = None
        self._runtime = Runtime()
        self._settings: Control = {}
        self._host = ""
        self._legs: dict[int, Leg] = {}
        self._agents: dict[str, Any] = {}
        self._making = asyncio.Lock()
        self._users: dict[int, str] = {}
        """Users by the stack's handles of their agents."""
        self._listeners: dict[str, int] = {}
        """Users at whom calls are taken, each with the number of its listener."""
        self._expected: set[str] = set()
        """Users at whom somebody will listen: their calls ring for a moment where nobody does yet."""
        self._ringing: set[int] = set()
        """The stack's calls that wait so."""
        self._listening = asyncio.Event()
        """Set, and replaced, whenever somebody begins to listen."""
        self._incoming = _INCOMING
        self._tasks: set[asyncio.Task[None]] = set()
        self._pacing: asyncio.Task[None] | None = None
        self._media = AgreedMedia(asyncio.get_running_loop())
        self._dialling: set[int] = set()
        """Numbers of calls whose dialling has not returned yet, but for those that were given up."""
        self._early: deque[StackEvent] = deque(maxlen=_MOST_EARLY)
        """Events of calls whose dialling has not returned yet."""

    # The parent

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket pair is ours."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - it is a stream
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Messages of the parent's."""
        try:
            for message in self._reader.feed(data):
                if isinstance(message, list):
                    self._send(message)
                else:
                    self._told(message)
        except Malformed:
            self.done.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the interface of protocols
        """The parent is gone, or wants us to go."""
        self.done.set()

    def _tell(self, values: Control) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(control(values))

    def _told(self, message: Control) -> None:
        match message.get("do"):
            case "start":
                self._spawn(self._start(message))
            case "dial":
                self._dialling.add(int(message["call"]))
                self._spawn(self._dial(message))
            case "listen":
                self._spawn(self._listen(message))
            case "unlisten":
                self._spawn(self._unlisten(message))
            case _:
                leg = self._legs.get(message.get("call", -1))
                if leg is not None:
                    self._about(leg, message)
                elif message.get("do") == "hang_up":
                    self._dialling.discard(message.get("call", -1))  # before it was dialled: it is not to be

    def _about(self, leg: Leg, message: Control) -> None:
        match message.get("do"):
            case "accept":
                self._spawn(leg.accept())
            case "refuse":
                self._spawn(leg.refuse())
            case "hang_up":
                self._spawn(leg.hang_up())
            case "press":
                leg.press(str(message["digit"]))
            case "hold":
                self._spawn(leg.hold(held=bool(message["held"])))
            case "transfer":
                self._spawn(leg.transfer(str(message["target"])))
            case _:
                pass

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # The stack

    async def _start(self, settings: Control) -> None:
        self._settings = settings
        try:
            trace = logging.getLogger("baresip.native.sip")
            trace.setLevel(logging.DEBUG)
            trace.addHandler(self._media)
            trace.propagate = False
            stack = await start_stack(settings)
            self._runtime, self._host = stack.runtime, stack.host
            for identity in settings.get("expected") or ():
                await self._agent(identity, registers=False)
                self._expected.add(str(identity["user"]))
        except (BaresipError, ChannelError, OSError, ValueError) as error:
            self._tell({"is": "failed", "why": str(error).removesuffix(".")})
            return
        except Exception as defect:
            log.exception("start")
            self._tell({"is": "failed", "why": type(defect).__name__})
            return
        self._runtime.subscribe(self._happened)
        self._runtime.on_dead = self.done.set
        self._pacing = asyncio.get_running_loop().create_task(self._pace())
        self._tell({"is": "started", "address": stack.address})

    async def close(self) -> None:
        """Hang up all, and stop the stack."""
        if self._pacing is not None:
            self._pacing.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(2.0):
                await asyncio.gather(*(leg.hang_up() for leg in self._legs.values()), return_exceptions=True)
                await asyncio.gather(*(self._unregister(key) for key in self._agents), return_exceptions=True)
        with suppress(Exception):
            await self._runtime.close()

    async def _unregister(self, key: str) -> None:
        agent = self._agents[key]
        if agent._registered:  # noqa: SLF001 - the stack has no word for it
            await agent.unregister(timeout=1.0)

    async def _agent(self, identity: Control, *, registers: bool) -> Any:
        key = repr((sorted(identity.items()), registers))
        # One at a time: of two agents of the same user, the stack forgets one, and answers what is asked of it 404.
        async with self._making:
            if key not in self._agents:
                ours = account(identity, self._host, self._settings, registers=registers)
                agent = await UserAgent.create(self._runtime, ours)
                self._agents[key] = agent
                self._users[agent.handle] = str(identity["user"])
        return self._agents[key]

    async def _dial(self, message: Control) -> None:
        number = int(message["call"])
        try:
            agent = await self._agent(message["identity"], registers=False)
            call = await agent.dial(str(message["uri"]), headers=dict(message["headers"]))
        except NoLocalAddressError:
            self._end(number, "no network interface leads there (loopback has to be named: sip_interface 127.0.0.1)")
            return
        except (BaresipError, ValueError) as error:
            self._end(number, str(error))
            return
        except Exception as defect:
            log.exception("call %s", number)
            self._end(number, type(defect).__name__)
            return
        leg = self._legs[number] = Leg(number, call, tell=self._tell_of, media=self._media)
        for event in [event for event in self._early if event.call == call.handle]:
            call._on_stack_event(event)  # noqa: SLF001 - it came before the call had a listener, and would be lost
        if number in self._dialling:
            self._dialling.discard(number)
        else:
            await leg.hang_up()

    def _end(self, number: int, why: str) -> None:
        self._dialling.discard(number)
        self._tell_of({"is": "closed", "call": number, "at": time.monotonic(), "text": why})

    def _tell_of(self, values: Control) -> None:
        self._tell(values)
        if values["is"] == "closed":
            self._legs.pop(values["call"], None)

    async def _listen(self, message: Control) -> None:
        identity, number = message["identity"], int(message["listener"])
        registers = bool(identity.get("registrar"))
        try:
            agent = await self._agent(identity, registers=registers)
            self._listeners[str(identity["user"])] = number
            if registers:
                await agent.register()
        except RegistrationError as error:
            self._listeners.pop(str(identity["user"]), None)
            self._tell(
                {"is": "not_listening", "listener": number, "status": error.status, "why": error.reason or str(error)}
            )
        except (BaresipError, ValueError) as error:
            self._listeners.pop(str(identity["user"]), None)
            self._tell({"is": "not_listening", "listener": number, "status": None, "why": str(error)})
        else:
            self._tell({"is": "listening", "listener": number})
            self._listening.set()
            self._listening = asyncio.Event()

    async def _unlisten(self, message: Control) -> None:
        user = next((user for user, number in self._listeners.items() if number == message["listener"]), None)
        if user is None:
            return
        del self._listeners[user]
        identity = message["identity"]
        if identity.get("registrar"):
            with suppress(BaresipError):
                await (await self._agent(identity, registers=True)).unregister(timeout=2.0)

    def _happened(self, event: StackEvent) -> None:
        if event.event is Event.CALL_CLOSED:
            self._ringing.discard(event.call)
        if event.event is Event.CALL_INCOMING:
            self._came(event)
        elif event.event is not Event.CALL_RTCP and not any(
            leg.call.handle == event.call for leg in self._legs.values()
        ):
            self._early.append(event)

    def _came(self, event: StackEvent) -> None:
        # Not by the stack's own listener, for calls at users whom nobody listens for have to be refused, too.
        call = Call(
            self._runtime,
            handle=event.call,
            ua_handle=event.ua,
            state=CallState.INCOMING,
            peer=event.peer,
            call_id=event.call_id,
            headers=event.headers,
        )
        called = self._users.get(event.ua, "")
        listener = self._listeners.get(called)
        if listener is not None:
            self._take(call, event, called, listener)
        elif called in self._expected and len(self._ringing) < _MOST_RINGING:
            # Not by the task, which begins after others of the same moment have come, too.
            self._ringing.add(event.call)
            self._spawn(self._ring(call, event, called))
        else:
            self._spawn(_refuse(call))

    async def _ring(self, call: Any, event: StackEvent, called: str) -> None:
        """Whoever was just told that it may call is quicker than what is to listen for it."""
        try:
            async with asyncio.timeout(_LISTENER_PATIENCE):
                while called not in self._listeners:
                    await self._listening.wait()
        except TimeoutError:
            await _refuse(call)
            return
        finally:
            self._ringing.discard(event.call)
        missed = [early for early in self._early if early.call == event.call]
        if any(early.event is Event.CALL_CLOSED for early in missed):
            return
        self._take(call, event, called, self._listeners[called])
        for early in missed:
            call._on_stack_event(early)  # noqa: SLF001 - it came before the call had a listener, and would be lost

    def _take(self, call: Any, event: StackEvent, called: str, listener: int) -> None:
        self._incoming += 1
        number = self._incoming
        self._legs[number] = Leg(number, call, tell=self._tell_of, media=self._media)
        self._tell(
            {
                "is": "incoming",
                "call": number,
                "listener": listener,
                "peer": event.peer or event.from_ or "",
                "called": called,
                "call_id": event.call_id or "",
                "headers": dict(event.headers),
                "at": time.monotonic(),
            }
        )

    # Every 20 ms

    async def _pace(self) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time()
        while True:
            deadline += FRAME_SECONDS
            now = loop.time()
            if now - deadline > _TOO_LATE:
                deadline = now
            await asyncio.sleep(max(0.0, deadline - now))
            self._collect()

    def _collect(self) -> None:
        transport = self._transport
        if transport is None or transport.get_write_buffer_size() > _MOST_BACKLOG:
            return
        entries: Sound = []
        for number, leg in tuple(self._legs.items()):
            try:
                if heard := leg.take():
                    entries.append((number, heard))
            except Exception as defect:  # noqa: BLE001 - one call's defect is not the others'
                self._break(leg, defect)
        if entries:
            transport.write(sound(entries))

    def _send(self, entries: Sound) -> None:
        for number, frame in entries:
            leg = self._legs.get(number)
            if leg is None:
                continue
            try:
                leg.give(frame)
            except Exception as defect:  # noqa: BLE001 - one call's defect is not the others'
                self._break(leg, defect)

    def _break(self, leg: Leg, defect: Exception) -> None:
        """A call that breaks is that call's end, and no other's."""
        log.error("call %s", leg.number, exc_info=defect)
        self._spawn(leg.hang_up())
        self._end(leg.number, type(defect).__name__)


async def _refuse(call: Any) -> None:
    with suppress(BaresipError):
        await call.reject()


async def carry_calls(descriptor: int) -> None:
    """Carry the calls of whoever has the other end of the socket, until that is closed."""
    carrier = Carrier()
    loop = asyncio.get_running_loop()
    await loop.create_connection(lambda: carrier, sock=socket.socket(fileno=descriptor))
    await carrier.done.wait()
    await carrier.close()
