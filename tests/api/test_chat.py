"""Chats in pull mode: a real server, a worker, and clients over HTTP, on both databases."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from chatting import ask_for_chat, working
from running_service import Service, settings_in


@pytest.fixture
async def chatting(database_url: str, tmp_path: Path) -> AsyncGenerator[Service]:
    async with working(settings_in(tmp_path, database_url=database_url)) as (service, _):
        yield service


async def test_a_whole_chat_is_held_and_scored(chatting: Service) -> None:
    chat = await ask_for_chat(chatting, script=["Hello", "A table for two", "Thanks, bye"])
    await chat.until("in_progress")

    opening = await chat.turn(0)
    assert opening == {
        "run_id": chat.run_id,
        "result_id": chat.result_id,
        "turn_id": 0,
        "status": "ready",
        "message": "Hello",
        "ended": False,
        "ended_reason": None,
    }
    assert (await chat.say("Hi, what can I do for you?"))["message"] == "A table for two"
    assert (await chat.say("Done."))["message"] == "Thanks, bye"
    last = await chat.say("Bye.")
    assert (last["message"], last["ended"], last["ended_reason"]) == (None, True, "Testing agent-ended-call")

    run = await chat.until("completed")
    assert run["success"] is True
    assert [(entry["role"], entry["content"]) for entry in run["transcript_object"] if entry["content"]] == [
        ("Testing Agent", "Hello"),
        ("Main Agent", "Hi, what can I do for you?"),
        ("Testing Agent", "A table for two"),
        ("Main Agent", "Done."),
        ("Testing Agent", "Thanks, bye"),
        ("Main Agent", "Bye."),
    ]
    assert (await chat.turn(1))["message"] == "A table for two"
