"""A scripted agent: a real WebSocket server that behaves, or misbehaves, exactly as a test says."""

import asyncio
import contextlib
import re
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence

from aiohttp import web

from ringback.testing.agent_call import AgentCall, LineClosed
from ringback.testing.listening import CalledServer
from ringback.testing.steps import RawText, Reply

Talk = Callable[[AgentCall], Awaitable[None]]
"""Holds one whole conversation; the line is closed with code 1000 when it returns."""

SECRET_HEADER = "X-VOCERA-SECRET"  # noqa: S105 - the name of the header, not its value


async def echo(call: AgentCall) -> None:
    """Send back all that comes, `end_call` frames included, until the caller closes."""
    while (frame := await call.hear_frame()) is not None:
        await call.do(RawText(frame))


class ScriptedAgentServer(CalledServer[AgentCall]):
    """An agent server on the loopback, in the running event loop.

    It greets (if told to), then answers each utterance with the first rule whose pattern it finds there, else with the
    next of `replies`, else with `otherwise`, until the caller ends the call. `talk` replaces all of that.

    ```python
    async with ScriptedAgentServer(greeting="Clinic, hello.", replies=["Which day?", end_call("Bye.")]) as agent:
        ...  # agent.url, then agent.calls
    ```

    An exception in `talk` closes the line with code 1011 and is raised again when the server is closed.
    """

    def __init__(
        self,
        talk: Talk | None = None,
        *,
        greeting: Reply | None = None,
        replies: Sequence[Reply] = (),
        rules: Iterable[tuple[str, Reply]] = (),
        otherwise: Reply = "Sorry, I did not catch that.",
        delay: float = 0.0,
        secret: str | None = None,
        refusals: Iterable[int] = (),
        answer_pings: bool = True,
        port: int = 0,
        ssl_context: ssl.SSLContext | None = None,
        max_frame_bytes: int = 16 * 1024 * 1024,
    ) -> None:
        """Describe the agent.

        Args:
            talk: Holds the whole conversation; the arguments from `greeting` to `delay` are then not used.
            greeting: Sent as soon as the line is open.
            replies: Answers in order; each call starts with the first.
            rules: Pairs of a regular expression (searched, case-insensitive) and the reply to what matches it.
            otherwise: The answer when nothing else is left.
            delay: Seconds before each answer.
            secret: Handshakes whose `X-VOCERA-SECRET` differs are refused with 401.
            refusals: HTTP statuses with which the first handshakes are refused, one each; later ones are accepted.
            answer_pings: False: WebSocket pings stay without a pong.
            port: 0 takes a free one.
            ssl_context: Makes it a `wss://` server.
            max_frame_bytes: Largest frame it takes.
        """
        super().__init__(port=port, ssl_context=ssl_context)
        self.refused: list[dict[str, str]] = []
        """Headers of each handshake that was refused."""
        self._talk = talk or _Script(greeting, tuple(replies), tuple(rules), otherwise, delay)
        self._secret = secret
        self._refusals = list(refusals)
        self._answer_pings = answer_pings
        self._max_frame_bytes = max_frame_bytes

    @property
    def url(self) -> str:
        """Where the agent listens: `ws://127.0.0.1:PORT/`, or `wss://localhost:PORT/` with TLS."""
        return f"wss://localhost:{self.port}/" if self._ssl_context else f"ws://127.0.0.1:{self.port}/"

    def _application(self) -> web.Application:
        application = web.Application()
        application.router.add_get("/{path:.*}", self._handshake)
        return application

    async def _handshake(self, request: web.Request) -> web.StreamResponse:
        status = self._refusals.pop(0) if self._refusals else None
        if status is None and self._secret is not None and request.headers.get(SECRET_HEADER) != self._secret:
            status = 401
        if status is not None:
            self.refused.append(dict(request.headers))
            return web.Response(status=status, text="Refused by the script.")
        socket = web.WebSocketResponse(
            autoping=self._answer_pings, compress=False, max_msg_size=self._max_frame_bytes, timeout=1.0
        )
        if not socket.can_prepare(request).ok:
            return web.Response(status=426, text="This is a WebSocket server.")
        await socket.prepare(request)
        call = AgentCall(len(self.calls) + 1, request, socket)
        await self._accepted(call)
        await self._hold(call)
        return socket

    async def _hold(self, call: AgentCall) -> None:
        reading = asyncio.create_task(call.read())
        try:
            await self._talk(call)
            await call.close()
        except LineClosed:
            pass
        except Exception as error:  # noqa: BLE001 - the script is a stranger's code; its faults are raised by close()
            self._errors.append(error)
            await call.close(1011)
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading


class _Script:
    """The behaviour of an agent that is described by replies and rules."""

    def __init__(
        self,
        greeting: Reply | None,
        replies: tuple[Reply, ...],
        rules: tuple[tuple[str, Reply], ...],
        otherwise: Reply,
        delay: float,
    ) -> None:
        self._greeting = greeting
        self._replies = replies
        self._rules = tuple((re.compile(pattern, re.IGNORECASE), reply) for pattern, reply in rules)
        self._otherwise = otherwise
        self._delay = delay

    async def __call__(self, call: AgentCall) -> None:
        if self._greeting is not None:
            await call.do(self._greeting)
        replies = iter(self._replies)
        async for text in call:
            if call.ended_by_caller:
                continue
            if self._delay:
                await asyncio.sleep(self._delay)
            ruled = next((reply for pattern, reply in self._rules if pattern.search(text)), None)
            await call.do(next(replies, self._otherwise) if ruled is None else ruled)
        # The caller closes the line after its end_call; a server need not.
        await call.closed.wait()
