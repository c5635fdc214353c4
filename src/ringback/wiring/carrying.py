"""What a worker of the service needs to carry runs out: executors for agents as they were, and live models."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import aiohttp
from pydantic import SecretStr

from ringback.callers.build import build_caller
from ringback.domain.agent import Agent
from ringback.domain.run import Run
from ringback.domain.scenario import Scenario
from ringback.errors import NotFound, UsageError
from ringback.models.budget import Budget
from ringback.models.model import LanguageModel
from ringback.runs.agent_snapshot import AgentSnapshot, open_agent
from ringback.runs.carrying import carry_out
from ringback.runs.chat_feed import ChatFeed, ChatLine, caller_opens
from ringback.runs.executor import Executor
from ringback.runs.talking import Talk, by_text
from ringback.runs.worker import Call
from ringback.settings import Settings
from ringback.storage.chats import Chats
from ringback.storage.recordings import remove_recordings
from ringback.storage.sealing import Seal
from ringback.wiring.agent_secrets import redactor_for, with_default_secret
from ringback.wiring.lines import connect_attempts, limits_from, lines_to
from ringback.wiring.models import ModelChoice, Models, choose_models, open_models

if TYPE_CHECKING:
    from ringback.channels.hang_up_rest import CallsInProgress
    from ringback.wiring.voice import Voices

log = logging.getLogger(__name__)

_GRACE_WHEN_CANCELLED = 0.5
"""Seconds: a run that is cancelled is over within a second, its agent's last words or not."""

