"""Each check, passing and failing, and what it says."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from ringback.domain.check import Check
from ringback.domain.conversation import Conversation
from ringback.domain.ending import EndingCode
from ringback.domain.evaluation import CheckScore, Evidence
from ringback.evaluation.arguments import same_value
from ringback.evaluation.checks import run_check
from ringback.evaluation.record import Record
from ringback.evaluation.wording import excerpt, fold, locate

Talk = Callable[..., Conversation]
_CHECK: TypeAdapter[Check] = TypeAdapter(Check)


def checked(conversation: Conversation, **fields: Any) -> CheckScore:
    return run_check(_CHECK.validate_python(fields), Record(conversation))


@pytest.fixture
def booking(talk: Talk) -> Conversation:
    return talk(
        "agent: Hello, Brightside Dental.",
        "caller: Friday at ten, please.",
        'call find#1: {"day": "Friday"}',
        'result find#1: {"slots": ["10:00"]}',
        'call book#2: {"day": "Friday", "time": "10:00", "price": 80, '
        '"days": ["Mon", {"slot": 1, "room": 2}], "who": {"name": "Ann", "age": 40}}',
        'result book#2: {"ok": true}',
        "agent: You\u2019re   booked for Friday, that is $80.",
        "caller: Thanks, bye.",
        metadata={"order": {"id": 7, "paid": False}, "a.b": 1},
        latency=0.5,
    )


def test_words_are_found_whatever_their_case_blanks_and_quotes(booking: Conversation) -> None:
    score = checked(booking, type="agent_said", text="you're BOOKED")
    assert score.passed
    assert score.evidence == (Evidence(entry=7, quote="You\u2019re   booked"),)
    assert score.name == "agent said “you're BOOKED”"


def test_the_caller_s_words_are_not_the_agent_s(booking: Conversation) -> None:
    score = checked(booking, type="agent_said", text="at ten")
    assert not score.passed
    assert score.explanation == (
        "None of the agent's 2 messages has “at ten”; "
        "the last one, entry 7, is “You\u2019re booked for Friday, that is $80.”."
    )
    assert score.evidence == (Evidence(entry=7),)


def test_a_pattern_is_found_as_written(booking: Conversation) -> None:
    assert checked(booking, type="agent_said", regex=r"\$\d+").evidence == (Evidence(entry=7, quote="$80"),)
    assert not checked(booking, type="agent_said", regex=r"BRIGHTSIDE").passed
    assert checked(booking, type="agent_said", regex=r"(?i)BRIGHTSIDE").passed


def test_what_was_never_to_be_said_is_shown_with_every_place(talk: Talk) -> None:
    conversation = talk("agent: No refunds.", "caller: Why?", "agent: no refunds, I said.")
    score = checked(conversation, type="agent_never_said", text="no refunds")
    assert not score.passed
    assert score.explanation == "The agent said it in entry 1: “No refunds.”. Also in entry 3."
    assert score.evidence == (Evidence(entry=1, quote="No refunds"), Evidence(entry=3, quote="no refunds"))
    assert checked(conversation, type="agent_never_said", text="refund granted").passed


def test_an_agent_without_words_said_nothing(talk: Talk) -> None:
    assert "said nothing" in checked(talk("caller: Hello?"), type="agent_said", text="x").explanation


def test_words_after_the_end_are_not_judged_but_tools_are(talk: Talk) -> None:
    """Nobody heard the echo; what the tool did is done."""
    conversation = talk("agent: Hi.", "caller: Bye.", "agent: Bye.", "call refund: {}", late=(3, 4))
    assert not checked(conversation, type="agent_said", text="bye").passed
    assert not checked(conversation, type="tool_not_called", tool="refund").passed


def test_a_catastrophic_pattern_is_undecided_not_a_stalled_run(talk: Talk) -> None:
    conversation = talk("agent: " + "a" * 60 + "!")
    began = time.monotonic()
    for kind in ("agent_said", "agent_never_said"):
        score = checked(conversation, type=kind, regex=r"(a|aa)+$")
        assert score.undecided
        assert not score.passed
        assert "too long" in score.explanation
    assert time.monotonic() - began < 30


def test_a_pattern_that_is_none_is_undecided(booking: Conversation) -> None:
    score = checked(booking, type="agent_said", regex="(")
    assert score.undecided
    assert "not a regular expression" in score.explanation


def test_a_called_tool_is_shown_with_its_arguments(booking: Conversation) -> None:
    score = checked(booking, type="tool_called", tool="book", arguments={"day": "Friday", "who": {"name": "Ann"}})
    assert score.passed
    assert score.explanation.startswith('Entry 5 is book({"day": "Friday"')
    assert score.evidence == (Evidence(entry=5),)


@pytest.mark.parametrize(
    ("arguments", "match", "tolerance", "passed", "said"),
    [
        ({"day": "Thursday"}, "subset", 0, False, '`day`: expected "Thursday", saw "Friday"'),
        ({"day": "Friday"}, "exact", 0, False, '`time` was not expected (saw "10:00")'),
        ({"doctor": "Lee"}, "subset", 0, False, '`doctor` is missing (expected "Lee")'),
        ({"who": {"name": "Bob"}}, "subset", 0, False, '`who.name`: expected "Bob", saw "Ann"'),
        ({"price": 79}, "subset", 1, True, ""),
        ({"price": 79}, "subset", 0.5, False, "`price`: expected 79, saw 80"),
        ({"price": "80"}, "subset", 1, False, '`price`: expected "80", saw 80'),
        ({"day": "^Fri", "time": r"\d\d:00"}, "regex", 0, True, ""),
        ({"day": "^Thu"}, "regex", 0, False, '`day`: expected something like /^Thu/, saw "Friday"'),
        ({"price": "8."}, "regex", 0, True, ""),
        ({"price": 79}, "regex", 1, True, ""),
        ({"days": ["Mon", {"slot": 1}]}, "subset", 0, True, ""),
        ({"days": ["Mon", {"slot": 1}]}, "exact", 0, False, "was not expected"),
        ({"days": ["Mon"]}, "subset", 0, False, "`days`: expected 1 items, saw"),
        ({"days": ["Mon", {"slot": 2}]}, "subset", 0, False, "`days[1].slot`: expected 2, saw 1"),
        ({"days": ["^M", {"slot": 1}]}, "regex", 0, True, ""),
        ({"days": "Mon"}, "subset", 0, False, '`days`: expected "Mon", saw ["Mon"'),
        ({"who": "Ann"}, "subset", 0, False, '`who`: expected "Ann", saw {"name"'),
    ],
)
def test_arguments_are_compared_as_asked(
    booking: Conversation, *, arguments: dict[str, Any], match: str, tolerance: float, passed: bool, said: str
) -> None:
    score = checked(booking, type="tool_called", tool="book", arguments=arguments, match=match, tolerance=tolerance)
    assert score.passed is passed
    assert said in score.explanation


@pytest.mark.parametrize(
    ("one", "other", "tolerance", "same"),
    [
        (1, 1.0, 0, True),
        (1, True, 0, False),
        ("1", 1, 0, False),
        (0.2, 0.3, 0.1, True),
        (10**400, 1.5, 1, False),
        ([1, [2]], [1, [2.0]], 0, True),
        ({"a": 1}, {"a": 1, "b": 2}, 0, False),
        (None, None, 0, True),
    ],
)
def test_values_are_equal_as_json_has_them(*, one: Any, other: Any, tolerance: float, same: bool) -> None:
    assert same_value(one, other, tolerance) is same


def test_a_check_that_crashes_is_undecided_and_spares_the_others(
    booking: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: no input is known to do this."""

    def broken(*_: object) -> CheckScore:
        raise RuntimeError("boom")

    monkeypatch.setattr("ringback.evaluation.state_checks.turns_within", broken)
    score = checked(booking, type="turns", max=1)
    assert score.undecided
    assert score.explanation == "The check crashed: RuntimeError: boom"


