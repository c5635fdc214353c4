"""Each kind of frame, without a socket."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.channels.channel import (
    CalledTool,
    EndedCall,
    Noted,
    ReportedError,
    Said,
    ToolReturned,
)
from ringback.channels.chat_protocol import encode, parse_binary, parse_frame
from ringback.channels.plain_data import storable
from ringback.domain.conversation import FindingCode, ToolData
from ringback.domain.secret import Redactor
from ringback.domain.utterance import EndCall, Hold, Utterance, Words


def _parse(frame: Any) -> Any:
    return parse_frame(frame if isinstance(frame, str) else json.dumps(frame), 5.0)


def _codes(frame: Any) -> list[FindingCode]:
    return [remark.code for remark in _parse(frame).remarks]


def test_a_message_goes_out_as_exactly_one_key() -> None:
    assert json.loads(encode(Utterance.of("héllo"))) == {"content": "héllo"}


def test_the_end_goes_out_with_its_words() -> None:
    assert json.loads(encode(Utterance.of("bye", ends_call=True))) == {"content": "bye", "type": "end_call"}
    assert json.loads(encode(Utterance((EndCall(),)))) == {"content": "", "type": "end_call"}


def test_directives_leave_words_only() -> None:
    assert json.loads(encode(Utterance((Hold(2), Words("so, "), Words("well"))))) == {"content": "so, well"}


def test_words_that_utf8_cannot_carry_are_replaced() -> None:
    assert encode(Utterance.of("a\ud800b")).encode()


def test_content_is_said() -> None:
    event = _parse({"content": "hi"})
    assert event == Said(at=5.0, text="hi")


@given(words=st.text(min_size=1), escaped=st.booleans(), blank=st.sampled_from(["", " ", "\n", "\t\r "]))
def test_words_mean_what_json_says(words: str, escaped: bool, blank: str) -> None:
    key, value = json.dumps("content"), json.dumps(words, ensure_ascii=escaped)
    event = parse_frame(blank.join(("", "{", key, ":", value, "}", "")), 1.0)
    assert isinstance(event, Said)
    assert (event.text, event.remarks) == (storable(words), ())


def test_content_may_carry_metadata() -> None:
    event = _parse({"content": "hi", "metadata": {"a": 1}})
    assert isinstance(event, Said)
    assert event.metadata == {"a": 1}


def test_metadata_alone_is_noted() -> None:
    assert _parse({"metadata": {"keepalive": True}}) == Noted(at=5.0, metadata={"keepalive": True})


def test_empty_content_beside_metadata_is_no_message() -> None:
    assert _parse({"content": "", "metadata": {"a": 1}}) == Noted(at=5.0, metadata={"a": 1})


@pytest.mark.parametrize("metadata", [None, 1, "text", [1], True])
def test_metadata_that_is_no_object_is_ignored_and_flagged(metadata: Any) -> None:
    event = _parse({"content": "hi", "metadata": metadata})
    assert isinstance(event, Said)
    assert event.metadata is None
    assert [remark.code for remark in event.remarks] == [FindingCode.BAD_METADATA]


def test_the_role_agent_is_a_normal_message() -> None:
    assert _parse({"role": "agent", "content": "hi"}) == Said(at=5.0, text="hi")


def test_an_unknown_role_is_kept() -> None:
    event = _parse({"role": "assistant", "content": "hi"})
    assert event == Said(at=5.0, text="hi", extra={"role": "assistant"})


@pytest.mark.parametrize("arguments", ['{"day": "monday"}', {"day": "monday"}])
def test_arguments_come_as_text_or_object(arguments: Any) -> None:
    event = _parse({"role": "Function Call", "data": {"id": "1", "name": "book", "arguments": arguments}})
    assert event == CalledTool(at=5.0, tool=ToolData(id="1", name="book", arguments={"day": "monday"}))


@pytest.mark.parametrize("arguments", ["monday", "[1]", "", [1], None])
def test_other_arguments_are_kept_as_sent(arguments: Any) -> None:
    event = _parse({"role": "Function Call", "data": {"id": "1", "name": "book", "arguments": arguments}})
    assert isinstance(event, CalledTool)
    assert event.tool.arguments == arguments


def test_a_call_without_arguments_is_flagged() -> None:
    event = _parse({"role": "Function Call", "data": {"id": "1", "name": "book"}})
    assert isinstance(event, CalledTool)
    assert event.tool.arguments == {}
    assert [remark.code for remark in event.remarks] == [FindingCode.BAD_TOOL_FRAME]


@pytest.mark.parametrize("returned", ["plain text", '{"ok": true}', {"ok": True}, None, 5])
def test_a_result_is_kept_as_sent_and_needs_no_name(returned: Any) -> None:
    event = _parse({"role": "Function Call Result", "content": "", "data": {"id": "1", "result": returned}})
    assert event == ToolReturned(at=5.0, tool=ToolData(id="1", name="", result=returned))


def test_a_tool_frame_may_carry_metadata_and_unknown_keys() -> None:
    event = _parse(
        {
            "role": "Function Call",
            "metadata": {"m": 1},
            "trace": "t",
            "data": {"id": 7, "name": "book", "arguments": "{}", "cost": 3},
        }
    )
    assert isinstance(event, CalledTool)
    assert event.tool.id == "7"
    assert event.metadata == {"m": 1}
    assert event.extra == {"trace": "t", "data": {"cost": 3}}


@pytest.mark.parametrize("data", [None, "text", [1], 5])
def test_a_tool_frame_without_data_is_only_recorded(data: Any) -> None:
    event = _parse({"role": "Function Call", "data": data})
    assert isinstance(event, Noted)
    assert [remark.code for remark in event.remarks] == [FindingCode.BAD_TOOL_FRAME]


def test_the_end_comes_with_or_without_words() -> None:
    assert _parse({"type": "end_call"}) == EndedCall(at=5.0, text="")
    assert _parse({"type": "end_call", "content": "bye", "metadata": {"a": 1}}) == EndedCall(
        at=5.0, text="bye", metadata={"a": 1}
    )


def test_an_error_is_reported() -> None:
    assert _parse({"type": "error", "content": "full"}) == ReportedError(at=5.0, text="full")


def test_an_unknown_type_is_not_a_message() -> None:
    event = _parse({"type": "typing", "content": "…"})
    assert isinstance(event, Noted)
    assert [remark.code for remark in event.remarks] == [FindingCode.UNKNOWN_TYPE]
    assert event.remarks[0].detail == {"type": "typing", "content": "…"}
    assert event.remarks[0].sentence == 'The frame\'s type "typing" is unknown; it was not answered.'


@pytest.mark.parametrize(("kind", "what"), [(5, "a number"), (True, "a boolean"), ([], "an array"), ({}, "an object")])
def test_a_type_that_is_no_word_is_called_what_it_is(kind: object, what: str) -> None:
    event = _parse({"type": kind, "content": "hi"})
    assert [remark.sentence for remark in event.remarks] == [
        f"The frame's type is {what}, not a string; it was not answered."
    ]


@pytest.mark.parametrize("empty", [None, ""])
def test_an_empty_type_is_no_type(empty: str | None) -> None:
    assert _parse({"type": empty, "content": "hi"}) == Said(at=5.0, text="hi")


def test_unknown_keys_are_kept() -> None:
    assert _parse({"content": "hi", "id": 3}) == Said(at=5.0, text="hi", extra={"id": 3})


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("[1]", FindingCode.NOT_AN_OBJECT),
        ("5", FindingCode.NOT_AN_OBJECT),
        ('"hi"', FindingCode.NOT_AN_OBJECT),
        ("null", FindingCode.NOT_AN_OBJECT),
        ("true", FindingCode.NOT_AN_OBJECT),
        ("{}", FindingCode.UNKNOWN_TYPE),
        ('{"content": ""}', FindingCode.BAD_CONTENT),
        ('{"content": 5}', FindingCode.BAD_CONTENT),
        ('{"content": ["hi"]}', FindingCode.BAD_CONTENT),
        ("", FindingCode.NOT_JSON),
        ("[" * 100_000, FindingCode.NOT_JSON),
    ],
)
def test_what_is_no_message_is_a_finding(frame: str, code: FindingCode) -> None:
    assert isinstance(_parse(frame), Noted)
    assert _codes(frame) == [code]


@pytest.mark.parametrize("frame", ["Hello there", "Error: no model", '{"content": "cut'])
def test_text_that_is_not_json_is_content_and_flagged(frame: str) -> None:
    event = _parse(frame)
    assert isinstance(event, Said)
    assert event.text == frame
    assert [remark.code for remark in event.remarks] == [FindingCode.NOT_JSON]


def test_binary_data_is_a_finding() -> None:
    event = parse_binary(b"\x00\xffabc", 5.0)
    assert isinstance(event, Noted)
    assert event.remarks[0].code is FindingCode.BINARY_FRAME
    assert event.remarks[0].detail["bytes"] == 5


def test_secrets_are_masked_however_they_are_escaped() -> None:
    redactor = Redactor(["pass-word"])
    for frame in ('{"content": "it is pass-word"}', '{"content": "it is \\u0070ass-word"}'):
        event = parse_frame(frame, 0.0, redactor)
        assert isinstance(event, Said)
        assert event.text == "it is [secret]"
    for frame in ('["\\u0070ass-word"]', '{"type": "\\u0070ass-word"}', '{"\\u0070ass-word": 1}'):
        assert "ass-word" not in repr(parse_frame(frame, 0.0, redactor))
    assert "pass-word" not in repr(parse_binary(b"pass-word", 0.0, redactor))


def test_deep_nesting_is_cut_and_the_words_are_kept() -> None:
    event = _parse('{"content": "hi", "metadata": ' + '{"a":' * 200 + "1" + "}" * 200 + "}")
    assert isinstance(event, Said)
    assert event.text == "hi"
    json.dumps(event.metadata)


def test_numbers_that_json_cannot_hold_become_text() -> None:
    event = parse_frame('{"metadata": {"a": NaN, "b": 1e999, "c": ' + "9" * 5000 + "}}", 0.0)
    assert event.metadata is not None
    assert event.metadata["a"] == "NaN"
    assert event.metadata["b"] == "1e999"
    assert event.metadata["c"] == "9" * 5000


def test_long_frames_are_cut_in_findings() -> None:
    event = _parse([0] * 5000)
    assert isinstance(event, Noted)
    assert len(event.remarks[0].detail) < 2100
