"""What the benchmark of telephone calls makes of packets, where they are known beforehand."""

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SILENCE = b"\xff" * 160
INVITE = (
    "INVITE sip:agent@127.0.0.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5999;branch=z9\r\nFrom: <sip:a@b>;tag=1\r\n"
    "To: <sip:agent@127.0.0.1>\r\nCall-ID: 7\r\nCSeq: 1 INVITE\r\n\r\nv=0\r\nm=audio 4000 RTP/AVP 0 8\r\n"
)


@pytest.fixture
def peer(project: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(sys, "path", [str(project / "bench"), *sys.path])
    return importlib.import_module("telephone_peer")


@pytest.fixture
def bench(peer: ModuleType) -> ModuleType:
    return importlib.import_module("telephone")


def call(peer: ModuleType, times: dict[int, float]) -> Any:
    """A call of which the packets of these numbers came at these times (s)."""
    made = peer.Call(0.0, ("127.0.0.1", 4000), None, None)
    made.heard = [(at, number % (1 << 16), number * 160 % (1 << 32)) for number, at in times.items()]
    return made


def test_packets_that_leave_each_20_ms_are_not_late(peer: ModuleType) -> None:
    late, shift = call(peer, {number: number * 0.02 for number in range(65_500, 65_600)}).lateness()
    assert late.max() < 1e-6
    assert abs(shift) < 1e-6


def test_one_packet_that_is_late_is_late_by_so_much(peer: ModuleType) -> None:
    times = {number: number * 0.02 for number in range(100)} | {40: 0.815}
    late, shift = call(peer, times).lateness()
    assert late[40] == pytest.approx(0.015)
    assert sorted(late)[-2] < 1e-6
    assert abs(shift) < 1e-6


def test_a_turn_that_is_skipped_shifts_the_call(peer: ModuleType) -> None:
    late, shift = call(peer, {number: number * 0.02 + (number >= 50) * 0.02 for number in range(100)}).lateness()
    assert late[50] == pytest.approx(0.02)
    assert late[70] < 1e-6
    assert shift == pytest.approx(0.02)


def test_packets_that_never_came_are_lost_also_where_their_numbers_begin_anew(peer: ModuleType) -> None:
    missing = {65_540, 65_541, 65_530}
    assert call(peer, {number: 0.0 for number in range(65_500, 65_600) if number not in missing}).lost == 3
    assert call(peer, {}).lost == 0


def test_the_agent_answers_with_what_was_asked(peer: ModuleType) -> None:
    answer = peer.answer(INVITE, "Contact: <sip:agent@127.0.0.1:1>", body="v=0\r\n").decode()
    assert answer.startswith("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:5999;branch=z9\r\nFrom: <sip:a@b>;tag=1\r\n")
    assert "To: <sip:agent@127.0.0.1>;tag=agent\r\nCall-ID: 7\r\nCSeq: 1 INVITE\r\n" in answer
    assert answer.endswith("Content-Length: 5\r\n\r\nv=0\r\n")
    assert peer.media_of(INVITE) == ("127.0.0.1", 4000)


def test_a_packet_carries_the_time_at_which_it_came_and_nobody_else_gets_its_reports(peer: ModuleType) -> None:
    sound, control = peer.media_socket()
    with sound, control:
        assert control.getsockname()[1] == sound.getsockname()[1] + 1
        assert peer.take(sound) is None
        sound.sendto(SILENCE, sound.getsockname())
        first = peer.take(sound)
        sound.sendto(SILENCE, sound.getsockname())
        second = peer.take(sound)
        assert first[0] == SILENCE
        assert first[1] < second[1] < first[1] + 60


@pytest.mark.parametrize(
    ("figures", "carried"),
    [
        ({}, True),
        ({"p99": 0.021}, False),
        ({"clock_p99": 0.021}, False),
        ({"lost": 1}, False),
        ({"lost_received": 1}, False),
        ({"unsent": 1}, False),
    ],
)
def test_calls_are_carried_only_in_time_and_whole(
    bench: ModuleType, figures: dict[str, float], *, carried: bool
) -> None:
    whole = {"p99": 0.019, "clock_p99": 0.019, "lost": 0, "lost_received": 0, "unsent": 0}
    assert bench.met(whole | figures) is carried


def test_as_many_figures_as_columns_are_shown(bench: ModuleType) -> None:
    figures = dict.fromkeys(("p50", "p99", "worst", "clock_p99", "lost", "lost_received", "unsent"), 0)
    busy = {"calls": 0.1, "carrier": 0.3, "speech": 0.0, "agent": 0.0}
    shown = bench.row("ours", 20, {**figures, "shifts": [0.02, 0.0], "set_up": [0.001] * 20, "busy": busy})
    assert shown.split()[-4:] == ["20.0", "1.0", "/", "1.0"]
