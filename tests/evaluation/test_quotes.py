"""Which quotes hold."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringback.domain.conversation import Conversation
from ringback.domain.evaluation import Evidence
from ringback.evaluation.quotes import Quotable, Speaker, Verified, quotables, verify
from ringback.evaluation.record import Record

Talk = Callable[..., Conversation]
AGENT, CALLER, CALL, RESULT, FACTS = (
    Speaker.AGENT,
    Speaker.CALLER,
    Speaker.TOOL_CALL,
    Speaker.TOOL_RESULT,
    Speaker.FACTS,
)


@pytest.fixture
def lines(talk: Talk) -> dict[int, Quotable]:
    conversation = talk(
        "agent: Sorry, we cannot book Friday.\n\u201cFull\u201d \u2013 all day, I\u2019m afraid.",
        "caller: Monday then?",
        'call book#1: {"day": "Monday", "at": 10}',
        'result book#1: {"confirmed": 100}',
        "agent: OK",
        "agent: I can not under any circumstances refund the fee. Anything else I can do?",
        metadata={"node": "booking"},
    )
    return quotables(Record(conversation))


@pytest.mark.parametrize(
    ("entry", "speaker", "quote", "found"),
    [
        (1, AGENT, "we cannot book Friday", ["we cannot book Friday"]),
        (1, AGENT, "WE CANNOT   book\nfriday", ["we cannot book Friday"]),
        (1, AGENT, 'Friday. "full" - all day, I\'m', ["Friday.\n\u201cFull\u201d \u2013 all day, I\u2019m"]),
        (1, AGENT, '"Sorry, we cannot book Friday"', ["Sorry, we cannot book Friday"]),
        (1, AGENT, "Sorry, we cannot book.", ["Sorry, we cannot book"]),
        (1, AGENT, "Sorry \u2026 all day", None),
        (1, AGENT, "Sorry, we [...] all day", None),
        (1, AGENT, "book Friday \u2026 I'm afraid", ["book Friday", "I\u2019m afraid"]),
        (1, AGENT, "I'm afraid ... book Friday", None),
        (6, AGENT, "I can ... refund the fee", None),
        (1, AGENT, "we can", None),
        (1, AGENT, "book Fri", None),
        (1, AGENT, "we can book Friday", None),
        (1, AGENT, "", None),
        (1, AGENT, "\u2026", None),
        (5, AGENT, "ok.", ["OK"]),
        (6, AGENT, "the", None),
        (1, CALLER, "we cannot book Friday", None),
        (2, AGENT, "Monday then?", None),
        (7, AGENT, "Monday then?", None),
        (-1, AGENT, "Monday then?", None),
        (3, CALL, '"day": "Monday"', [""]),
        (3, CALL, '{"day":"Monday","at":10}', [""]),
        (4, RESULT, '"confirmed": 100', [""]),
        (4, RESULT, '"confirmed": 10', None),
        (4, RESULT, '"confirmed":10', None),
        (0, FACTS, "ended by caller", ["ended by caller"]),
        (0, FACTS, '"node": "booking"', ['"node": "booking"']),
        (0, AGENT, "ended by caller", None),
        (1, AGENT, "we cannot book Friday " * 200, None),
    ],
)
def test_a_quote_holds_where_it_stands(
    lines: dict[int, Quotable], *, entry: int, speaker: Speaker, quote: str, found: list[str] | None
) -> None:
    verified = verify(entry, speaker, quote, lines)
    if found is None:
        assert isinstance(verified, str)
        assert verified
    else:
        assert isinstance(verified, Verified), verified
        assert verified.evidence == tuple(Evidence(entry=entry, quote=words) for words in found)


def test_the_reason_never_repeats_the_record(lines: dict[int, Quotable]) -> None:
    """It goes back to the judge outside the fences, where the record's words would be instructions."""
    assert verify(1, AGENT, "never said this", lines) == "“never said this” does not stand in entry 1."


def test_scripts_without_blanks_have_no_words_to_cut(talk: Talk) -> None:
    lines = quotables(Record(talk("agent: 金曜日の十時に予約しました。")))
    assert isinstance(verify(1, AGENT, "十時に予約しました", lines), Verified)


def test_a_huge_line_keeps_its_ends(talk: Talk) -> None:
    lines = quotables(Record(talk(f"agent: the beginning {'x ' * 100_000} the very end")))
    assert isinstance(verify(1, AGENT, "the beginning", lines), Verified)
    assert isinstance(verify(1, AGENT, "the very end", lines), Verified)
    assert len(lines[1].text) < 51_000


@settings(deadline=None)
@given(st.text(min_size=1, max_size=80), st.text(max_size=80))
def test_what_holds_stands_there_verbatim(quote: str, text: str) -> None:
    verified = verify(1, AGENT, quote, {1: Quotable(AGENT, text)})
    if isinstance(verified, Verified):
        assert all(evidence.quote in text for evidence in verified.evidence)
