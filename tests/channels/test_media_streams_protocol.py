"""Media streams without a socket: what we send, frame by frame, and what becomes of anything that an agent sends."""

import base64
import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringback.channels.line import (
    AgentHeard,
    AgentHungUp,
    Cleared,
    KeyPressed,
    MarkPlayed,
    MetadataCame,
    Remarked,
    SoundArrived,
)
from ringback.channels.media_streams_protocol import MediaStreamsProtocol, StreamIds
from ringback.channels.wire_protocol import WireProtocol
from ringback.domain.conversation import FindingCode
from ringback.domain.secret import Redactor

IDS = StreamIds(account="AC" + "1" * 32, call="CA" + "2" * 32, stream="MZ" + "3" * 32)


@pytest.fixture
def protocol() -> MediaStreamsProtocol:
    return MediaStreamsProtocol(IDS, {"X-Run-Id": "33"})


def message(event: str, body: Any = None, **more: Any) -> str:
    return json.dumps({"event": event, "streamSid": IDS.stream, **({} if body is None else {event: body}), **more})


def media(sound: bytes, **more: Any) -> str:
    return message("media", {"payload": base64.b64encode(sound).decode(), **more})


def the_remark(protocol: WireProtocol, frame: str | bytes) -> tuple[FindingCode, str]:
    """The one remark that a frame leaves."""
    received = protocol.heard(frame, 1.0)
    assert not received.sound
    [remark] = [remark for event in received.events if isinstance(event, Remarked) for remark in event.remarks]
    return remark.code, remark.sentence


class TestSending:
    """The telephone company's side."""

    def test_a_call_opens_with_connected_and_start(self, protocol: MediaStreamsProtocol) -> None:
        connected, start = map(json.loads, protocol.opening())
        assert connected == {"event": "connected", "protocol": "Call", "version": "1.0.0"}
        assert start == {
            "event": "start",
            "sequenceNumber": "1",
            "start": {
                "accountSid": IDS.account,
                "streamSid": IDS.stream,
                "callSid": IDS.call,
                "tracks": ["inbound"],
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
                "customParameters": {"X-Run-Id": "33"},
            },
            "streamSid": IDS.stream,
        }

    def test_media_counts_frames_and_milliseconds(self, protocol: MediaStreamsProtocol) -> None:
        protocol.opening()
        frames = [json.loads(protocol.sound(bytes([number]) * 160)) for number in range(3)]
        assert [frame["sequenceNumber"] for frame in frames] == ["2", "3", "4"]
        assert [frame["media"]["chunk"] for frame in frames] == ["1", "2", "3"]
        assert [frame["media"]["timestamp"] for frame in frames] == ["0", "20", "40"]
        assert frames[2]["event"] == "media"
        assert frames[2]["streamSid"] == IDS.stream
        assert frames[2]["media"]["track"] == "inbound"
        assert base64.b64decode(frames[2]["media"]["payload"]) == b"\x02" * 160

    def test_keys_and_stop(self, protocol: MediaStreamsProtocol) -> None:
        key = json.loads(protocol.key("5"))
        assert key["dtmf"] == {"track": "inbound_track", "digit": "5"}
        [ending] = map(json.loads, protocol.ending())
        assert ending["event"] == "stop"
        assert ending["stop"] == {"accountSid": IDS.account, "callSid": IDS.call}
        assert ending["sequenceNumber"] == "2"

    def test_new_ids_are_random_and_of_the_right_form(self) -> None:
        ids = StreamIds.new()
        assert ids != StreamIds.new()
        for value, prefix in ((ids.account, "AC"), (ids.call, "CA"), (ids.stream, "MZ")):
            assert re.fullmatch(prefix + "[0-9a-f]{32}", value)
        assert StreamIds.new("AC7").account == "AC7"


