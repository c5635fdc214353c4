"""Whatever an agent sends, nothing crashes, nothing is lost, and the record can be stored."""

import dataclasses
import json
from collections.abc import Iterator
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st
from staging import ListedCaller, Play, hang_up

from ringback.channels.channel import Dropped
from ringback.channels.chat_protocol import parse_binary, parse_frame
from ringback.conversation.endings import caller_ended
from ringback.conversation.limits import Limits
from ringback.conversation.recorder import Recorder
from ringback.conversation.turn_taking import Ask, End, Finish, Speak, TurnTaking
from ringback.domain.event import Event
from ringback.domain.secret import Redactor

_TEXTS = st.text(st.characters(codec=None), max_size=20)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=12,
)
_FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "content": _JSON | _TEXTS,
        "metadata": _JSON | st.dictionaries(_TEXTS, _JSON, max_size=3),
        "role": st.sampled_from(["Function Call", "Function Call Result", "agent", "assistant", ""]) | _JSON,
        "type": st.sampled_from(["end_call", "error", "typing", ""]) | _JSON,
        "data": _JSON
        | st.fixed_dictionaries(
            {}, optional={"id": _JSON, "name": _JSON, "arguments": _JSON | st.just('{"a": 1}'), "result": _JSON}
        ),
        "unknown": _JSON,
    },
)
_OBJECTS = st.tuples(_FIELDS, st.booleans()).map(lambda pair: json.dumps(pair[0], ensure_ascii=pair[1]))
_FRAMES = st.one_of(
    _OBJECTS,
    _JSON.map(json.dumps),
    _TEXTS,
    st.binary(max_size=20),
    st.integers(1, 3000).map(lambda depth: "[" * depth),
    st.integers(1, 3000).map(lambda depth: '{"metadata":' * depth + "1" + "}" * depth),
    st.integers(1, 6000).map(lambda digits: '{"content":"x","n":' + "7" * digits + "}"),
    st.sampled_from(['{"content": "\\ud800"}', '{"metadata": {"a": NaN, "b": -Infinity, "c": 1e999}}', '"\\u0000"']),
)


def _arrives(frame: str | bytes, at: float) -> Any:
    redactor = Redactor(["s3cret"])
    return parse_binary(frame, at, redactor) if isinstance(frame, bytes) else parse_frame(frame, at, redactor)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        items = cast("dict[str, Any]", value)
        yield from items
        for item in items.values():
            yield from _strings(item)
    elif isinstance(value, list | tuple):
        for item in cast("list[Any]", value):
            yield from _strings(item)


@given(frames=st.lists(_FRAMES, max_size=8), ended=st.booleans())
@settings(max_examples=150, deadline=None, derandomize=True)
def test_each_frame_is_visible_in_a_record_that_can_be_stored(frames: list[str | bytes], *, ended: bool) -> None:
    told: list[Event] = []
    recorder = Recorder(1, told.append, clock=lambda: 10.0)
    recorder.call_opened(10.0)
    for number, frame in enumerate(frames):
        before = len(told)
        recorder.heard(_arrives(frame, 11.0 + number), after_end=ended)
        assert len(told) > before
    conversation = recorder.finish(caller_ended(), 60.0)
    parts = (conversation.entries, conversation.findings, conversation.metadata_updates)
    assert sum(map(len, parts)) >= len(frames), "what was told is kept"
    kept = dataclasses.asdict(conversation) | {"started_at": None}
    json.dumps(kept, allow_nan=False, ensure_ascii=False).encode()
    assert not any("\0" in text for text in _strings(kept))


@given(frames=st.lists(st.tuples(st.floats(0, 40), _FRAMES), max_size=12), first=st.sampled_from([True, False, None]))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_the_rules_always_come_to_an_end(frames: list[tuple[float, str | bytes]], *, first: bool | None) -> None:
    """Whatever comes, and whenever, there is always a next step, and the conversation ends by itself."""
    now = 100.0
    turns = TurnTaking(Limits(), opened_at=now, agent_speaks_first=first)
    arrivals = [(now := now + delay, frame) for delay, frame in frames]
    now = 100.0
    for _ in range(200):
        step = turns.next(now)
        match step:
            case Finish():
                return
            case Ask():
                turns.composing()
                turns.chose(now, ())
            case Speak():
                turns.said(now)
            case End():
                turns.ended(now, step.ending)
            case _:
                if arrivals and arrivals[0][0] <= step.until:
                    at, frame = arrivals.pop(0)
                    now = max(now, at)
                    turns.heard(_arrives(frame, now))
                else:
                    assert step.until > now
                    now = step.until
    raise AssertionError


@given(frames=st.lists(st.tuples(st.floats(0, 3), _FRAMES), max_size=8))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_a_whole_conversation_survives_any_frames(frames: list[tuple[float, str | bytes]]) -> None:
    play = Play(ListedCaller("one", "two", thinks=0.5), replies=[frames, frames, frames])
    assert play.conversation.ending.sentence
    assert play.agent.closed_at is not None
    last = Play(ListedCaller("one"), replies=[[*frames, (4.0, hang_up(None))]])
    assert last.conversation.duration >= 0


def test_a_drop_is_no_frame() -> None:
    recorder = Recorder(1, lambda _: None, clock=lambda: 0.0)
    recorder.heard(Dropped(at=1.0, close_code=1000, reason=""))
    assert recorder.entries == []
