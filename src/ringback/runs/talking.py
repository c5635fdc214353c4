"""The seam between carrying out a run and what its conversation is carried by: words or sound."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from ringback.callers.caller import Caller
from ringback.channels.channel import CallIds, Channel
from ringback.conversation.limits import Limits
from ringback.conversation.loop import Held, converse
from ringback.conversation.recorder import Recorder
from ringback.domain.run import Run
from ringback.domain.scenario import TestProfile


class Talk(Protocol):
    """Holds one attempt at a conversation."""

    async def __call__(
        self, run: Run, caller: Caller, recorder: Recorder, *, limits: Limits, stop: asyncio.Event
    ) -> Held:
        """Let caller and agent talk until somebody, a limit or the user ends it.

        Args:
            run: whose conversation it is; its attempt is the one that is held.
            caller: asked for one move after the other.
            recorder: keeps what happens.
            limits: times and counts.
            stop: set by the user.

        Raises:
            RingbackError: it could not begin.
        """
        ...


def by_text(open_channel: Callable[[CallIds, TestProfile | None], Channel], agent_speaks_first: bool | None) -> Talk:
    """Conversations in words, over channels that `open_channel` makes.

    Args:
        open_channel: a channel for one call, not yet open.
        agent_speaks_first: None: the caller listens for a greeting, then opens.
    """

    async def talk(run: Run, caller: Caller, recorder: Recorder, *, limits: Limits, stop: asyncio.Event) -> Held:
        channel = open_channel(call_ids(run), run.specification.profile)
        return await converse(
            channel, caller, recorder, limits=limits, agent_speaks_first=agent_speaks_first, stop=stop
        )

    return talk


def call_ids(run: Run) -> CallIds:
    """The numbers that a call of a run carries to the agent."""
    return CallIds(scenario=run.specification.scenario_id, result=run.result_id, run=run.id)
