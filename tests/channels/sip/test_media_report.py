"""What the stack's figures say of a call, in words, and whose side it was."""

from typing import Any

from ringback.channels.sip.media_report import degraded_by, media_record

STATS = {
    "tx": {"packets": 1000, "bytes": 160_000},
    "rx": {"packets": 980, "bytes": 156_800},
    "rtcp": {"tx_lost": 30, "tx_jitter_us": 41_000, "rx_jitter_us": 35_000, "rtt_us": 62_500},
    "jbuf": {"lost": 20, "late": 98, "skew_ms": -12},
}


def degraded(dropped: float = 0.0, **message: Any) -> tuple[str, ...]:
    return degraded_by(media_record("PCMU", message), message, dropped=dropped)


def test_all_that_was_measured_is_recorded() -> None:
    media = media_record("PCMA", {"stats": STATS, "rtcp": True})
    assert (media.codec, media.packets_sent, media.packets_received) == ("PCMA", 1000, 980)
    assert (media.lost_received, media.lost_sent) == (20, 30)
    assert (media.jitter_received, media.jitter_sent, media.round_trip) == (0.035, 0.041, 0.0625)


def test_what_nobody_measured_is_no_nought() -> None:
    media = media_record("PCMU", {"stats": STATS})
    assert (media.lost_sent, media.jitter_received, media.jitter_sent, media.round_trip) == (None, None, None, None)
    empty = media_record("PCMU", {"stats": {"rx": "?", "jbuf": None}, "rtcp": True, "heard": 7})
    assert (empty.packets_received, empty.lost_received, empty.jitter_received, empty.round_trip) == (7, 0, None, None)


def test_packets_of_keys_are_not_lost_sound() -> None:
    stats = {"rx": {"packets": 312, "bytes": 300 * 160 + 12 * 4}, "jbuf": {"lost": 14}}
    assert media_record("PCMU", {"stats": stats, "keys": 1}).lost_received == 2
    assert media_record("PCMU", {"stats": stats}).lost_received == 14


def test_a_bad_line_is_told_with_its_side() -> None:
    assert degraded(stats=STATS, rtcp=True) == (
        "2.0% of the packets were lost on the way from the agent.",
        "3.0% of the packets were lost on the way to the agent, as its side reported.",
        "10.0% of the packets came more than 40 ms late on the way from the agent.",
        "Packets came with a jitter of 35 ms on the way from the agent.",
        "Packets arrived with a jitter of 41 ms on the way to the agent, as its side reported.",
    )


def test_sound_that_we_were_too_slow_for_is_told_as_ours() -> None:
    assert degraded(dropped=0.5, gaps=20, left_out=5) == (
        "0.5 s of our own sound came too late, or too much at once, to be sent in time.",
        "0.5 s of the agent's sound were dropped, because we could not play them in time.",
    )


def test_a_good_line_is_not_degraded() -> None:
    good = {**STATS, "rtcp": {"tx_lost": 0}, "jbuf": {"lost": 1, "late": 9, "skew_ms": 0}}
    assert degraded(stats=good, rtcp=True, gaps=2) == ()


def test_an_agent_whose_packets_bear_no_true_time_is_not_taken_for_late() -> None:
    assert degraded(stats={**STATS, "rtcp": {}, "jbuf": {"late": 700, "skew_ms": -3743}}) == ()


def test_keys_are_neither_loss_nor_jitter() -> None:
    stats = {**STATS, "rtcp": {"tx_lost": 14, "tx_jitter_us": 54_000, "rx_jitter_us": 60_000}, "jbuf": {}}
    media = media_record("PCMU", {"stats": stats, "rtcp": True, "keys": 1, "keys_sent": 1})
    assert (media.lost_sent, media.jitter_received, media.jitter_sent) == (14, None, None)
    assert degraded(stats=stats, rtcp=True, keys=1, keys_sent=1) == ()
    assert len(degraded(stats=stats, rtcp=True)) == 3
