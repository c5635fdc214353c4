"""A voice agent for tests: a real WebSocket server that speaks media streams and CHIRP, as a test says."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence

from aiohttp import encode_basic_auth, web

from ringback.speech.audio import Sound
from ringback.testing.agent_call import LineClosed
from ringback.testing.listening import CalledServer
from ringback.testing.spoken_answers import SpokenAnswers
from ringback.testing.voice_agent_call import VoiceAgentCall
from ringback.testing.voice_agent_wire import ChirpWire, MediaStreamsWire

VoiceTalk = Callable[[VoiceAgentCall], Awaitable[None]]
"""Holds one whole spoken call; the line is closed with code 1000 when it returns."""


_CLOSE_PATIENCE = 10.0
"""Seconds in which the caller's side may answer the agent's close frame, as usual: sound that it has not read until
then is lost with the connection, and on a busy machine it may not read for some seconds."""


class VoiceAgentServer(CalledServer[VoiceAgentCall]):
    """A voice agent on the loopback, in the running event loop.

    It greets (if told to), then answers each utterance of the caller with the next of `replies`; `talk` replaces that.

    ```python
    async with VoiceAgentServer(greeting=hello, replies=[which_day, goodbye]) as agent:
        ...  # agent.media_streams_url or agent.chirp_url, then agent.calls
    ```

    An exception in `talk` closes the line with code 1011 and is raised again when the server is closed.
    """

    def __init__(
        self,
        talk: VoiceTalk | None = None,
        *,
        greeting: Sound | None = None,
        replies: Sequence[Sound] = (),
        delay: float = 0.0,
        silence: float = 0.5,
        hangs_up: bool = False,
        credentials: tuple[str, str] | None = None,
        refusals: Iterable[int] = (),
        answer_pings: bool = True,
        host: str = "127.0.0.1",
        port: int = 0,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        """Describe the agent.

        Args:
            talk: Holds the whole call; the arguments from `greeting` to `hangs_up` are then not used.
            greeting: Said as soon as the line is open.
            replies: Answers in order; each call starts with the first.
            delay: Seconds before each answer, beyond `silence`.
            silence: Seconds of quiet that end an utterance of the caller.
            hangs_up: Whether the agent ends the call after its last reply.
            credentials: User and password; handshakes without them as Basic authorization are refused with 401.
            refusals: HTTP statuses with which the first handshakes are refused, one each; later ones are accepted.
            answer_pings: False: WebSocket pings stay without a pong.
            host: Address to listen on.
            port: 0 takes a free one.
            ssl_context: Makes it a `wss://` server.
        """
        super().__init__(host=host, port=port, ssl_context=ssl_context)
        self.refused: list[dict[str, str]] = []
        """Headers of each handshake that was refused."""
        self._talk = talk or SpokenAnswers(greeting, tuple(replies), delay, silence, hangs_up=hangs_up)
        self._authorization = None if credentials is None else encode_basic_auth(*credentials, encoding="utf-8")
        self._refusals = list(refusals)
        self._answer_pings = answer_pings

    @property
    def media_streams_url(self) -> str:
        """Where the agent speaks media streams."""
        return f"{self._address}/media-streams"

    @property
    def chirp_url(self) -> str:
        """Where the agent speaks CHIRP."""
        return f"{self._address}/chirp"

    @property
    def _address(self) -> str:
        if self._ssl_context:
            return f"wss://localhost:{self.port}"
        return f"ws://[{self._host}]:{self.port}" if ":" in self._host else f"ws://{self._host}:{self.port}"

    def _application(self) -> web.Application:
        application = web.Application()
        application.router.add_get("/{transport:media-streams|chirp}", self._handshake)
        return application

    async def _handshake(self, request: web.Request) -> web.StreamResponse:
        status = self._refusals.pop(0) if self._refusals else None
        if status is None and self._authorization not in (None, request.headers.get("Authorization")):
            status = 401
        if status is not None:
            self.refused.append(dict(request.headers))
            return web.Response(status=status, text="Refused by the script.")
        socket = web.WebSocketResponse(autoping=self._answer_pings, compress=False, timeout=_CLOSE_PATIENCE)
        if not socket.can_prepare(request).ok:
            return web.Response(status=426, text="This is a WebSocket server.")
        await socket.prepare(request)
        transport = request.match_info["transport"]
        wire = ChirpWire() if transport == "chirp" else MediaStreamsWire()
        call = VoiceAgentCall(len(self.calls) + 1, transport, wire, request, socket)
        await self._hold(call)
        return socket

    async def _hold(self, call: VoiceAgentCall) -> None:
        reading = asyncio.create_task(call.read())
        try:
            if call.transport == "media-streams":
                await call.received("start")
            await self._accepted(call)
            await self._talk(call)
            await call.close()
        except LineClosed:
            pass
        except Exception as error:  # noqa: BLE001 - the talk is a stranger's code; its faults are raised by close()
            self._errors.append(error)
            await call.close(1011)
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading
