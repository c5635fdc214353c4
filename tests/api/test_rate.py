"""The rate limit, by a clock that the test sets."""

from dataclasses import dataclass

import pytest
from running_service import ADMIN_KEY, ServeService

from ringback.domain.api_key import Scope

KEYS = "/user/api/v1/user-api-key/"


@dataclass
class Clock:
    now: float = 60.0 * 10_000_000

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in ("limits.aio.storage.memory", "limits.aio.strategies"):
        monkeypatch.setattr(f"{module}.time", clock)
    return clock


async def test_too_many_requests_are_throttled_until_time_has_passed(serve: ServeService, clock: Clock) -> None:
    async with serve(requests_per_minute=3) as service:
        assert [(await service.get(KEYS)).status for _ in range(4)] == [200, 200, 200, 429]
        refused = await service.get(KEYS)
        assert refused.body == {"detail": "Request was throttled: this API key may make 3 requests a minute."}
        wait = int(refused.headers["Retry-After"])
        assert 1 <= wait <= 120
        clock.now += wait
        assert (await service.get(KEYS)).status == 200


async def test_each_key_has_a_rate_of_its_own(serve: ServeService, clock: Clock) -> None:
    async with serve(requests_per_minute=1) as service:
        _, token = await service.services.keys.create("other", Scope.ADMIN)
        statuses = [(await service.get(KEYS, key=key)).status for key in (ADMIN_KEY, token, ADMIN_KEY, token)]
        assert statuses == [200, 200, 429, 429]


async def test_a_minute_that_slides_has_no_burst_of_twice_the_rate(serve: ServeService, clock: Clock) -> None:
    clock.now += 59
    async with serve(requests_per_minute=10) as service:
        first = [(await service.get(KEYS)).status for _ in range(10)]
        clock.now += 2
        second = [(await service.get(KEYS)).status for _ in range(10)]
        assert first == [200] * 10
        assert second.count(200) <= 1


async def test_requests_without_a_key_and_health_checks_do_not_count(serve: ServeService, clock: Clock) -> None:
    async with serve(requests_per_minute=1) as service:
        for _ in range(3):
            await service.get("/healthz")
            await service.get(KEYS, key=None)
        assert (await service.get(KEYS)).status == 200
