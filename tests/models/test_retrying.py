"""When another try is made, and how long is waited for it; nothing here really waits."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringback.models.provider import Cause, Trouble
from ringback.models.retrying import Retries, retry_after

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def failing(times: int, trouble: Trouble) -> Callable[[], Awaitable[str]]:
    left = times

    async def ask() -> str:
        nonlocal left
        if left:
            left -= 1
            raise trouble
        return "done"

    return ask


async def test_waits_double_up_to_the_longest(waits: list[float], retries: Retries) -> None:
    patient = Retries(attempts=8, longest_wait=4.0, sleep=retries.sleep, jitter=lambda: 1.0)
    assert await patient.run(failing(7, Trouble(Cause.SERVER, retryable=True))) == "done"
    assert waits == [0.5, 1.0, 2.0, 4.0, 4.0, 4.0, 4.0]


async def test_jitter_spreads_a_wait_over_its_second_half(waits: list[float], retries: Retries) -> None:
    early = Retries(sleep=retries.sleep, jitter=lambda: 0.0)
    await early.run(failing(2, Trouble(Cause.SERVER, retryable=True)))
    assert waits == [0.25, 0.5]


async def test_nobody_comes_back_before_the_time_the_server_named(waits: list[float], retries: Retries) -> None:
    early = Retries(sleep=retries.sleep, jitter=lambda: 0.0)
    await early.run(failing(1, Trouble(Cause.RATE, retryable=True, retry_after=9.0)))
    assert waits == [9.0]


async def test_the_last_trouble_tells_how_often_it_was_tried(waits: list[float], retries: Retries) -> None:
    with pytest.raises(Trouble) as raised:
        await retries.run(failing(99, Trouble(Cause.SERVER, retryable=True)))
    assert raised.value.tries == 5
    assert len(waits) == 4


async def test_what_cannot_change_is_tried_once(waits: list[float], retries: Retries) -> None:
    with pytest.raises(Trouble) as raised:
        await retries.run(failing(99, Trouble(Cause.KEY, retryable=False)))
    assert (raised.value.tries, waits) == (1, [])


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("3", 3.0),
        ("0.5", 0.5),
        ("-5", 0.0),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 12:00:30 -0000", 30.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("nan", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": value}, NOON) == seconds


@settings(deadline=None, derandomize=True)
@given(st.text())
def test_any_retry_after_is_none_or_a_wait(value: str) -> None:
    seconds = retry_after({"Retry-After": value}, NOON)
    assert seconds is None or seconds >= 0
