"""A scripted language model: a real OpenAI-compatible server that answers, or fails, exactly as a test says."""

import asyncio
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from ringback.testing.listening import ListeningServer
from ringback.testing.model_answers import Answer, Answering, Asked, CallTool, DropConnection, RawAnswer, Stall
from ringback.testing.smallest import smallest

_CHARACTERS_PER_TOKEN = 4
_LARGEST_REQUEST = 32 * 1024 * 1024


@dataclass(slots=True, kw_only=True)
class _Rule:
    matches: Callable[[Asked], bool]
    answering: Answering
    times: int | None
    """How often it still answers; None: always."""
    latency: float
    given: int = 0

    def answer(self, asked: Asked) -> Any:
        self.given += 1
        if callable(self.answering):
            return self.answering(asked)
        if isinstance(self.answering, Sequence) and not isinstance(self.answering, str):
            return self.answering[min(self.given, len(self.answering)) - 1]
        return self.answering


class ScriptedModelServer(ListeningServer):
    """An OpenAI-compatible server on the loopback, in the running event loop.

    The first rule that matches a request answers it; with none, requests for an object get the smallest that their
    schema allows, and all others get `otherwise`.

    ```python
    async with ScriptedModelServer() as model:
        model.on("insurance", "I am with Aetna.")
        model.on(wants_object=True, answer={"verdict": "met"})
        model.fail(rate_limited(retry_after=1), times=2)  # before anything else, the next two requests
        ...  # model.url, then model.requests
    ```
    """

    def __init__(
        self,
        otherwise: Answering = "I see.",
        *,
        latency: float = 0.0,
        usage: tuple[int, int] | None = None,
        reports_usage: bool = True,
        supports_schema: bool = True,
        api_key: str | None = None,
        port: int = 0,
    ) -> None:
        """Describe the server.

        Args:
            otherwise: The answer where no rule matches and no object is asked for.
            latency: Seconds before each answer.
            usage: Input and output tokens of each answer; None: a quarter of the characters.
            reports_usage: False: answers carry no token counts, as those of some servers.
            supports_schema: False: requests with `response_format` are refused with 400.
            api_key: Requests with another bearer token, or none, are refused with 401.
            port: 0 takes a free one.
        """
        super().__init__(port=port)
        self.requests: list[Asked] = []
        """Every request for a completion, in the order in which they came."""
        self.latency = latency
        self._otherwise = _Rule(matches=lambda _: True, answering=otherwise, times=None, latency=0.0)
        self._rules: list[_Rule] = []
        self._faults: list[_Rule] = []
        self._usage = usage
        self._reports_usage = reports_usage
        self._supports_schema = supports_schema
        self._api_key = api_key

    @property
    def url(self) -> str:
        """The base URL, `http://127.0.0.1:PORT/v1`."""
        return f"http://127.0.0.1:{self.port}/v1"

    def on(
        self,
        contains: str = "",
        answer: Answering = "I see.",
        *,
        role: str | None = None,
        wants_object: bool | None = None,
        shape: str | None = None,
        when: Callable[[Asked], bool] | None = None,
        times: int | None = None,
        latency: float = 0.0,
    ) -> None:
        """Add a rule; all conditions given must hold.

        Args:
            contains: Text in the prompt's messages, whatever its case.
            answer: What to answer.
            role: Only messages of this role are searched (`system`, `user`, `assistant`).
            wants_object: Whether the request asks for a JSON object, as judges do.
            shape: Name of the JSON Schema asked for.
            when: Any other condition.
            times: The rule answers so often, then later rules do; None: always.
            latency: Seconds on top of the server's own.
        """
        wanted = contains.lower()

        def matches(asked: Asked) -> bool:
            return (
                (wants_object is None or asked.wants_object is wants_object)
                and (shape is None or asked.shape == shape)
                and wanted in asked.said_by(role).lower()
                and (when is None or when(asked))
            )

        self._rules.append(_Rule(matches=matches, answering=answer, times=times, latency=latency))

    def fail(self, fault: Answering, *, times: int = 1) -> None:
        """Answer the next requests with this, before any rule is looked at."""
        self._faults.append(_Rule(matches=lambda _: True, answering=fault, times=times, latency=0.0))

    def _application(self) -> web.Application:
        application = web.Application(client_max_size=_LARGEST_REQUEST)
        application.router.add_post("/v1/chat/completions", self._complete)
        application.router.add_get("/v1/models", self._models)
        return application

    async def _models(self, _: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": "scripted", "object": "model"}]})

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        if self._api_key is not None and request.headers.get("Authorization") != f"Bearer {self._api_key}":
            return _refusal(401, "Incorrect API key provided.")
        try:
            body: Any = json.loads(await request.read())
        except (ValueError, RecursionError):
            return _refusal(400, "The request is not JSON.")
        if not isinstance(body, dict) or not isinstance(body.get("messages"), list):  # pyright: ignore[reportUnknownMemberType] - JSON
            return _refusal(400, "The request has no list of messages.")
        asked = Asked(len(self.requests) + 1, request.headers, body)  # pyright: ignore[reportUnknownArgumentType] - JSON
        self.requests.append(asked)
        if body.get("stream"):  # pyright: ignore[reportUnknownMemberType] - JSON
            return _refusal(400, "This server does not stream.")
        try:
            answer = await self._answer(asked)
        except Exception as error:  # noqa: BLE001 - the script is a stranger's code; its faults are raised by close()
            self._errors.append(error)
            return _refusal(500, f"The script failed with {type(error).__name__}.")
        return await self._send(answer, asked, request)

    async def _answer(self, asked: Asked) -> Answer:
        rule = self._rule_for(asked)
        if rule is self._otherwise and asked.wants_object and asked.schema and self._supports_schema:
            return smallest(asked.schema)
        latency = self.latency + rule.latency
        answer: Any = rule.answer(asked)
        if inspect.isawaitable(answer):
            answer = await answer
        if latency:
            await asyncio.sleep(latency)
        return answer

    def _rule_for(self, asked: Asked) -> _Rule:
        for rule in (*self._faults, *self._rules):
            if (rule.times is None or rule.given < rule.times) and rule.matches(asked):
                return rule
        return self._otherwise

    async def _send(self, answer: Answer, asked: Asked, request: web.Request) -> web.StreamResponse:
        match answer:
            case RawAnswer(status, body, headers, content_type):
                data = body.encode() if isinstance(body, str) else body
                return web.Response(status=status, body=data, headers={**headers, "Content-Type": content_type})
            case Stall():
                await self._closing.wait()
                return _refusal(503, "The server is closing.")
            case DropConnection(after):
                if request.transport is not None:
                    request.transport.write(after)
                    # Lets the bytes out before the cut.
                    await asyncio.sleep(0)
                    request.transport.abort()
                return web.Response()
            case _ if asked.body.get("response_format") and not self._supports_schema:
                return _refusal(400, "'response_format' is not supported by this model.")
            case _:
                return web.Response(text=json.dumps(self._completion(answer, asked)), content_type="application/json")

    def _completion(self, answer: str | Mapping[str, Any] | CallTool, asked: Asked) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": None}
        match answer:
            case str():
                message["content"] = answer
            case CallTool(name, arguments, text):
                function = {
                    "name": name,
                    "arguments": arguments if isinstance(arguments, str) else json.dumps(arguments),
                }
                message["content"] = text
                message["tool_calls"] = [{"id": f"call_{asked.number}", "type": "function", "function": function}]
            case _:
                message["content"] = json.dumps(answer)
        completion: dict[str, Any] = {
            "id": f"chatcmpl-{asked.number}",
            "object": "chat.completion",
            "created": 0,
            "model": asked.model,
            "choices": [
                {
                    "index": 0,
                    "message": message,
                    "finish_reason": "tool_calls" if isinstance(answer, CallTool) else "stop",
                }
            ],
        }
        if self._reports_usage:
            completion["usage"] = self._tokens(asked, str(message["content"] or ""))
        return completion

    def _tokens(self, asked: Asked, text: str) -> dict[str, int]:
        given, made = self._usage or (
            len(asked.said_by()) // _CHARACTERS_PER_TOKEN + 1,
            len(text) // _CHARACTERS_PER_TOKEN + 1,
        )
        return {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made}


def _refusal(status: int, message: str) -> web.Response:
    return web.json_response(
        {"error": {"message": message, "type": "invalid_request_error", "code": None}}, status=status
    )
