"""A telephone agent for tests: it answers SIP calls, refuses them, or calls, as a test says."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, Literal

from ringback.channels.sip.account import Identity, TelephoneSettings
from ringback.channels.sip.outcome import no_call
from ringback.channels.sip.telephone import Telephone
from ringback.channels.sip.telephone_call import TelephoneCall
from ringback.speech.audio import Sound
from ringback.testing.agent_call import LineClosed
from ringback.testing.listening import KeptCalls, LastingServer
from ringback.testing.sip_agent_call import SipAgentCall
from ringback.testing.spoken_answers import SpokenAnswers

SipTalk = Callable[[SipAgentCall], Awaitable[None]]
"""Holds one whole telephone call; it is hung up when it returns."""

Refusal = Literal["busy", "no_answer"]
"""`busy`: 486. `no_answer`: it rings until the caller gives up."""


class SipAgentServer(KeptCalls[SipAgentCall], LastingServer):
    """A telephone agent on the loopback, in the running event loop; Linux, with the extra `ringback[sip]`.

    It greets (if told to), then answers each utterance of the caller with the next of `replies`; `talk` replaces that.

    ```python
    async with SipAgentServer(greeting=hello, replies=[which_day, goodbye]) as agent:
        ...  # agent.url, then agent.calls; or await agent.dial("sip:+15550100@127.0.0.1:5060")
    ```

    An exception in `talk` ends the call and is raised again when the server is closed.
    """

    def __init__(
        self,
        talk: SipTalk | None = None,
        *,
        greeting: Sound | None = None,
        replies: Sequence[Sound] = (),
        delay: float = 0.0,
        silence: float = 0.5,
        hangs_up: bool = False,
        user: str = "agent",
        refusals: Iterable[Refusal] = (),
        rings: float = 0.0,
        headers: Sequence[str] = (),
        codecs: Sequence[str] = ("pcmu", "pcma"),
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        """Describe the agent.

        Args:
            talk: Holds the whole call; the arguments from `greeting` to `hangs_up` are then not used.
            greeting: Said as soon as the call is answered.
            replies: Answers in order; each call starts with the first.
            delay: Seconds before each answer, beyond `silence`.
            silence: Seconds of quiet that end an utterance of the caller.
            hangs_up: Whether the agent ends the call after its last reply.
            user: User part of its address, or its telephone number; where its own calls come from, too.
            refusals: What happens to the first calls, one each; later ones are answered.
            rings: Seconds until a call is answered.
            headers: `X-` headers of the INVITE to be looked for, besides `X-Run-Id`, `X-Scenario-Id`, `X-Result-Id`.
            codecs: Which it offers and takes, the best first.
            host: Address to listen on.
            port: 0 takes a free one.
        """
        super().__init__()
        self.refused: list[str] = []
        """Addresses of the callers whose calls were not answered."""
        self._talk: SipTalk = talk or SpokenAnswers(greeting, tuple(replies), delay, silence, hangs_up=hangs_up)
        self._identity = Identity(user=user, domain=None)
        self._refusals = list(refusals)
        self._rings = rings
        known = TelephoneSettings().headers
        self._telephone = Telephone(
            TelephoneSettings(
                listen=f"{host}:{port}",
                interface=host,
                codecs=tuple(codecs),
                headers=(*known, *(name for name in headers if name not in known)),
            )
        )
        self._errors: list[Exception] = []
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        """Host and port where it hears SIP."""
        return self._telephone.address

    @property
    def port(self) -> int:
        """Where it hears SIP; 0 before it is started."""
        return int(self.address.rpartition(":")[2] or 0)

    @property
    def url(self) -> str:
        """Its address, `sip:agent@127.0.0.1:5070`."""
        return f"sip:{self._identity.user}@{self.address}"

    async def start(self) -> None:
        """Begin to listen.

        Raises:
            UsageError: the extra is not installed, or the address cannot be had.
        """
        await self._telephone.start()
        await self._telephone.listen(self._identity, self._came)

    async def close(self) -> None:
        """Hang up all calls and stop listening. Raises the first exception that a `talk` ended with."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._telephone.close()
        if self._errors:
            raise self._errors.pop(0)

    async def dial(
        self, uri: str, *, from_user: str | None = None, headers: Mapping[str, str] | None = None
    ) -> SipAgentCall:
        """Call somebody, as an outbound agent does; once it is answered, `talk` holds the call.

        Args:
            uri: `sip:number@host:port`.
            from_user: Where the call comes from: a user or a number; the agent's own `user` by default.
            headers: Further headers of the INVITE.

        Raises:
            ChannelError: the call was not answered, with the reason in words.
        """
        identity = self._identity if from_user is None else Identity(user=from_user)
        dialled = await self._telephone.dial(uri, headers or {}, identity=identity)
        call = SipAgentCall(len(self.calls) + 1, dialled, headers or {})
        answered = asyncio.ensure_future(call.answered.wait())
        holding = self._spawn(self._hold(call))
        try:
            await asyncio.wait((answered, holding), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            holding.cancel()
            raise
        finally:
            answered.cancel()
        if not call.answered.is_set() and call.ended is not None:
            raise no_call(call.ended, uri, ringing=None)
        return call

    async def refusal(self, number: int = 1) -> str:
        """Wait until so many calls were not answered; where the last of them came from."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: len(self.refused) >= number)
        return self.refused[number - 1]

    def _came(self, incoming: TelephoneCall) -> None:
        self._spawn(self._take(incoming))

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _take(self, incoming: TelephoneCall) -> None:
        refusal = self._refusals.pop(0) if self._refusals else None
        if refusal is not None:
            async with self._arrived:
                self.refused.append(incoming.peer)
                self._arrived.notify_all()
            if refusal == "busy":
                await incoming.refuse()
            return
        await asyncio.sleep(self._rings)
        await incoming.accept()
        await self._hold(SipAgentCall(len(self.calls) + 1, incoming, incoming.headers))

    async def _hold(self, call: SipAgentCall) -> None:
        running = asyncio.create_task(call.run())
        talking = asyncio.create_task(self._converse(call))
        try:
            await running
            if call.answered.is_set():
                await talking  # it notices by what it waits for
        finally:
            talking.cancel()
            running.cancel()
            await asyncio.gather(running, talking, return_exceptions=True)

    async def _converse(self, call: SipAgentCall) -> None:
        await call.answered.wait()
        await self._accepted(call)
        try:
            await self._talk(call)
        except LineClosed:
            pass
        except Exception as error:  # noqa: BLE001 - the talk is a stranger's code; its faults are raised by close()
            self._errors.append(error)
        await call.hang_up()