def test_a_tool_that_was_not_called_names_those_that_were(booking: Conversation) -> None:
    score = checked(booking, type="tool_called", tool="cancel")
    assert score.explanation == "cancel was never called. Called were: find (entry 3), book (entry 5)."
    assert [place.entry for place in score.evidence] == [3, 5]
    assert [place.entry for place in checked(booking, type="tool_succeeded", tool="cancel").evidence] == [3, 5]


def test_a_tool_that_is_shown_like_the_missed_one_is_told_apart(talk: Talk) -> None:
    score = checked(talk("agent: Hi.", "call pay\x1b[0m: {}"), type="tool_called", tool="pay")
    assert score.explanation == "pay was never called. Called were: pay␛[0m (entry 2)."
    ordered = checked(talk("agent: Hi.", "call pay\x1b[0m: {}"), type="tools_in_order", tools=["pay", "book"])
    assert "pay␛[0m (entry 2)" in ordered.explanation


def test_arguments_that_are_no_object_never_match(talk: Talk) -> None:
    score = checked(talk("agent: Hi.", 'call book: "not an object"'), type="tool_called", tool="book", arguments={})
    assert 'the arguments are not an object but "not an object"' in score.explanation


def test_calls_are_counted(booking: Conversation) -> None:
    assert checked(booking, type="tool_called_at_most", tool="book", times=1).passed
    assert checked(booking, type="tool_not_called", tool="cancel").explanation == "cancel was never called."
    score = checked(booking, type="tool_not_called", tool="find")
    assert not score.passed
    assert score.explanation == 'find was called: entry 3 is find({"day": "Friday"}).'


