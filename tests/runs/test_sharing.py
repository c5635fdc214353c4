"""Who may begin next."""

from hypothesis import given
from hypothesis import strategies as st

from ringback.runs.sharing import Waiting, reserve_of, share_out


def waiting(result_id: int, count: int, *, active: int = 0, limit: int | None = None, agent: int = 1) -> Waiting:
    return Waiting(result_id=result_id, agent_id=agent, waiting=count, active=active, limit=limit)


def test_a_lone_batch_gets_all_places_but_the_reserve() -> None:
    assert share_out([waiting(1, 1000)], places=50, agent_active={}) == {1: 45}


def test_a_small_batch_that_comes_after_a_large_one_begins_at_once() -> None:
    large, small = waiting(1, 9_955, active=45), waiting(2, 3)

    assert share_out([large, small], places=50, agent_active={1: 45}) == {2: 3}


def test_places_go_to_whoever_holds_the_fewest() -> None:
    shares = share_out([waiting(1, 100), waiting(2, 100), waiting(3, 2)], places=20, agent_active={})

    assert shares == {1: 8, 2: 7, 3: 2}  # three places are kept for whoever comes next


def test_one_place_alone_is_no_reserve() -> None:
    assert share_out([waiting(1, 5)], places=1, agent_active={}) == {1: 1}


def test_a_result_stays_within_its_own_limit() -> None:
    assert share_out([waiting(1, 100, active=3, limit=4)], places=50, agent_active={1: 3}) == {1: 1}


def test_an_agent_is_not_talked_to_more_often_than_its_limit_over_all_results() -> None:
    shares = share_out(
        [waiting(1, 9, agent=7), waiting(2, 9, agent=7), waiting(3, 9, agent=8)],
        places=50,
        agent_active={7: 2},
        agent_limit=5,
    )

    assert shares[1] + shares[2] == 3
    assert shares[3] == 5


def test_no_more_begin_than_the_rate_of_starts_lets() -> None:
    assert sum(share_out([waiting(1, 100), waiting(2, 100)], places=50, agent_active={}, starts=3).values()) == 3


def test_nothing_begins_without_places() -> None:
    assert share_out([waiting(1, 100)], places=0, agent_active={}) == {}


def test_places_that_are_taken_beyond_the_number_there_is_now_leave_none() -> None:
    """Workers went away while their runs were under way."""
    assert share_out([waiting(1, 100, active=60)], places=50, agent_active={1: 60}) == {}


def calling(result_id: int, count: int, numbers: list[str], *, provided: int = 0) -> Waiting:
    return Waiting(result_id=result_id, agent_id=1, waiting=count, active=0, numbers=numbers, provided=provided)


def test_no_more_runs_of_agents_that_call_us_begin_than_numbers_are_free() -> None:
    shares = share_out([calling(1, 200, ["a", "b"]), calling(2, 200, ["a", "b"])], places=50, agent_active={})

    assert shares == {1: 1, 2: 1}


def test_runs_that_have_a_number_begin_although_none_is_free() -> None:
    assert share_out([calling(1, 9, [], provided=2)], places=50, agent_active={}) == {1: 2}
    assert share_out([calling(1, 9, ["a"], provided=2)], places=50, agent_active={}) == {1: 3}


def test_who_insists_on_a_number_that_is_taken_does_not_keep_others_waiting() -> None:
    shares = share_out([calling(1, 3, []), calling(2, 3, ["a"]), waiting(3, 3)], places=50, agent_active={})

    assert shares == {2: 1, 3: 3}


_RESULTS = st.lists(
    st.builds(
        Waiting,
        result_id=st.integers(1, 10_000),
        agent_id=st.integers(1, 4),
        waiting=st.integers(1, 60),
        active=st.integers(0, 20),
        limit=st.none() | st.integers(1, 30),
    ),
    max_size=8,
    unique_by=lambda result: result.result_id,
)


@given(_RESULTS, st.integers(0, 80), st.none() | st.integers(1, 40), st.none() | st.integers(0, 50))
def test_no_limit_is_ever_passed(
    results: list[Waiting], places: int, agent_limit: int | None, starts: int | None
) -> None:
    agent_active: dict[int, int] = {}
    for result in results:
        agent_active[result.agent_id or 0] = agent_active.get(result.agent_id or 0, 0) + result.active

    shares = share_out(results, places=places, agent_active=agent_active, agent_limit=agent_limit, starts=starts)

    by_id = {result.result_id: result for result in results}
    assert sum(shares.values()) <= max(0, places - sum(agent_active.values()))
    assert starts is None or sum(shares.values()) <= starts
    for result_id, share in shares.items():
        result = by_id[result_id]
        assert 0 < share <= result.waiting
        assert result.limit is None or result.active + share <= result.limit
        others = sum(s for r, s in shares.items() if by_id[r].agent_id == result.agent_id)
        assert agent_limit is None or agent_active[result.agent_id or 0] + others <= agent_limit


@given(st.integers(9, 1000))
def test_a_batch_of_three_begins_at_once_however_large_the_one_before_it_is(places: int) -> None:
    held = share_out([waiting(1, 10_000)], places=places, agent_active={})[1]
    assert share_out(
        [waiting(1, 10_000 - held, active=held), waiting(2, 3)], places=places, agent_active={1: held}
    ) == {2: 3}


@given(st.integers(1, 1000))
def test_the_reserve_leaves_most_places_to_everybody(places: int) -> None:
    assert 0 <= reserve_of(places) <= places / 3
