"""A provider's model behind the contract of `model.py`: limits, retries, shapes, usage and cost."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from pydantic_core import from_json

from ringback.domain.secret import Redactor
from ringback.domain.usage import Usage
from ringback.errors import CostLimitReached, ModelError, ModelRejected, ModelUnavailable
from ringback.models import prices
from ringback.models.budget import Budget
from ringback.models.model import CallKey, Message, ModelReply, Tool, ToolUse, UnfitReply
from ringback.models.provider import Answer, Cause, Provider, ToolRequest, Trouble
from ringback.models.retrying import Retries
from ringback.models.shape import Misfit, complaint, parse


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingNames:
    """What the user changes when something is wrong; error sentences name these."""

    model: str = "RINGBACK_CALLER_MODEL"
    base_url: str | None = "RINGBACK_CALLER_BASE_URL"
    """None where the provider's own address is asked, so that there is none to be wrong."""
    key: str = "the provider's key variable"

    def remedy(self, cause: Cause) -> str:
        """What to do about a trouble, as a sentence."""
        another = f"Try again later, or choose another model with {self.model}."
        if self.base_url is None:
            own = {
                Cause.NOT_FOUND: f"Check {self.model}.",
                Cause.CONNECTION: "Check this machine's way to the internet, and its proxy settings if it has any.",
                Cause.ANSWER: another,
            }
        else:
            own = {
                Cause.NOT_FOUND: f"Check {self.model} and {self.base_url} (most base URLs end in /v1).",
                Cause.CONNECTION: f"Check that the server runs and that {self.base_url} is right.",
                Cause.ANSWER: f"Check that {self.base_url} points at an OpenAI-compatible API (most end in /v1).",
            }
        return {
            Cause.KEY: f"Set {self.key} to a valid key.",
            Cause.QUOTA: f"Add credit to the account of {self.key}, or choose another model with {self.model}.",
            Cause.REQUEST: f"Check that {self.model} names a chat model that this server can run.",
            Cause.RATE: "Lower RINGBACK_MODEL_CONCURRENCY, or try again later.",
            Cause.SERVER: another,
            Cause.TIMEOUT: f"Raise RINGBACK_MODEL_TIMEOUT, or choose a faster model with {self.model}.",
            **own,
        }[cause]


@dataclass(slots=True, kw_only=True)
class ProviderModel:
    """Asks a provider; safe to use from many conversations at once."""

    name: str
    provider: Provider
    budget: Budget = field(default_factory=Budget)
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(16))
    """How many requests may be under way at the same time; models may share it."""
    retries: Retries = field(default_factory=Retries)
    own_prices: prices.Prices | None = None
    settings: SettingNames = field(default_factory=SettingNames)
    redactor: Redactor = field(default_factory=Redactor)

    async def reply(
        self,
        messages: Sequence[Message],
        *,
        key: CallKey,
        shape: type[BaseModel] | None = None,
        tools: Sequence[Tool] = (),
    ) -> ModelReply:
        """Ask, and once more when the reply does not fit; see `LanguageModel.reply`."""
        del key  # for the cassette, which stands between the callers and this
        answer, usage = await self._ask(messages, shape, tools)
        try:
            return _fit(answer, usage, shape, tools)
        except Misfit as misfit:
            # Not every provider takes an empty message.
            said = Message("assistant", answer.text or "(nothing)")
            again = (*messages, said, Message("user", complaint(misfit)))
            unfit = self._unfit("gave", misfit, usage)
        try:
            answer, second = await self._ask(again, shape, tools)
        except (ModelError, CostLimitReached) as error:
            raise error from unfit  # the first answer was used all the same
        try:
            return _fit(answer, usage + second, shape, tools)
        except Misfit as misfit:
            raise self._unfit("twice gave", misfit, usage + second) from None

    def _unfit(self, gave: str, misfit: Misfit, usage: Usage) -> UnfitReply:
        sentence = self.redactor.clean(str(misfit))
        return UnfitReply(
            f"{self.name} {gave} a reply that does not fit what was asked for: {sentence} "
            f"Choose a more capable model with {self.settings.model}.",
            usage,
        )

    async def close(self) -> None:
        """Release the provider's connections."""
        await self.provider.close()

    async def _ask(
        self, messages: Sequence[Message], shape: type[BaseModel] | None, tools: Sequence[Tool]
    ) -> tuple[Answer, Usage]:
        async with self.slots:
            self.budget.check()
            started = time.monotonic()
            try:
                answer = await self.retries.run(lambda: self.provider.ask(messages, shape, tools))
            except Trouble as trouble:
                error = self._error(trouble)
            else:
                usage = self._usage(answer, time.monotonic() - started)
                self.budget.add(self.name, usage)
                return answer, usage
        # Outside of the handler, so that what the server said uncleaned is not kept as the error's context.
        raise error

    def _usage(self, answer: Answer, seconds: float) -> Usage:
        given, made = answer.input_tokens, answer.output_tokens
        known = given is not None and made is not None
        # A model that is free costs nothing, however many tokens it does not report.
        cost = prices.price(self.name, given or 0, made or 0, self.own_prices)
        if not known and cost is not None and prices.price(self.name, 1, 1, self.own_prices):
            cost = None
        return Usage(calls=1, input_tokens=given or 0, output_tokens=made or 0, cost=cost, seconds=seconds)

    def _error(self, trouble: Trouble) -> ModelError:
        tries = f", tried {trouble.tries} times" if trouble.tries > 1 else ""
        wait = trouble.retry_after or 0.0
        asks = f", and it asks to wait {wait:g} s" if wait > self.retries.longest_wait else ""
        what = f"{self.name} at {self.provider.where}: {trouble}{tries}{asks}."
        sentence = f"{what} {self.settings.remedy(trouble.cause)}"
        return (ModelUnavailable if trouble.retryable else ModelRejected)(self.redactor.clean(sentence))


def _fit(answer: Answer, usage: Usage, shape: type[BaseModel] | None, tools: Sequence[Tool]) -> ModelReply:
    """The reply in an answer. Raises `Misfit`."""
    uses = tuple(_tool_use(request, tools) for request in answer.tool_requests)
    parsed = None if shape is None else parse(answer.text, shape)
    return ModelReply(text=answer.text, parsed=parsed, tool_uses=uses, usage=usage)


def _tool_use(request: ToolRequest, tools: Sequence[Tool]) -> ToolUse:
    if request.name not in {tool.name for tool in tools}:
        names = ", ".join(tool.name for tool in tools) or "none at all"
        raise Misfit(f"There is no tool of the name {request.name!r}; there is: {names}.")
    try:
        arguments: Any = from_json(request.arguments or "{}")
    except ValueError as error:
        raise Misfit(f"The arguments of the tool {request.name} are not JSON.") from error
    if not isinstance(arguments, dict):
        raise Misfit(f"The arguments of the tool {request.name} are not an object.")
    return ToolUse(name=request.name, arguments=arguments)  # pyright: ignore[reportUnknownArgumentType] - keys of JSON objects are strings
