"""Claims that come together are made together."""

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest

from ringback.errors import StorageError
from ringback.runs.claims import GroupedClaims, RunKey
from ringback.storage.queue import Claim

MINE = cast("Claim", object())


async def test_claims_of_one_moment_are_one_transaction_and_each_gets_its_answer() -> None:
    asked: list[Sequence[RunKey]] = []

    async def claim(keys: Sequence[RunKey]) -> Sequence[Claim | None]:
        asked.append(list(keys))
        return [MINE if run == 1 else None for run, _ in keys]

    claims = GroupedClaims(claim)

    assert await asyncio.gather(claims.claim((1, 1)), claims.claim((2, 3))) == [MINE, None]
    assert await claims.claim((1, 2)) is MINE
    assert asked == [[(1, 1), (2, 3)], [(1, 2)]]


async def test_what_comes_while_a_claim_is_under_way_is_claimed_together_after_it() -> None:
    asked: list[Sequence[RunKey]] = []
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def claim(keys: Sequence[RunKey]) -> Sequence[Claim | None]:
        asked.append(list(keys))
        begun.set()
        await go_on.wait()
        return [MINE for _ in keys]

    claims = GroupedClaims(claim)
    first = asyncio.create_task(claims.claim((1, 1)))
    await begun.wait()
    second = asyncio.create_task(claims.claim((2, 1)))
    await asyncio.sleep(0)
    third = asyncio.create_task(claims.claim((3, 1)))
    settled = asyncio.create_task(claims.settled())
    await asyncio.sleep(0)
    assert not settled.done()
    go_on.set()

    assert await asyncio.gather(first, second, third) == [MINE, MINE, MINE]
    await settled
    assert asked == [[(1, 1)], [(2, 1), (3, 1)]]


async def test_a_failure_reaches_everybody_who_asked() -> None:
    async def claim(keys: Sequence[RunKey]) -> Sequence[Claim | None]:
        raise StorageError(f"{len(keys)} not claimed")

    claims = GroupedClaims(claim)
    answers = await asyncio.gather(claims.claim((1, 1)), claims.claim((2, 1)), return_exceptions=True)

    assert [str(answer) for answer in answers] == ["2 not claimed", "2 not claimed"]


@pytest.mark.parametrize("fails", [False, True])
async def test_whoever_does_not_wait_any_more_is_left_out(fails: bool) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def claim(keys: Sequence[RunKey]) -> Sequence[Claim | None]:
        begun.set()
        await go_on.wait()
        if fails:
            raise StorageError("away")
        return [MINE for _ in keys]

    claims = GroupedClaims(claim)
    impatient, patient = (asyncio.create_task(claims.claim((run, 1))) for run in (1, 2))
    await begun.wait()
    impatient.cancel()
    await asyncio.wait([impatient])
    go_on.set()

    [answer] = await asyncio.gather(patient, return_exceptions=True)
    assert isinstance(answer, StorageError) if fails else answer is MINE
    assert impatient.cancelled()
