"""Chats in pull mode: a real server, a worker, and clients over HTTP."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from asking import CHAT, V1, made, make_agent, make_scenario
from chatting import Chat, ask_for_chat, working
from running_service import ADMIN_KEY, Service, running, settings_in
from sqlalchemy import select

from ringback.errors import TakenOver
from ringback.storage.tables import chat_frames
from ringback.testing import Asked, RawAnswer, ScriptedModelServer

WAITING: dict[str, Any] = {
    "scenario_type": "conditional_actions",
    "script": None,
    "conditional_actions": {
        "role": "A guest",
        "conditions": [
            {"id": 0, "condition": "FIRST_MESSAGE", "action": "Hello", "type": "standard", "fixed_message": True},
            {
                "id": 1,
                "condition": 'contains "when"',
                "action": "On Monday",
                "type": "standard",
                "fixed_message": True,
            },
            {"id": 2, "condition": 'contains "name"', "action": "Ann", "type": "standard", "fixed_message": True},
        ],
    },
}
"""A caller that answers what it expects, and waits ten seconds for more words where it hears something else."""


@pytest.fixture
async def both(database_url: str, tmp_path: Path) -> AsyncGenerator[Service]:
    """A service that works, on each database."""
    async with working(settings_in(tmp_path, database_url=database_url, drain_timeout=0)) as (service, _):
        yield service


@pytest.fixture
async def chatting(tmp_path: Path) -> AsyncGenerator[Service]:
    """A service that works."""
    async with working(settings_in(tmp_path, drain_timeout=0)) as (service, _):
        yield service


def words(run: dict[str, Any]) -> list[tuple[str, str]]:
    """Who said what."""
    return [(entry["role"], entry["content"]) for entry in run["transcript_object"] if entry["content"]]


async def test_a_whole_chat_is_held_and_scored(both: Service) -> None:
    chat = await ask_for_chat(both, script=["Hello", "A table for two", "Thanks, bye"])
    await chat.until("in_progress")

    assert await chat.turn(0) == {
        "run_id": chat.run_id,
        "result_id": chat.result_id,
        "turn_id": 0,
        "status": "ready",
        "message": "Hello",
        "ended": False,
        "ended_reason": None,
    }
    assert (await chat.submit("Hi, what can I do for you?")).body == {
        "run_id": chat.run_id,
        "result_id": chat.result_id,
        "turn_id": 1,
        "status": "generating",
    }
    assert (await chat.turn(1))["message"] == "A table for two"
    assert (await chat.say("Done."))["message"] == "Thanks, bye"
    last = await chat.say("Bye.")
    assert (last["message"], last["ended"], last["ended_reason"]) == (None, True, "Testing agent-ended-call")

    run = await chat.until("completed")
    assert run["success"] is True
    assert words(run) == [
        ("Testing Agent", "Hello"),
        ("Main Agent", "Hi, what can I do for you?"),
        ("Testing Agent", "A table for two"),
        ("Main Agent", "Done."),
        ("Testing Agent", "Thanks, bye"),
        ("Main Agent", "Bye."),
    ]
    assert (await chat.turn(1))["message"] == "A table for two"
    refused = await chat.submit("Are you still there?")
    assert (refused.status, refused.body) == (409, {"detail": "The conversation of this run has ended."})


@pytest.mark.parametrize("caller_opens", [True, False])
async def test_a_run_is_in_progress_when_turn_0_is_there_and_not_before(
    database_url: str, tmp_path: Path, caller_opens: bool
) -> None:
    async with running(settings_in(tmp_path, database_url=database_url)) as service:
        chat, queue, chats = await ask_for_chat(service), service.services.queue, service.services.chats
        [admitted] = await queue.admit(lambda _: {chat.result_id: 1})
        assert await queue.claim([admitted], "service|somebody|1|0") != [None]
        assert ((await chat.run())["status"], (await chat.run())["call_ended_reason"]) == ("running", None)
        assert (await chat.submit("Hello?")).status == 409

        await chats.open(chat.run_id, 1, caller_opens=caller_opens)
        if caller_opens:
            assert (await chat.run())["status"] == "running"
            found = await service.get(f"{V1}/runs/?status=in_progress")
            assert found.body["count"] == 0
            await chats.say(chat.run_id, 1, "Good morning", heard=0)
        assert (await chat.run())["status"] == "in_progress"
        opening = (await chat.read(0)).body
        assert (opening["status"], opening["message"]) == ("ready", "Good morning" if caller_opens else None)


async def test_words_that_come_while_a_turn_is_generated_drop_it_and_are_answered_together(both: Service) -> None:
    chat = await ask_for_chat(both, **WAITING)
    await chat.until("in_progress")
    await chat.turn(0)
    assert (await chat.submit("One moment.")).body["turn_id"] == 1
    assert (await chat.read(1)).body["status"] == "generating"

    answer = await chat.say("For when is it?")

    assert (answer["turn_id"], answer["message"]) == (2, "On Monday")
    dropped = (await chat.read(1)).body
    assert (dropped["status"], dropped["message"], dropped["ended"]) == ("dropped", None, False)
    assert (await chat.end()).status == 200
    assert words(await chat.until("completed", "failed")) == [
        ("Testing Agent", "Hello"),
        ("Main Agent", "One moment."),
        ("Main Agent", "For when is it?"),
        ("Testing Agent", "On Monday"),
    ]


async def test_twenty_submissions_at_once_are_one_after_the_other(both: Service) -> None:
    chat = await ask_for_chat(both, script=[f"Line {number}" for number in range(30)])
    await chat.until("in_progress")
    await chat.turn(0)

    replies = await asyncio.gather(*(chat.submit(f"Words {number}") for number in range(20)))

    assert {reply.status for reply in replies} == {202}
    assert sorted(reply.body["turn_id"] for reply in replies) == list(range(1, 21))
    turns = [await chat.turn(number) for number in range(1, 21)]
    assert turns[-1]["status"] == "ready"
    assert {turn["status"] for turn in turns} <= {"ready", "dropped"}
    spoken = [turn["message"] for turn in turns if turn["status"] == "ready"]
    assert spoken == [f"Line {number}" for number in range(1, len(spoken) + 1)]
    assert (await chat.read(21)).status == 404
    await chat.end()
    said = words(await chat.until("completed", "failed"))
    assert sorted(content for role, content in said if role == "Main Agent") == sorted(
        f"Words {number}" for number in range(20)
    )
    assert [content for role, content in said if role == "Testing Agent"] == ["Line 0", *spoken]


async def test_many_chats_go_on_side_by_side(both: Service) -> None:
    agent = await make_agent(both, secrets={})
    scenario = await make_scenario(both, agent, script=["Hello", "A table for two", "Thanks"])
    answer = await made(both.post(CHAT, {"agent_id": agent, "scenarios": [scenario], "frequency": 8}))

    async def hold(run_id: int) -> list[str]:
        chat = Chat(both, run_id, answer["id"])
        await chat.until("in_progress")
        turns = [await chat.turn(0)]
        while not turns[-1]["ended"]:
            turns.append(await chat.say(f"Answer {len(turns)} of {run_id}"))
        return [turn["message"] for turn in turns]

    told = await asyncio.gather(*(hold(run["id"]) for run in answer["runs"]))

    assert told == [["Hello", "A table for two", "Thanks", None]] * 8


async def test_a_chat_whose_worker_died_begins_again_with_turn_0(both: Service) -> None:
    chat = await ask_for_chat(both, **WAITING)
    await chat.until("in_progress")
    await chat.turn(0)
    assert (await chat.say("For when?"))["message"] == "On Monday"
    assert (await chat.submit("One moment.")).body["turn_id"] == 2

    # What another process does that has not heard of this worker for too long.
    [owner] = await both.services.workers.alive()
    await both.services.workers.stop(owner)
    await both.services.workers.recover(silence=30, most_losses=2, patience=300)

    assert (await chat.read(2)).body["status"] == "error"
    async with asyncio.timeout(20):
        while (again := (await chat.submit("So, for when?"))).status == 409:
            assert "still starting" in again.body["detail"]
            await asyncio.sleep(0.05)
    assert again.body["turn_id"] == 3
    assert ((await chat.turn(0))["status"], (await chat.turn(1))["status"]) in {
        ("ready", "error"),
        ("dropped", "error"),
    }
    assert (await chat.turn(3))["message"] in {"Hello", "On Monday"}
    await chat.end()
    run = await chat.until("completed", "failed")
    [earlier] = run["earlier_attempts"]
    assert earlier["number"] == 1


async def test_an_attempt_that_begins_again_leaves_errors_behind(both: Service) -> None:
    chat = await ask_for_chat(both, **WAITING)
    await chat.until("in_progress")
    await chat.turn(0)
    await chat.submit("One moment.")

    # What a worker does that carries the same attempt out again.
    await both.services.chats.open(chat.run_id, 1, caller_opens=False)

    assert ((await chat.turn(0))["message"], (await chat.turn(1))["status"]) == (None, "error")
    assert (await chat.submit("Hello.")).body["turn_id"] == 2
    with pytest.raises(TakenOver):
        await both.services.chats.open(chat.run_id, 2, caller_opens=False)


async def test_what_other_processes_take_reaches_the_conversation_too(both: Service) -> None:
    both.services.chats.on_submit = lambda: None  # the worker hears nothing of what is submitted here
    chat = await ask_for_chat(both, script=["Hello", "A table for two"])
    await chat.until("in_progress")
    await chat.turn(0)
    assert (await chat.say("Yes?"))["message"] == "A table for two"


async def test_the_agent_opens_where_the_scenario_has_no_first_message(chatting: Service) -> None:
    conditions = [{**WAITING["conditional_actions"]["conditions"][0], "action": ""}]
    conditions += WAITING["conditional_actions"]["conditions"][1:]
    scenario: dict[str, Any] = {**WAITING, "conditional_actions": {"role": "A guest", "conditions": conditions}}
    chat = await ask_for_chat(chatting, **scenario)
    await chat.until("in_progress")

    opening = await chat.turn(0)
    assert (opening["status"], opening["message"], opening["ended"]) == ("ready", None, False)
    assert (await chat.say("Hello, for when is it?"))["message"] == "On Monday"


async def test_tool_calls_and_metadata_are_recorded_and_make_no_turn(chatting: Service) -> None:
    chat = await ask_for_chat(chatting, script=["Hello", "Thanks"])
    await chat.until("in_progress")
    await chat.turn(0)

    frames: list[dict[str, Any]] = [
        {"metadata": {"booking": 81}},
        {"role": "Function Call", "data": {"id": "c1", "name": "book", "arguments": {"day": "Monday"}}},
        {"role": "function_call_result", "data": {"id": "c1", "result": "done"}},
    ]
    for frame in frames:
        reply = await chat.submit(**frame)
        assert (reply.status, reply.body["turn_id"], reply.body["status"]) == (202, 0, "ready"), frame
    assert (await chat.read(1)).status == 404
    assert (await chat.say("You are booked.", metadata={"sure": True}))["message"] == "Thanks"
    await chat.end()

    run = await chat.until("completed", "failed")
    assert [entry["role"] for entry in run["transcript_object"]][:5] == [
        "Testing Agent",
        "Function Call",
        "Function Call Result",
        "Main Agent",
        "Testing Agent",
    ]
    assert run["transcript_object"][1]["data"]["name"] == "book"
    assert run["metadata"]["booking"] == 81
    assert run["metadata"]["sure"] is True


async def test_a_chat_that_the_agent_ends_is_scored(chatting: Service) -> None:
    chat = await ask_for_chat(chatting, **WAITING)
    await chat.until("in_progress")
    await chat.turn(0)
    assert (await chat.submit("One moment.")).status == 202

    reply = await chat.end(reason="Handed over.")

    assert (reply.status, list(reply.body)) == (200, ["run_id", "result_id", "status"])
    assert reply.body["status"] in {"in_progress", "completed", "failed"}
    refused = await chat.submit("Hello?")
    assert (refused.status, refused.body["detail"]) == (409, "The conversation of this run has ended.")
    last = await chat.turn(1)
    assert (last["message"], last["ended"], last["ended_reason"]) == (None, True, "Main agent-ended-call")
    run = await chat.until("completed")
    assert run["call_ended_reason"] == "Main agent-ended-call"
    assert run["metadata"]["ending_explanation"] == "The agent ended the call with end_call: Handed over."
    again = await chat.end()
    assert (again.status, again.body["status"]) == (200, "completed")


async def test_an_end_call_frame_ends_a_chat_with_last_words(chatting: Service) -> None:
    chat = await ask_for_chat(chatting)
    await chat.until("in_progress")
    await chat.turn(0)
    assert (await chat.submit("We are closed.", type="end_call")).status == 202
    assert ("Main Agent", "We are closed.") in words(await chat.until("completed"))


async def test_a_chat_that_takes_too_long_is_over(chatting: Service) -> None:
    chat = await ask_for_chat(chatting, seconds=1)
    await chat.until("in_progress")
    await chat.turn(0)

    run = await chat.until("timeout")  # the agent said nothing

    assert run["call_ended_reason"] == "exceeded-max-duration"
    last = await chat.turn(0)
    assert (last["message"], last["ended"], last["ended_reason"]) == ("Hello", True, "exceeded-max-duration")
    assert (await chat.submit("Hello")).status == 409


async def test_a_chat_that_is_cancelled_says_so(chatting: Service) -> None:
    chat = await ask_for_chat(chatting, **WAITING)
    await chat.until("in_progress")
    await chat.turn(0)
    await chat.submit("One moment.")
    assert (await chatting.post(f"{chat.path}end_call/")).status == 200

    last = await chat.turn(1)

    assert (last["status"], last["message"], last["ended"]) == ("ready", None, True)
    assert last["ended_reason"] == "run-cancelled-by-user"
    await chat.until("cancelled")


async def test_a_persona_reads_all_words_before_it_answers_and_fails_with_its_model(tmp_path: Path) -> None:
    thinking, go_on = asyncio.Event(), asyncio.Event()

    async def think(asked: Asked) -> str:
        if asked.number == 1:
            thinking.set()
            await go_on.wait()
        return "I would like to book a table, please."

    async with ScriptedModelServer(think) as model:
        asked = {"caller_model": "openai:scripted", "caller_base_url": model.url}
        async with working(settings_in(tmp_path, drain_timeout=0, **asked)) as (service, _):
            chat = await ask_for_chat(service, scenario_type="instruction", script=None, instructions="Book a table.")
            await chat.until("in_progress")
            assert (await chat.turn(0))["message"] is None  # no first message: the agent opens
            await chat.submit("Good morning.")
            async with asyncio.timeout(30):
                await thinking.wait()
            answer = await chat.say("Who is calling?")

            assert (answer["turn_id"], answer["message"]) == (2, "I would like to book a table, please.")
            assert (await chat.turn(1))["status"] == "dropped"
            go_on.set()
            model.fail(RawAnswer(status=401, body="{}"), times=9)
            last = await chat.say("For when?")
            assert (last["status"], last["message"], last["ended"]) == ("error", None, True)
            assert last["ended_reason"] == "Testing agent-pipeline-error"
            await chat.until("failed")


async def test_secrets_that_are_submitted_are_kept_nowhere(chatting: Service) -> None:
    chat = await ask_for_chat(chatting, **WAITING)
    await chat.until("in_progress")
    await chat.turn(0)
    await chat.submit(f"The key is {ADMIN_KEY}", metadata={ADMIN_KEY: [ADMIN_KEY]})
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in ADMIN_KEY)
    as_json = {"Content-Type": "application/json"}
    hidden = await chatting.post(f"{chat.path}chat/", data=f'{{"content": "{escaped}"}}', headers=as_json)
    assert hidden.status == 202
    await chat.end(reason=ADMIN_KEY)

    run = await chat.until("completed", "failed")
    assert ADMIN_KEY not in str(run)
    assert "[secret]" in str(words(run))

    def frames(connection: Any) -> list[str]:
        return list(connection.execute(select(chat_frames.c.frame)).scalars())

    kept = await chatting.services.readings._database.read(frames)  # pyright: ignore[reportPrivateUsage] - to look into the database
    assert len(kept) == 3
    assert ADMIN_KEY not in str(kept)
