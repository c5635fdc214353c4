"""The tables of chats, where no server is needed to see what they do."""

import pytest

from ringback.errors import NotFound, TakenOver
from ringback.storage.chats import Chats
from ringback.storage.database import Database


async def test_any_number_of_chats_is_asked_about_at_once(database_url: str) -> None:
    database = await Database.open(database_url)
    try:
        assert await Chats(database).frames(dict.fromkeys(range(1, 1001), 0)) == []
        assert await Chats(database).frames({}) == []
    finally:
        await database.close()


async def test_what_is_not_there_is_nobodys_chat(database_url: str) -> None:
    database = await Database.open(database_url)
    chats = Chats(database)
    try:
        for run_id in (7, 0, -1, 2**40):
            with pytest.raises(NotFound):
                await chats.submit(run_id, '{"content": "Hello"}', opens_turn=True)
            with pytest.raises(NotFound):
                await chats.turn(run_id, 0)
        with pytest.raises(TakenOver):
            await chats.open(7, 1, caller_opens=True)
        assert await chats.say(7, 1, "Hello", heard=0)  # a worker whose run is gone says it to nobody
        await chats.over(7, 1, ended_reason="Testing agent-ended-call", failed=False)
    finally:
        await database.close()
