"""Hosted providers with a protocol of their own, through pydantic_ai's requests to models.

Importing this module takes more than a second; only `build.py` does, when such a model is asked for.
"""

import asyncio
import json
from collections.abc import Sequence

from anthropic import AsyncAnthropic
from multidict import CIMultiDict
from pydantic import BaseModel
from pydantic_ai import exceptions
from pydantic_ai.direct import model_request
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    SystemPromptPart,
    TextPart,
    ToolCallPart,
    UserPromptPart,
)
from pydantic_ai.models import Model, ModelRequestParameters, create_async_httpx2_client
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.output import OutputObjectDefinition
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.google import GoogleProvider
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition
from yarl import URL

from ringback.models.chat_completions import refusal
from ringback.models.model import Message, Tool
from ringback.models.provider import Answer, Cause, ToolRequest, Trouble
from ringback.models.shape import json_schema, with_instruction

_LONGEST_REPLY = 8192
"""Tokens. Anthropic wants a limit, and streams where it is above some 20,000; no caller or judge writes that much."""

_CLIENTS_OWN_TIMEOUT = 3600.0
"""Seconds; longer than any of ours, which alone decides."""


class Hosted:
    """A client for one model of Anthropic or Google."""

    def __init__(
        self,
        provider: str,
        model: str,
        *,
        api_key: str | None,
        base_url: str | None = None,
        timeout: float = 60.0,
        temperature: float | None = None,
    ) -> None:
        """Describe the model; connections are opened with the first request.

        Args:
            provider: `anthropic`, `google` or `google-gla`.
            model: Name of the model as the provider knows it.
            api_key: Its value; never read from the environment here.
            base_url: None: the provider's own.
            timeout: Seconds for one request, connecting included.
            temperature: None: the provider's own.
        """
        self._http = create_async_httpx2_client(timeout=_CLIENTS_OWN_TIMEOUT)
        key = api_key or "none"
        self._model: Model
        if provider == "anthropic":
            # Trying again is done one layer up, in the same way for all providers.
            client = AsyncAnthropic(api_key=key, base_url=base_url, http_client=self._http, max_retries=0)
            self._model = AnthropicModel(model, provider=AnthropicProvider(anthropic_client=client))
        else:
            google = GoogleProvider(api_key=key, base_url=base_url, http_client=self._http)
            self._model = GoogleModel(model, provider=google)
        self.where = URL(str(self._model.base_url or "")).host_port_subcomponent or provider
        self._timeout = timeout
        self._settings = ModelSettings() if temperature is None else ModelSettings(temperature=temperature)
        if provider == "anthropic":
            self._settings["max_tokens"] = _LONGEST_REPLY

    async def ask(self, messages: Sequence[Message], shape: type[BaseModel] | None, tools: Sequence[Tool]) -> Answer:
        """One request, no retries. Raises `Trouble`."""
        history = _history(messages if shape is None else with_instruction(messages, shape))
        parameters = self._parameters(shape, tools)
        try:
            async with asyncio.timeout(self._timeout):
                response = await model_request(
                    self._model, history, model_settings=self._settings, model_request_parameters=parameters
                )
        except TimeoutError:
            raise Trouble(Cause.TIMEOUT, f"within {self._timeout:g} s", retryable=True) from None
        except exceptions.ModelAPIError as error:
            raise _trouble(error, self._timeout) from None
        except Exception as error:  # noqa: BLE001 - a server that does not speak the protocol can make the library raise anything
            raise Trouble(Cause.ANSWER, type(error).__name__, retryable=True) from None
        return _answer(response)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def _parameters(self, shape: type[BaseModel] | None, tools: Sequence[Tool]) -> ModelRequestParameters:
        offered = [
            ToolDefinition(name=t.name, description=t.description, parameters_json_schema=dict(t.parameters))
            for t in tools
        ]
        if shape is None or not self._model.profile.get("supports_json_schema_output"):
            return ModelRequestParameters(function_tools=offered)
        wanted = OutputObjectDefinition(json_schema=dict(json_schema(shape)), name=shape.__name__)
        return ModelRequestParameters(function_tools=offered, output_mode="native", output_object=wanted)


def _history(messages: Sequence[Message]) -> list[ModelMessage]:
    history: list[ModelMessage] = []
    for message in messages:
        if message.role == "assistant":
            history.append(ModelResponse(parts=[TextPart(message.content)]))
            continue
        part = SystemPromptPart(message.content) if message.role == "system" else UserPromptPart(message.content)
        last = history[-1] if history else None
        if isinstance(last, ModelRequest):
            last.parts = [*last.parts, part]
        else:
            history.append(ModelRequest(parts=[part]))
    return history


def _answer(response: ModelResponse) -> Answer:
    usage = response.usage
    reported = bool(usage.input_tokens or usage.output_tokens)
    calls = [part for part in response.parts if isinstance(part, ToolCallPart)]
    return Answer(
        text="".join(part.content for part in response.parts if isinstance(part, TextPart)),
        tool_requests=tuple(ToolRequest(name=call.tool_name, arguments=call.args_as_json_str()) for call in calls),
        input_tokens=usage.input_tokens if reported else None,
        output_tokens=usage.output_tokens if reported else None,
    )


def _trouble(error: exceptions.ModelAPIError, seconds: float) -> Trouble:
    if isinstance(error, exceptions.ModelHTTPError):
        body = error.body if isinstance(error.body, str) else json.dumps(error.body, default=str)
        return refusal(error.status_code, CIMultiDict(error.headers or {}), body.encode())
    if isinstance(error, exceptions.ModelTimeoutError):
        return Trouble(Cause.TIMEOUT, f"within {seconds:g} s", retryable=True)
    if isinstance(error, exceptions.ModelConnectionError):
        return Trouble(Cause.CONNECTION, "it cannot be reached, or the answer broke off", retryable=True)
    return Trouble(Cause.ANSWER, type(error).__name__, retryable=True)