class TestPlaying:
    """What an agent sends to be heard."""

    def test_sound_of_any_length_is_played_in_frames(self, protocol: MediaStreamsProtocol) -> None:
        received = protocol.heard(media(b"\x05" * 200), 1.0)
        assert received.events == (SoundArrived(at=1.0, seconds=0.025),)
        assert protocol.played(2.0)[0] == b"\x05" * 160
        assert protocol.played(2.0)[0] == b"\x05" * 40 + b"\xff" * 120

    def test_a_mark_is_echoed_when_it_is_played(self, protocol: MediaStreamsProtocol) -> None:
        protocol.heard(media(b"\x05" * 320), 1.0)
        assert protocol.heard(message("mark", {"name": "a"}), 1.0).events == ()
        assert protocol.played(2.0)[1].answers == ()
        _, reached = protocol.played(3.0)
        assert reached.events == (MarkPlayed(at=3.0, name="a"),)
        [echo] = map(json.loads, reached.answers)
        assert echo == {"event": "mark", "sequenceNumber": "1", "mark": {"name": "a"}, "streamSid": IDS.stream}

    def test_clear_drops_what_is_queued_and_echoes_its_marks(self, protocol: MediaStreamsProtocol) -> None:
        protocol.heard(media(b"\x05" * 1600), 1.0)
        protocol.heard(message("mark", {"name": "a"}), 1.0)
        received = protocol.heard(message("clear"), 2.0)
        assert received.events == (Cleared(at=2.0, seconds=0.2), MarkPlayed(at=2.0, name="a"))
        assert json.loads(received.answers[0])["mark"] == {"name": "a"}
        assert protocol.played(3.0)[0] == b"\xff" * 160

    def test_clear_with_nothing_queued_is_no_fault(self, protocol: MediaStreamsProtocol) -> None:
        assert protocol.heard(message("clear"), 2.0).events == (Cleared(at=2.0, seconds=0),)

    def test_sound_beyond_the_bound_is_dropped_and_told_once(self) -> None:
        protocol = MediaStreamsProtocol(IDS, {}, max_queued_seconds=1)
        protocol.heard(media(bytes(8000)), 1.0)
        code, sentence = the_remark(protocol, media(bytes(8000)))
        assert code is FindingCode.QUEUE_OVERRUN
        assert "1 s" in sentence
        assert protocol.heard(media(bytes(8000)), 1.0).sound
        for _ in range(50):
            protocol.played(1.0)
        assert protocol.heard(media(bytes(8000)), 1.0).sound
        assert the_remark(protocol, media(bytes(8000)))[0] is FindingCode.QUEUE_OVERRUN

    def test_a_sound_file_is_played_as_it_is_and_remarked(self, protocol: MediaStreamsProtocol) -> None:
        assert "sound file" in the_remark(protocol, media(b"RIFF" + bytes(156)))[1]
        assert protocol.played(1.0)[0][:4] == b"RIFF"

    @pytest.mark.parametrize(
        ("hint", "word"),
        [
            ({"sampleRate": 16000}, "sampleRate"),
            ({"sample_rate": "24000"}, "sampleRate"),
            ({"contentType": "audio/x-l16"}, "encoding"),
            ({"mediaFormat": {"encoding": "audio/pcm"}}, "encoding"),
            ({"channels": 2}, "channels"),
        ],
    )
    def test_a_hint_at_another_format_is_remarked(
        self, protocol: MediaStreamsProtocol, hint: dict[str, Any], word: str
    ) -> None:
        code, sentence = the_remark(protocol, media(bytes(160), **hint))
        assert code is FindingCode.BAD_FRAME
        assert word in sentence
        assert protocol.played(1.0)[0] == bytes(160)

    def test_a_hint_at_the_right_format_is_not(self, protocol: MediaStreamsProtocol) -> None:
        assert protocol.heard(media(bytes(160), contentType="audio/x-mulaw", sampleRate="8000"), 1.0).sound


class TestWords:
    """What an agent says beside its sound."""

    def test_stop_is_hanging_up(self, protocol: MediaStreamsProtocol) -> None:
        assert protocol.heard(message("stop"), 1.0).events == (AgentHungUp(at=1.0),)

    def test_keys_transcripts_and_metadata(self, protocol: MediaStreamsProtocol) -> None:
        assert protocol.heard(message("dtmf", {"digit": "#"}), 1.0).events == (KeyPressed(at=1.0, digit="#"),)
        heard = protocol.heard(message("transcript", {"role": "user", "text": "hello"}), 1.0)
        assert heard.events == (AgentHeard(at=1.0, text="hello"),)
        came = protocol.heard(message("metadata", {"a": [1, None]}), 1.0)
        assert came.events == (MetadataCame(at=1.0, values={"a": [1, None]}),)

    def test_extensions_need_no_stream_id(self, protocol: MediaStreamsProtocol) -> None:
        frame = json.dumps({"event": "transcript", "transcript": {"role": "user", "text": "hello"}})
        assert protocol.heard(frame, 1.0).events == (AgentHeard(at=1.0, text="hello"),)

    def test_secrets_are_taken_out_of_what_is_kept_but_not_out_of_sound_or_echoes(self) -> None:
        protocol = MediaStreamsProtocol(IDS, {}, redactor=Redactor(["swordfish"]))
        heard = protocol.heard(message("transcript", {"text": "it is swordfish"}), 1.0)
        assert heard.events == (AgentHeard(at=1.0, text="it is [secret]"),)
        came = protocol.heard('{"event": "metadata", "metadata": {"swordfish": ["sword\\u0066ish"]}}', 1.0)
        assert came.events == (MetadataCame(at=1.0, values={"[secret]": ["[secret]"]}),)
        bad = protocol.heard(message("swordfish"), 1.0)
        assert "swordfish" not in repr(bad.events)
        assert "swordfish" not in repr(protocol.heard("swordfish", 1.0).events)
        assert "swordfish" not in repr(protocol.heard('["swordfish"]', 1.0).events)
        sound = base64.b64decode("swordfishes=")
        protocol.heard(media(sound), 1.0)
        assert protocol.played(1.0)[0][: len(sound)] == sound
        protocol.heard(message("mark", {"name": "swordfish"}), 1.0)
        _, reached = protocol.played(1.0)
        assert json.loads(reached.answers[0])["mark"]["name"] == "swordfish"
        assert reached.events == (MarkPlayed(at=1.0, name="[secret]"),)


