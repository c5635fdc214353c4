"""One way to ask a hosted speech provider: retries, bounded answers, and troubles in words that name no key.

What differs from one provider to the next (paths, fields, formats) is in `openai_speech.py`, `deepgram_*.py` and
`elevenlabs_speech.py`. Causes and waiting are those of language models.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import aiohttp
from yarl import URL

from ringback.domain.secret import Redactor, secrets_of_url
from ringback.errors import SpeechError, SpeechRejected, SpeechUnavailable
from ringback.models.http_troubles import body_of, no_answer
from ringback.models.provider import Cause, Trouble
from ringback.models.retrying import Retries
from ringback.speech.hosted_refusals import refusal

_T = TypeVar("_T")

LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes: 23 minutes of sound at 24 kHz, far more than any turn of a call."""

LARGEST_TRANSCRIPT = 8 * 1024 * 1024
"""Bytes: an hour of words, each with its times."""

_SLOTS = 8
"""Requests to one provider under way at the same time; more wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechSettingNames:
    """What the user changes when something is wrong; error sentences name these."""

    name: str
    """`RINGBACK_TEXT_TO_SPEECH` or `RINGBACK_SPEECH_TO_TEXT`."""
    base_url: str | None = None
    """None where the provider's own address is asked, so that there is none to be wrong."""
    key: str = "the provider's key variable"

    def remedy(self, cause: Cause) -> str:
        """What to do about a trouble, as a sentence."""
        another = f"Try again later, or choose another provider with {self.name}."
        if self.base_url is None:
            place = f"Check {self.name}."
            way = "Check this machine's way to the internet, and its proxy settings if it has any."
        else:
            place = f"Check {self.name} and {self.base_url} (most base URLs end in /v1)."
            way = f"Check that the server runs and that {self.base_url} is right."
        return {
            Cause.KEY: f"Set {self.key} to a valid key.",
            Cause.QUOTA: f"Add credit to the account of {self.key}, or choose another provider with {self.name}.",
            Cause.NOT_FOUND: place,
            Cause.REQUEST: f"Check that {self.name} names a voice or model that this server has.",
            Cause.RATE: "Run fewer calls at the same time, or try again later.",
            Cause.SERVER: another,
            Cause.TIMEOUT: f"Raise RINGBACK_SPEECH_TIMEOUT, or choose another provider with {self.name}.",
            Cause.CONNECTION: way,
            Cause.ANSWER: another if self.base_url is None else place,
        }[cause]


@dataclass(frozen=True, slots=True)
class HostedAnswer:
    """What an HTTP server answered with status 200."""

    body: bytes
    content_type: str
    """In small letters, with its parameters, as `audio/l16; rate=16000`."""


@dataclass(slots=True, kw_only=True)
class HostedClient:
    """Asks one provider for one purpose; safe to use from many calls at once."""

    name: str
    """`provider:name`, for error sentences."""
    base_url: str = field(repr=False)
    """With the version, e.g. `https://api.openai.com/v1`; may carry user and password."""
    session: aiohttp.ClientSession
    """Closed by whoever opened it."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """Of every request; carry the key."""
    api_key: str | None = field(default=None, repr=False)
    """Only to keep it out of error sentences."""
    timeout: float = 30.0
    """Seconds for one request, connecting included; each retry has as much again."""
    proxy: str | None = field(default=None, repr=False)
    """URL of an HTTP proxy."""
    retries: Retries = field(default_factory=Retries)
    settings: SpeechSettingNames = field(default_factory=lambda: SpeechSettingNames(name="the setting"))
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_SLOTS))

    async def ask(self, once: Callable[[], Awaitable[_T]]) -> _T:
        """Call until it gives an answer that makes sense, as often and as patiently as `retries` say.

        Args:
            once: Asks one time; raises `Trouble`.

        Raises:
            SpeechUnavailable: another time it may succeed.
            SpeechRejected: another time will not help.
        """
        async with self.slots:
            try:
                return await self.retries.run(once)
            except Trouble as trouble:
                error = self._error(trouble)
        # Outside of the handler, so that what the server said uncleaned is not kept as the error's context.
        raise error

    async def post(
        self,
        path: str,
        body: bytes | aiohttp.FormData,
        *,
        query: Mapping[str, str] | None = None,
        content_type: str | None = None,
        largest: int | None = None,
    ) -> HostedAnswer:
        """One request, no retries. Raises `Trouble`, also where the answer has more bytes than `largest`."""
        headers = dict(self.headers)
        if content_type is not None:
            headers["Content-Type"] = content_type
        try:
            # A redirect would turn the POST into a GET, or carry the key to another host.
            async with self.session.post(
                self.url(path, query),
                data=body,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=self.timeout),
                proxy=self.proxy,
                allow_redirects=False,
            ) as response:
                answered = await body_of(response, LARGEST_ANSWER if largest is None else largest)
                status, given = response.status, response.headers
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            raise self.no_answer(error) from None
        if status == 200:  # noqa: PLR2004 - HTTP statuses are known by number
            return HostedAnswer(answered, given.get("Content-Type", "").lower())
        raise refusal(status, given, answered)

    def url(self, path: str, query: Mapping[str, str] | None = None) -> URL:
        """The address of a path under the base URL, whose own query is kept."""
        base = URL(self.base_url)
        return base.with_path(base.path.rstrip("/") + path).with_query(base.query).extend_query(query or {})

    def no_answer(self, error: Exception) -> Trouble:
        """What it means that a connection failed."""
        return no_answer(error, self.timeout)

    def _error(self, trouble: Trouble) -> SpeechError:
        tries = f", tried {trouble.tries} times" if trouble.tries > 1 else ""
        wait = trouble.retry_after or 0.0
        asks = f", and it asks to wait {wait:g} s" if wait > self.retries.longest_wait else ""
        where = URL(self.base_url).host_port_subcomponent or ""
        sentence = f"{self.name} at {where}: {trouble}{tries}{asks}. {self.settings.remedy(trouble.cause)}"
        secrets = [*secrets_of_url(self.base_url), *([self.api_key] if self.api_key else [])]
        return (SpeechUnavailable if trouble.retryable else SpeechRejected)(Redactor(secrets).clean(sentence))
