"""From a run request to a queued result: the use case behind every `run_scenarios…` operation and behind `rerun`."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from ringback.domain.agent import Agent, Transport
from ringback.domain.api_key import ApiKey
from ringback.domain.run import Asked, Provenance, Result, RunSpecification
from ringback.domain.scenario import Scenario
from ringback.errors import Conflict, InvalidFields, NotFound, StorageError
from ringback.runs.agent_snapshot import open_agent, seal_agent
from ringback.runs.submission_plan import Content, NumbersOf, Shelves, find_content, specify
from ringback.runs.submission_request import Over, RunsWanted, wanted_again
from ringback.storage.answers import AlreadyAnswered, Answers, IdempotencyKey, KeptRequest
from ringback.storage.sealing import Seal
from ringback.storage.store import Store

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a request would come to; nothing of it was stored."""

    content: Content
    specifications: tuple[RunSpecification, ...]
    estimated_cost: float | None
    """US dollars; None where a model that is needed has no known price."""


class Submission:
    """Takes run requests."""

    def __init__(
        self,
        *,
        store: Store,
        answers: Answers,
        seal: Seal,
        shelves: Shelves,
        provenance_of: Callable[[Sequence[Scenario]], Provenance],
        cost_of: Callable[[Sequence[RunSpecification]], float | None],
        speech_of: Callable[[Agent], Mapping[str, str]],
        wake: Callable[[], None],
        let_in: Callable[[], Awaitable[object]],
        chat_timeout: float,
    ) -> None:
        """What requests are carried out with.

        Args:
            store: where results are kept; its owner is the service.
            answers: where answered requests are remembered.
            seal: for the agents' secrets.
            shelves: where what a request names is looked up.
            provenance_of: where a result with these scenarios comes from; raises `ModelNotConfigured` where one needs
                a model and none is set.
            cost_of: US dollars that models may cost; None where a price is not known.
            speech_of: what speaks and hears in runs of an agent, `provider:name` by role, nothing for text; raises
                `UsageError` where it cannot be had.
            wake: called when a result was stored.
            let_in: lets runs in at once, where this process does; raises `StorageError`.
            chat_timeout: seconds that a pull-mode chat may take where the request says nothing.
        """
        self._store = store
        self._answers = answers
        self._seal = seal
        self._shelves = shelves
        self._provenance_of = provenance_of
        self._cost_of = cost_of
        self._speech_of = speech_of
        self._wake = wake
        self._let_in = let_in
        self._chat_timeout = chat_timeout

    async def submit(
        self, wanted: RunsWanted, key: ApiKey | None = None, *, idempotency: IdempotencyKey | None = None
    ) -> Result:
        """Store what is asked for as a result with its runs, and let the queue know; the result, without them.

        Args:
            wanted: the request.
            key: who asks; named in the result's provenance.
            idempotency: the client's own name for this request: where it was answered within a day, that result is
                given again.

        Raises:
            InvalidFields: fields that cannot be right, each with its sentences.
            InvalidRequest: the agent cannot be reached as it is asked for.
            SuiteError: what is wrong in a suite document.
            Conflict: the client's name stands for another request, or for one whose result was deleted.
            UsageError: a template without its value, a model that is needed and not set, what is not available yet.
        """
        if idempotency is None:
            return await self._add(wanted, key)
        answered = await self._answers.find(idempotency)
        while answered is None:
            try:
                return await self._add(wanted, key, idempotency)
            except AlreadyAnswered:
                # None again only where the first one's day ended at this moment.
                answered = await self._answers.find(idempotency)
        try:
            return await self._store.result(answered, with_runs=False)
        except NotFound:
            raise Conflict(
                f"This request was answered with result {answered}, which has been deleted since. Choose a new"
                " Idempotency-Key to ask for it again."
            ) from None

    async def rerun(
        self, result_id: int, key: ApiKey | None = None, *, idempotency: IdempotencyKey | None = None
    ) -> Result:
        """Ask again for what a result was asked for: the same request on the records as they are now.

        Raises as `submit` does, and `NotFound` where there is no such result.
        """
        kept = await self._answers.request_of(result_id)
        if kept.document is None or kept.sealed_agent is None:
            raise InvalidFields({"id": [f"Result {result_id} is of `ringback run`; only that command can repeat it."]})
        wanted = wanted_again(kept.document, open_agent(kept.sealed_agent, self._seal))
        return await self.submit(replace(wanted, name=kept.name), key, idempotency=idempotency)

    async def request_of(self, result_id: int) -> KeptRequest:
        """What a result was asked for with. Raises `NotFound`."""
        return await self._answers.request_of(result_id)

    async def rehearse(self, wanted: RunsWanted) -> Rehearsal:
        """What a request would come to; nothing is stored. Raises as `submit` does."""
        content = await find_content(wanted, self._shelves, _no_numbers)
        self._provenance_of(content.scenarios)
        self._speech_of(content.reach.agent(content.agent))
        specifications, _ = specify(content, wanted.frequency, seed=0)
        return Rehearsal(content=content, specifications=specifications, estimated_cost=self._cost_of(specifications))

    async def _add(self, wanted: RunsWanted, key: ApiKey | None, idempotency: IdempotencyKey | None = None) -> Result:
        numbers_of: NumbersOf = self._store.scenario_ids
        content = await find_content(wanted, self._shelves, numbers_of)
        provenance = self._provenance_of(content.scenarios)
        if key is not None:
            provenance = provenance.model_copy(update={"labels": {**provenance.labels, "asked_by": key.name}})
        specifications, origins = specify(content, wanted.frequency, provenance.seed)
        agent = content.reach.agent(content.agent)
        if speech := self._speech_of(agent):
            provenance = provenance.model_copy(update={"models": {**provenance.models, **speech}})

        def remember(connection: Connection, result_id: int) -> None:
            if idempotency is not None:
                self._answers.keep(connection, idempotency, result_id)

        result = await self._store.add_result(
            name=wanted.name or content.name,
            agent_name=content.agent.name,
            agent_url=agent.shown_url,
            provenance=provenance,
            specifications=specifications,
            asked=Asked(
                agent_id=content.agent.id,
                sealed_agent=seal_agent(agent, self._seal, foreign=content.reach.foreign, urls=content.reach.urls),
                run_type=content.reach.run_type,
                request={**wanted.document(), **_carried_by(agent)},
                origins=origins,
                takes_calls=content.reach.takes_calls,
                taken_on=content.reach.taken_on,
                concurrency_limit=wanted.concurrency_limit or content.concurrency_limit,
                call_timeout=(wanted.call_timeout or self._chat_timeout) if wanted.over is Over.API_CHAT else None,
            ),
            together_with=remember,
            with_runs=False,
        )
        if content.reach.takes_calls:
            await self._give_numbers()
        self._wake()
        return result

    async def _give_numbers(self) -> None:
        """Let in what may begin, so that the answer says already which numbers can be called."""
        try:
            await self._let_in()
        except StorageError as error:  # the request is stored, and somebody lets it in later
            log.warning("No number can be given to a run at the moment: %s", error)


def _carried_by(agent: Agent) -> dict[str, str]:
    """Which of the connections for voice was taken, for the answers' `run_settings`, and the agent's number."""
    if agent.channel is Transport.SIP:
        return {"channel": agent.channel.value, "telephone": agent.contact_number or agent.shown_url}
    return {"channel": agent.channel.value} if agent.channel.is_voice else {}


async def _no_numbers(suite: str, keys: Sequence[str]) -> Mapping[str, int]:  # noqa: ARG001 - as `NumbersOf`
    """Numbers for what is not stored."""
    return dict.fromkeys(keys, 0)
