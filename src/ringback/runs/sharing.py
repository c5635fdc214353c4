"""Who may begin next: shares the free places out between results, fairly and within every limit. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A result with runs that have not begun."""

    result_id: int
    agent_id: int | None
    waiting: int
    """Runs that could begin."""
    active: int
    """Runs that were let in and are not over."""
    limit: int | None = None
    """At most so many active at once (`concurrency_limit`)."""
    numbers: Sequence[str] | None = None
    """Free telephone numbers that its runs may have, the first ones first; None: they need none."""
    provided: int = 0
    """With `numbers`: so many of its waiting runs have one already, and begin before the others."""


def reserve_of(places: int) -> int:
    """How many of all places are kept for results that hold few: a tenth, at least three, at most a third."""
    return min(places // 3, max(3, places // 10))


def share_out(
    results: Sequence[Waiting],
    *,
    places: int,
    agent_active: Mapping[int, int],
    agent_limit: int | None = None,
    starts: int | None = None,
) -> dict[int, int]:
    """How many runs of each result begin now.

    Each place goes to the result that holds the fewest, the older one first, so that a small batch does not wait for a
    large one that came before it. The last places (see `reserve_of`) are for results that hold fewer than those: even
    where one batch has filled its part with long conversations, three runs of the next one begin at once.

    Args:
        results: those with waiting runs, oldest first.
        places: how many runs may be active at once, over all results.
        agent_active: active runs by agent.
        agent_limit: how many runs may be active at once with one agent.
        starts: how many may begin now, whatever is free; None: no bound.
    """
    reserve = reserve_of(places)
    in_agent = Counter(agent_active)
    shares: Counter[int] = Counter()
    # What is active in results that have nothing waiting takes places as well; it is part of `agent_active`.
    free = places - sum(agent_active.values())
    left = free if starts is None else min(free, starts)
    taken: set[str] = set()

    def number_for(result: Waiting) -> str | None:
        return next((number for number in result.numbers or () if number not in taken), None)

    def needs_number(result: Waiting) -> bool:
        return result.numbers is not None and shares[result.result_id] >= result.provided

    def can_take(result: Waiting) -> bool:
        holds = result.active + shares[result.result_id]
        return (
            shares[result.result_id] < result.waiting
            and (result.limit is None or holds < result.limit)
            and (agent_limit is None or in_agent[result.agent_id or 0] < agent_limit)
            and (free > reserve or holds < reserve)
            and (not needs_number(result) or number_for(result) is not None)
        )

    while left > 0:
        candidates = [result for result in results if can_take(result)]
        if not candidates:
            break
        chosen = min(candidates, key=lambda result: (result.active + shares[result.result_id], result.result_id))
        if needs_number(chosen) and (number := number_for(chosen)) is not None:
            taken.add(number)
        shares[chosen.result_id] += 1
        in_agent[chosen.agent_id or 0] += 1
        free -= 1
        left -= 1
    return dict(shares)
