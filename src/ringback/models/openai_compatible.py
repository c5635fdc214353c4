"""The direct path to any OpenAI-compatible server: one HTTP client, nothing between it and the wire.

The caller's replies go through here, so what one costs is measured in `bench/`.
"""

import asyncio
from collections.abc import Sequence

import aiohttp
from pydantic import BaseModel
from yarl import URL

from ringback.models import chat_completions
from ringback.models.connections import Connections
from ringback.models.http_troubles import body_of, no_answer
from ringback.models.model import Message, Tool
from ringback.models.provider import Answer, Trouble

_LARGEST_ANSWER = 8 * 1024 * 1024
_CANNOT_TAKE_SCHEMA = frozenset({400, 404, 415, 422, 501})


class OpenAiCompatible:
    """A client for the chat completions of one model at one base URL."""

    def __init__(
        self,
        model: str,
        base_url: str,
        *,
        api_key: str | None = None,
        timeout: float = 60.0,
        temperature: float | None = None,
        proxy: str | None = None,
        connections: Connections | None = None,
    ) -> None:
        """Describe the model; connections are opened with the first request.

        Args:
            model: Name of the model as the server knows it.
            base_url: With the version, e.g. `https://api.openai.com/v1`; may carry user and password.
            api_key: Sent as a bearer token.
            timeout: Seconds for one request, connecting included.
            temperature: None: the server's own.
            proxy: URL of an HTTP proxy.
            connections: To share with other models; None: its own.
        """
        base = URL(base_url)
        self.where = base.host_port_subcomponent or ""
        self._url = base.with_path(base.path.rstrip("/") + "/chat/completions").with_query(base.query)
        self._model = model
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if api_key:
            self._headers["Authorization"] = f"Bearer {api_key}"
        self._seconds = timeout
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._temperature = temperature
        self._proxy = proxy
        self._connections = connections or Connections()
        self._schema_known = True

    async def ask(self, messages: Sequence[Message], shape: type[BaseModel] | None, tools: Sequence[Tool]) -> Answer:
        """One request; a second one without `response_format` where the server does not know that."""
        with_schema = shape is not None and self._schema_known
        body = self._request(messages, shape, tools, with_schema=with_schema)
        try:
            return await self._post(body)
        except _RefusedSchema as refused:
            if not with_schema:
                raise
            trouble = refused
        try:
            answer = await self._post(self._request(messages, shape, tools, with_schema=False))
        except _RefusedSchema:
            # It is something else that the server does not like.
            raise trouble from None
        self._schema_known = False
        return answer

    async def close(self) -> None:
        """Close the connections, unless others use them too."""
        await self._connections.done(self)

    def _request(
        self, messages: Sequence[Message], shape: type[BaseModel] | None, tools: Sequence[Tool], *, with_schema: bool
    ) -> bytes:
        return chat_completions.request(
            self._model, messages, shape, tools, schema_known=with_schema, temperature=self._temperature
        )

    async def _post(self, body: bytes) -> Answer:
        try:
            # A redirect would turn the POST into a GET, or carry the key to another host.
            async with self._connections.session(self).post(
                self._url,
                data=body,
                headers=self._headers,
                timeout=self._timeout,
                proxy=self._proxy,
                allow_redirects=False,
            ) as response:
                answered = await body_of(response, _LARGEST_ANSWER)
                status, headers = response.status, response.headers
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            raise no_answer(error, self._seconds) from None
        if status == 200:  # noqa: PLR2004 - HTTP statuses are known by number
            return chat_completions.answer(answered)
        trouble = chat_completions.refusal(status, headers, answered)
        if status in _CANNOT_TAKE_SCHEMA:
            raise _RefusedSchema(trouble)
        raise trouble


class _RefusedSchema(Trouble):
    """A refusal that may be about the `response_format`."""

    def __init__(self, trouble: Trouble) -> None:
        Exception.__init__(self, *trouble.args)
        self.cause = trouble.cause
        self.retryable = trouble.retryable
        self.retry_after = trouble.retry_after