def test_order_allows_others_between_and_names_what_is_missing(booking: Conversation) -> None:
    assert checked(booking, type="tools_in_order", tools=["find", "book"]).passed
    score = checked(booking, type="tools_in_order", tools=["book", "find"])
    assert not score.passed
    assert score.explanation.startswith("find was not called after book (entry 5).")
    assert [place.entry for place in score.evidence] == [3, 5]


@pytest.mark.parametrize(
    "result",
    [
        '{"error": "full"}',
        '{"errors": ["x"]}',
        '{"success": false}',
        '{"ok": false}',
        '{"isError": true}',
        '{"status": 404}',
        '{"status_code": "500"}',
        '{"status": "failed"}',
        "Error: no such slot",
        "  failed to reach the calendar",
        '"error: quoted"',
        "Traceback (most recent call last)",
    ],
)
def test_an_error_result_is_no_success(talk: Talk, result: str) -> None:
    conversation = talk("agent: Hi.", "call book#1: {}", f"result book#1: {result}")
    score = checked(conversation, type="tool_succeeded", tool="book")
    assert not score.passed
    assert score.explanation.startswith("The result at entry 3 is an error")
    assert score.evidence == (Evidence(entry=2), Evidence(entry=3))


@pytest.mark.parametrize(
    "result",
    ["", "{}", '{"error": null}', '{"error": ""}', '{"status": 200}', '{"ok": true}', "errorless", "[1]", "{broken"],
)
def test_anything_else_is_a_success(talk: Talk, result: str) -> None:
    conversation = talk("agent: Hi.", "call book#1: {}", f"result book#1: {result}")
    assert checked(conversation, type="tool_succeeded", tool="book").passed


def test_a_call_without_result_did_not_succeed(talk: Talk) -> None:
    """Results without an id go to the first open call of that name."""
    conversation = talk("agent: Hi.", "call book: {}", "call book: {}", "result book: fine")
    score = checked(conversation, type="tool_succeeded", tool="book")
    assert score.explanation == "The call at entry 3 has no result."


