"""What chats in pull mode refuse: too early, too late, malformed, not there, not allowed."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from asking import V1, made, make_agent, make_scenario
from chatting import Chat, ask_for_chat, working
from running_service import Service, running, settings_in

from ringback.domain.api_key import Scope


@pytest.fixture
async def chatting(tmp_path: Path) -> AsyncGenerator[Service]:
    """A service that works."""
    async with working(settings_in(tmp_path, drain_timeout=0)) as (service, _):
        yield service


async def test_a_run_that_has_not_begun_refuses_submissions(tmp_path: Path) -> None:
    async with running(settings_in(tmp_path)) as service:
        chat = await ask_for_chat(service)
        for reply in (await chat.submit("Hello?"), await chat.end()):
            assert reply.status == 409
            assert "still starting" in reply.body["detail"]
        assert (await chat.read(0)).status == 404


BAD_BODIES: list[Any] = [
    {},
    [],
    "Hello",
    {"content": ""},
    {"content": "  "},
    {"content": 7},
    {"content": None},
    {"content": "Hi", "metadata": [1]},
    {"metadata": "x"},
    {"content": "Hi", "role": "Narrator"},
    {"role": "Function Call"},
    {"role": "Function Call", "data": "book"},
    {"role": 3, "data": {}},
    {"content": "Hi", "type": "shout"},
    {"content": "Hi \x00"},
]


async def test_malformed_submissions_are_refused_and_change_nothing(tmp_path: Path) -> None:
    async with working(settings_in(tmp_path, max_frame_bytes=2048, drain_timeout=0)) as (service, _):
        await submit_malformed_frames(service)


async def submit_malformed_frames(chatting: Service) -> None:
    chat = await ask_for_chat(chatting)
    await chat.until("in_progress")
    await chat.turn(0)
    for body in BAD_BODIES:
        reply = await chatting.post(f"{chat.path}chat/", body)
        assert reply.status == 400, (body, reply.body)
    assert (await chatting.post(f"{chat.path}chat/", data="{")).status == 400
    assert (await chatting.post(f"{chat.path}end-chat/", {"reason": 3})).status == 400
    assert (await chat.submit("x" * 2049)).status == 413
    assert (await chat.read(1)).status == 404
    assert (await chat.submit("Hello")).body["turn_id"] == 1


async def test_what_is_not_there_is_404_and_what_is_no_chat_409(tmp_path: Path) -> None:
    async with running(settings_in(tmp_path)) as service:
        for number in ("7", "0", "-1", "x", str(2**62)):
            nobody = Chat(service, number, 0)  # pyright: ignore[reportArgumentType] - what paths may hold
            replies = (await nobody.submit("Hi"), await nobody.read(0), await nobody.end())
            assert [reply.status for reply in replies] == [404] * 3, number
        agent = await make_agent(service)
        scenario = await make_scenario(service, agent)
        path = f"{V1}/scenarios/run_scenarios_text/"
        answer = await made(service.post(path, {"agent_id": agent, "scenarios": [scenario]}))
        called = Chat(service, answer["runs"][0]["id"], answer["id"])
        assert ((await called.submit("Hi")).status, (await called.read(0)).status) == (409, 404)
        queue = service.services.queue

        async def refuses_to_end() -> None:
            ended = await called.end(reason="Enough.")
            assert (ended.status, "no API chat" in ended.body["detail"]) == (409, True)

        await refuses_to_end()
        await queue.claim(await queue.admit(lambda _: {called.result_id: 1}), "service|somebody|1|0")
        assert (await called.run())["status"] == "in_progress"
        await refuses_to_end()
        await queue.cancel_result(called.result_id)
        await service.services.workers.recover(silence=30, most_losses=2, patience=300)
        assert (await called.run())["status"] == "cancelled"
        await refuses_to_end()
        for number in ("-1", "9", "x", str(2**62)):
            assert (await called.read(number)).status == 404  # pyright: ignore[reportArgumentType] - what paths may hold


async def test_keys_that_only_read_fetch_turns_and_submit_nothing(chatting: Service) -> None:
    _, token = await chatting.services.keys.create("reader", Scope.READ)
    chat = await ask_for_chat(chatting)
    await chat.until("in_progress")
    await chat.turn(0)
    assert (await chatting.get(f"{chat.path}chat/0/", key=token)).status == 200
    assert (await chatting.post(f"{chat.path}chat/", {"content": "Hi"}, key=token)).status == 403
    assert (await chatting.post(f"{chat.path}end-chat/", {}, key=token)).status == 403


async def test_a_deleted_chat_is_gone(chatting: Service) -> None:
    chat = await ask_for_chat(chatting)
    await chat.until("in_progress")
    await chat.turn(0)
    await chat.end()
    await chat.until("completed", "failed", "cancelled")
    assert (
        await chatting.post(f"{V1}/results/{chat.result_id}/delete_runs/", {"run_ids": [chat.run_id]})
    ).status == 204
    assert [(await chat.read(0)).status, (await chat.submit("Hi")).status, (await chat.end()).status] == [404] * 3

    other = await ask_for_chat(chatting, name="Another")
    await other.until("in_progress")
    await other.turn(0)
    assert (await chatting.delete(f"{V1}/results/{other.result_id}/")).status == 204
    assert [(await other.read(0)).status, (await other.submit("Hi")).status, (await other.end()).status] == [404] * 3
    await chatting.services.queue.cancel_runs([other.run_id])
