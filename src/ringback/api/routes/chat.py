"""Chats in pull mode: the client fetches what the caller says and submits what the agent answers."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Body

from ringback.api.access import Reader, Runner
from ringback.api.dependencies import ServicesDep
from ringback.api.forms.chat import ChatEnd, ChatEnded, ChatFrame, ChatSubmitted, ChatTurn
from ringback.api.numbers import Id
from ringback.channels.api_chat import Effect, effect_of
from ringback.errors import Conflict, TooLarge
from ringback.storage.chats import NoChat, Opening, Turn
from ringback.storage.reading_status import Shown
from ringback.wiring.service import Services

router = APIRouter(tags=["runs"])

_PATIENCE = 2.0
"""Seconds that a request waits for a chat whose run has begun: until it is open, moments pass."""

_PAUSE = 0.05
"""Seconds between two looks whether it is."""


@router.post("/runs/{run_id}/chat/", status_code=202, summary="Submit what the agent says")
async def submit(run_id: Id, body: ChatFrame, services: ServicesDep, _: Runner) -> ChatSubmitted:
    """Submit one frame of the agent. Content opens a turn: fetch the caller's answer from it.

    Where a turn was still being generated, it is dropped, and the new one answers both. Tool calls, their results and
    metadata alone are recorded; the answer then names the last turn there is. 409 while the run is still starting, and
    when its conversation has ended.
    """
    turn = await _submitted(services, run_id, body.text())
    return ChatSubmitted(run_id=run_id, result_id=turn.result_id, turn_id=turn.turn_id, status=turn.status.value)


@router.get("/runs/{run_id}/chat/{turn_id}/", summary="Fetch what the caller says")
async def read_turn(run_id: Id, turn_id: Id, services: ServicesDep, _: Reader) -> ChatTurn:
    """One turn. Turn 0 is there once the run is `in_progress`: the caller's opening, or null where the agent opens."""
    turn = await _once_open(lambda: services.chats.turn(run_id, turn_id))
    return ChatTurn(
        run_id=run_id,
        result_id=turn.result_id,
        turn_id=turn.turn_id,
        status=turn.status.value,
        message=turn.message,
        ended=turn.ended,
        ended_reason=turn.ended_reason,
    )


@router.post("/runs/{run_id}/end-chat/", summary="End a chat")
async def end_chat(
    run_id: Id, services: ServicesDep, _: Runner, body: Annotated[ChatEnd | None, Body()] = None
) -> ChatEnded:
    """End the conversation from the agent's side; the run is then evaluated. One that is over stays as it is.

    409 while the run is still starting, and for every run that is no API chat.
    """
    try:
        await _submitted(services, run_id, (body or ChatEnd()).text())
    except NoChat:
        raise
    except Conflict:
        line = (await services.readings.run(run_id)).line
        if line.shown in (Shown.IN_QUEUE, Shown.RUNNING):
            raise
    else:
        line = (await services.readings.run(run_id)).line
    return ChatEnded(run_id=run_id, result_id=line.result_id, status=line.shown.value)


async def _submitted(services: Services, run_id: int, text: str) -> Turn:
    most = services.settings.max_frame_bytes
    if len(text.encode()) > most:
        raise TooLarge(f"One frame has at most {most} bytes.")
    effect, chats = effect_of(text), services.chats
    asks, ends = effect is Effect.ASKS, effect is Effect.ENDS
    return await _once_open(lambda: chats.submit(run_id, text, opens_turn=asks, ends=ends))


async def _once_open(verb: Callable[[], Awaitable[Turn]]) -> Turn:
    """What the verb returns, when the chat has opened. Raises as the verb does."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            return await verb()
        except Opening:
            if time.monotonic() > until:
                raise
        await asyncio.sleep(_PAUSE)