_KEPT = 256
"""Agents to whom ways are kept ready; each has a TLS context where it needs one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """How runs reach an agent."""

    talk: Talk
    connect_attempts: int


class Carrying:
    """Carries out calls. One a process; `close` lets go of models."""

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        seal: Seal,
        session: aiohttp.ClientSession,
        *,
        chats: Chats,
        calls: "CallsInProgress | None" = None,
        numbers: Sequence[str] = (),
    ) -> None:
        """`numbers` are ours, which agents call; the rest is what the process shares."""
        self._settings = settings
        self._environ = environ
        self._numbers = tuple(numbers)
        self._seal = seal
        self._session = session
        self._limits = replace(limits_from(settings), finish_turn=0.0, grace_when_stopped=_GRACE_WHEN_CANCELLED)
        self._ways: OrderedDict[tuple[str, int | None], _Way] = OrderedDict()
        self._calls_in_progress = calls
        self._voices: Voices | None = None
        self._models: dict[ModelChoice, LanguageModel] = {}
        self._opened = AsyncExitStack()
        nobody = Agent(name="", url=SecretStr(""), shown_url="")  # in pull mode the agent's secrets go nowhere
        self._feed = ChatFeed(chats, redactor=redactor_for(nobody, settings), max_call_bytes=settings.max_call_bytes)

    async def close(self) -> None:
        """Let go of the models, and of what chats submit."""
        await self._feed.close()
        await self._opened.aclose()

    async def carry_out(self, call: Call) -> Run:
        """Do what is missing of a run. Raises `StorageError`."""
        chat = self._chat(call)
        try:
            run = await carry_out(
                call,
                executor=lambda: self._executor(call, chat),
                judge=lambda: self._live(_to_be_judged(call))[1],
            )
        finally:
            if chat is not None:
                await chat.close()
        if run.conversation is not None and run.conversation.voice is not None:
            await self._forget_what_was_deleted(call, run)
        return run

    async def _forget_what_was_deleted(self, call: Call, run: Run) -> None:
        """A result that was deleted during its calls leaves no sound behind."""
        try:
            await call.store.result(run.result_id, with_runs=False)
        except NotFound:
            await asyncio.to_thread(remove_recordings, self._settings.effective_recordings, run.result_id)

    def _chat(self, call: Call) -> ChatLine | None:
        """The line of a run in pull mode; None for one that calls its agent."""
        # As run requests are kept, only those of API chats have a time for the whole conversation.
        return None if call.claim.call_timeout is None else ChatLine(self._feed, call)

    def _executor(self, call: Call, chat: ChatLine | None) -> Executor:
        return self._calling(call) if chat is None else self._chatting(call, chat)

    def _chatting(self, call: Call, chat: ChatLine) -> Executor:
        """Pull mode: nobody listens at the other end, so there is no opening wait and no grace.

        Where the caller was invalid the chat is over: its client could not tell that it began again.
        """
        scenario = call.claim.run.specification.scenario
        caller_model, judge_model = self._live(scenario)
        return Executor(
            store=call.store,
            talk=by_text(chat.open_channel, not caller_opens(scenario)),
            build_caller=lambda specification, model, remark: chat.attend(
                build_caller(specification, model=model, remark=remark)
            ),
            caller_model=caller_model,
            judge_model=judge_model,
            limits=replace(self._limits, grace=0.0),
            on_event=chat.on_event,
            stop=call.stop,
            cut_evaluation=True,
            invalid_retries=0,
            longest=call.claim.call_timeout,
        )

    def _calling(self, call: Call) -> Executor:
        scenario = call.claim.run.specification.scenario
        caller_model, judge_model = self._live(scenario)
        way = self._way(call)
        return Executor(
            store=call.store,
            talk=way.talk,
            build_caller=lambda specification, model, remark: build_caller(specification, model=model, remark=remark),
            caller_model=caller_model,
            judge_model=judge_model,
            limits=self._limits,
            on_event=call.on_event,
            stop=call.stop,
            connect_attempts=way.connect_attempts,
            cut_evaluation=True,
        )

    def _way(self, call: Call) -> "_Way":
        """The way to the agent as it was when the run was asked for."""
        sealed, scenario_id = call.claim.sealed_agent, call.claim.run.specification.scenario_id
        for key in ((sealed, None), (sealed, scenario_id)):
            if key in self._ways:
                self._ways.move_to_end(key)
                return self._ways[key]
        snapshot = open_agent(sealed, self._seal)
        agent = self._with_secret(snapshot, scenario_id)
        made = _Way(talk=self._talk_to(agent), connect_attempts=connect_attempts(agent, self._settings))
        # Where one scenario goes elsewhere, none of them may be taken for another.
        self._ways[sealed, scenario_id if snapshot.urls else None] = made
        if len(self._ways) > _KEPT:
            self._ways.popitem(last=False)
        return made

    def _talk_to(self, agent: Agent) -> Talk:
        redactor = redactor_for(agent, self._settings)
        if not agent.channel.is_voice:
            line = lines_to(agent, self._settings, self._session, redactor=redactor)
            return by_text(line, agent.agent_speaks_first)
        return self._speaking().talk_to(agent, redactor)

    async def expect_calls(self) -> None:
        """Be on the telephone before the first agent may call: a run has its number before anybody here knows of it."""
        if not self._numbers:
            return
        try:
            await self._speaking().expect_calls()
        except UsageError as error:  # who has text to run is not to be kept from it
            log.warning("No agent can call the phone_numbers of the settings: %s", error)

    def _speaking(self) -> "Voices":
        if self._voices is None:
            from ringback.wiring.voice import Voices  # noqa: PLC0415 - half a second and 60 MB that text does not need

            self._voices = Voices(
                self._settings,
                self._environ,
                self._session,
                recordings=self._settings.effective_recordings,
                concurrency=self._settings.worker_concurrency,
                calls=self._calls_in_progress,
                numbers=self._numbers,
            )
            self._opened.push_async_callback(self._voices.close)
        return self._voices

    def _with_secret(self, snapshot: AgentSnapshot, scenario_id: int) -> Agent:
        """A URL that a run request named gets the agent's own secret only, never one of the server's."""
        agent = snapshot.agent_for(scenario_id)
        if snapshot.foreign or scenario_id in snapshot.urls:
            return agent
        return with_default_secret(agent, self._settings)

    def _live(self, scenario: Scenario) -> tuple[LanguageModel | None, LanguageModel | None]:
        """The models that a scenario needs, opened once. Raises `ModelNotConfigured`."""
        chosen = choose_models([scenario], self._settings, self._environ)
        missing = Models(
            caller=chosen.caller if chosen.caller not in self._models else None,
            judge=chosen.judge if chosen.judge not in self._models else None,
        )
        for choice, model in zip(
            (missing.caller, missing.judge), open_models(missing, self._settings, Budget(None)), strict=True
        ):
            if choice is not None and model is not None:
                self._models[choice] = model
                self._opened.push_async_callback(model.close)
        return (
            self._models.get(chosen.caller) if chosen.caller else None,
            self._models.get(chosen.judge) if chosen.judge else None,
        )


def _to_be_judged(call: Call) -> Scenario:
    """The scenario with the metrics that are to be scored again: they may be the first that need a judge."""
    scenario = call.claim.run.specification.scenario
    return scenario.model_copy(update={"metrics": (*scenario.metrics, *(call.claim.rescoring or ()))})
