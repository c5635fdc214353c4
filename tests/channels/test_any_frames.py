"""Whatever is in the frames, the channel hands on one event for each, in order."""

import asyncio
import json

from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from ringback.channels.channel import ChannelEvent, Dropped
from ringback.channels.websocket import WebSocketChannel, agent_session

_TEXT = st.text(max_size=30)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)
_KEYS = st.sampled_from(["content", "metadata", "role", "type", "data", "other"])
_FRAMES = st.one_of(
    st.dictionaries(_KEYS, _VALUES, max_size=4).map(json.dumps), _VALUES.map(json.dumps), _TEXT, st.binary(max_size=30)
)


async def _received(frames: list[str | bytes]) -> list[ChannelEvent]:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        agent = web.WebSocketResponse(compress=False)
        await agent.prepare(request)
        for frame in frames:
            await (agent.send_bytes(frame) if isinstance(frame, bytes) else agent.send_str(frame))
        return agent

    runner = web.ServerRunner(web.Server(handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with agent_session() as session:
        channel = WebSocketChannel(f"ws://127.0.0.1:{runner.addresses[0][1]}/", {}, session=session)
        await channel.open()
        events = [event async for event in channel.events()]
        await channel.close()
    await runner.cleanup()
    return events


@given(st.lists(_FRAMES, max_size=60))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_each_frame_becomes_one_event(frames: list[str | bytes]) -> None:
    events = asyncio.run(_received(frames))
    assert len(events) == len(frames) + 1
    assert isinstance(events[-1], Dropped)
    assert events[-1].close_code == 1000
    assert [event.at for event in events] == sorted(event.at for event in events)