def test_an_agent_that_uses_one_id_for_all_calls_is_understood(talk: Talk) -> None:
    conversation = talk("agent: Hi.", "call a#1: {}", "result a#1: fine", "call a#1: {}", "result a#1: Error")
    score = checked(conversation, type="tool_succeeded", tool="a")
    assert score.evidence == (Evidence(entry=4), Evidence(entry=5))


@pytest.mark.parametrize(
    ("key", "value", "passed"),
    [
        ("order.id", 7, True),
        ("order.id", 7.0, True),
        ("order.id", "7", False),
        ("order.paid", False, True),
        ("order.paid", 0, False),
        ("a.b", 1, True),
        ("order", {"id": 7, "paid": False}, True),
        ("order.missing", 1, False),
    ],
)
def test_metadata_is_compared_by_value(booking: Conversation, key: str, value: Any, passed: bool) -> None:
    assert checked(booking, type="metadata_equals", key=key, value=value).passed is passed


def test_missing_metadata_names_the_keys_there_are(booking: Conversation, talk: Talk) -> None:
    score = checked(booking, type="metadata_equals", key="node", value="x")
    assert score.explanation == "Metadata has no `node`. Its keys are order, a.b."
    assert "sent no metadata" in checked(talk("agent: Hi."), type="metadata_equals", key="a", value=1).explanation


def test_who_ended_is_compared(talk: Talk) -> None:
    conversation = talk("agent: Hi.", ended=EndingCode.MAX_TURNS)
    assert checked(conversation, type="ended_by", by="limit").passed
    score = checked(conversation, type="ended_by", by="agent")
    assert score.explanation == "Ended by limit (max_turns): It ended so: max_turns."


def test_turns_are_the_caller_s_utterances(booking: Conversation) -> None:
    assert checked(booking, type="turns", min=2, max=2).passed
    assert checked(booking, type="turns", max=1).explanation == "The caller spoke 2 times, at most 1 expected."
    assert checked(booking, type="turns", min=3).explanation == "The caller spoke 2 times, at least 3 expected."


def test_latency_names_the_slowest_answer(booking: Conversation) -> None:
    assert checked(booking, type="latency", max=0.5, p95=0.5).passed
    score = checked(booking, type="latency", max=0.4)
    assert score.explanation == ("The longest reply latency is 0.500 s, limit 0.4 s (2 answers, slowest at entry 1).")


def test_latency_is_undecided_when_our_own_lag_may_be_to_blame(talk: Talk) -> None:
    lagging = talk("agent: Hi.", latency=0.5, loop_lag=0.2)
    assert checked(lagging, type="latency", max=0.4).undecided
    assert not checked(lagging, type="latency", max=0.2).undecided
    assert checked(talk("agent: Hi."), type="latency", max=1).undecided


def test_a_name_replaces_the_sentence(booking: Conversation) -> None:
    assert checked(booking, type="tool_not_called", tool="x", name="no x").name == "no x"


@settings(deadline=None)
@given(st.text(max_size=60), st.integers(0, 60), st.integers(0, 60))
def test_every_piece_of_a_text_is_located_as_it_stands(text: str, start: int, length: int) -> None:
    """What is located in the original folds to what was looked for."""
    wanted = fold(text[start : start + length])
    place = locate(wanted, text)
    if place is not None:
        assert wanted in fold(text[place[0] : place[1]])
    elif text.isascii():
        assert not wanted


@settings(deadline=None)
@given(st.text(max_size=500))
def test_folding_twice_changes_nothing_and_excerpts_stay_short(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert len(excerpt(text)) <= 121


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(_JSON, _JSON)
def test_equality_of_values_is_symmetric_and_holds_for_the_same(one: Any, other: Any) -> None:
    assert same_value(one, one)
    assert same_value(one, other) == same_value(other, one)