class TestBadFrames:
    """Nothing raises, and everything is told of."""

    @pytest.mark.parametrize(
        ("frame", "code", "words"),
        [
            ("", FindingCode.NOT_JSON, "not JSON"),
            ("hello", FindingCode.NOT_JSON, "not JSON"),
            ("[" * 9_000, FindingCode.NOT_JSON, "nested"),
            ("[" * 100_000, FindingCode.BAD_FRAME, "more than 10000 values"),
            (message("metadata", {"many": ["a\n"] * 20_000}), FindingCode.BAD_FRAME, "more than 10000 values"),
            ("[1]", FindingCode.NOT_AN_OBJECT, "object"),
            ("null", FindingCode.NOT_AN_OBJECT, "object"),
            (b"\0" * 160, FindingCode.BINARY_FRAME, "binary"),
            ("{}", FindingCode.UNKNOWN_TYPE, "do not have"),
            ('{"event": 7}', FindingCode.UNKNOWN_TYPE, "do not have"),
            ('{"event": ["media"]}', FindingCode.UNKNOWN_TYPE, "do not have"),
            (message("speak"), FindingCode.UNKNOWN_TYPE, "do not have"),
            ('{"event": "media", "media": {"payload": ""}}', FindingCode.BAD_FRAME, "no streamSid"),
            ('{"event": "clear", "streamSid": "MZ9"}', FindingCode.BAD_FRAME, "another streamSid"),
            ('{"event": "stop", "streamSid": 7}', FindingCode.BAD_FRAME, "another streamSid"),
            (message("media"), FindingCode.BAD_FRAME, "no payload"),
            (message("media", "sound"), FindingCode.BAD_FRAME, "no payload"),
            (message("media", {"payload": 7}), FindingCode.BAD_FRAME, "no payload"),
            (message("media", {"payload": ""}), FindingCode.BAD_FRAME, "empty"),
            (message("media", {"payload": "a"}), FindingCode.BAD_FRAME, "not base64"),
            (message("media", {"payload": "ä ö"}), FindingCode.BAD_FRAME, "not base64"),
            (message("media", {"payload": "AAAA\nAAAA"}), FindingCode.BAD_FRAME, "not base64"),
            (message("mark"), FindingCode.BAD_FRAME, "no name"),
            (message("mark", {"name": None}), FindingCode.BAD_FRAME, "no name"),
            (message("mark", {"name": "x" * 3000}), FindingCode.BAD_FRAME, "no name"),
            (message("dtmf", {"digit": "12"}), FindingCode.BAD_FRAME, "no digit"),
            (message("dtmf", []), FindingCode.BAD_FRAME, "no digit"),
            (message("transcript", "words"), FindingCode.BAD_FRAME, "no text"),
            (message("transcript", {"role": "assistant", "text": "x"}), FindingCode.BAD_FRAME, "another role"),
            (message("metadata", [1]), FindingCode.BAD_METADATA, "not an object"),
        ],
    )
    def test_a_frame_that_makes_no_sense_is_remarked(
        self, protocol: MediaStreamsProtocol, frame: str | bytes, code: FindingCode, words: str
    ) -> None:
        found, sentence = the_remark(protocol, frame)
        assert found is code
        assert words in sentence
        assert protocol.played(1.0)[0] == b"\xff" * 160

    def test_too_many_marks_are_remarked(self, protocol: MediaStreamsProtocol) -> None:
        mark = message("mark", {"name": "m"})
        for _ in range(20_000):
            protocol.heard(mark, 1.0)
        assert "marks wait" in the_remark(protocol, mark)[1]

    def test_a_quoted_frame_is_cut(self, protocol: MediaStreamsProtocol) -> None:
        received = protocol.heard(message("speak", {"text": "x" * 50_000}), 1.0)
        assert len(repr(received.events)) < 5_000

    @settings(max_examples=60, deadline=None)
    @given(
        st.one_of(
            st.binary(max_size=40),
            st.text(max_size=40),
            st.recursive(
                st.none() | st.booleans() | st.floats() | st.text(max_size=8),
                lambda inner: (
                    st.lists(inner, max_size=3)
                    | st.dictionaries(
                        st.sampled_from(
                            ["event", "media", "payload", "mark", "name", "streamSid", "dtmf", "digit", "x"]
                        ),
                        inner | st.sampled_from(["media", "mark", "clear", "stop", "dtmf", "transcript", IDS.stream]),
                        max_size=5,
                    )
                ),
                max_leaves=10,
            ).map(json.dumps),
        )
    )
    def test_anything_at_all_is_taken(self, frame: str | bytes) -> None:
        """Any frame: an event or a mark, storable as JSON where it is kept, and the line plays on."""
        protocol = MediaStreamsProtocol(IDS, {})
        received = protocol.heard(frame, 1.0)
        for event in received.events:
            if isinstance(event, Remarked):
                json.dumps([remark.detail for remark in event.remarks], allow_nan=False).encode()
        assert len(protocol.played(1.0)[0]) == 160
