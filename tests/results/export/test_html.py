"""The HTML report as text: what it shows, how large it gets, and that nothing in it can act."""

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from ringback.domain.conversation import FindingCode, MetadataUpdate
from ringback.domain.evaluation import CheckScore
from ringback.domain.outcome import Outcome
from ringback.domain.run import Result
from ringback.results.compare import compare
from ringback.results.export.html import OPENED, OTHERS_IN_FULL, PASSED_IN_FULL, render
from ringback.results.export.html_run import clock, marked
from ringback.results.summary import summarise

Samples = Any  # conftest.py cannot be imported; its class is documented there


def _report(result: Result) -> str:
    return render(result, summarise(result))


def test_the_verdict_has_its_n_and_interval(samples: Samples) -> None:
    page = _report(samples.result())
    assert "1 of 4 scenarios below the pass rate, 1 without sufficient evidence." in page
    assert "<b>11 of 13 passed (85 %)</b> <span>95 % interval 58 to 96 %</span>" in page
    assert '<header class="bad">' in page


@pytest.mark.parametrize(
    ("outcome", "light"), [(Outcome.PASSED, "good"), (Outcome.FAILED, "bad"), (Outcome.INVALID, "unsure")]
)
def test_the_light_is_the_exit_codes(samples: Samples, outcome: Outcome, light: str) -> None:
    assert f'<header class="{light}">' in _report(samples.result((samples.run(samples.scenario(), outcome),)))


def test_runs_that_did_not_pass_come_first_and_open(samples: Samples) -> None:
    page = _report(samples.result())
    heads = re.findall(r'<details class="run (\w+)" id="run-\d+" data-outcome="\w+"( open)?>', page)
    assert [outcome for outcome, _ in heads] == [
        *("failed", "failed", "error", "invalid", "inconclusive", "unfinished"),
        *["passed"] * 11,
    ]
    assert [bool(opened) for _, opened in heads] == [True] * 6 + [False] * 11


def test_evidence_is_marked_within_the_words_of_its_turn(samples: Samples) -> None:
    page = _report(samples.result())
    assert 'You are <mark class="bad">booked for Friday at 10:30</mark>. Your number is C-2291.' in page
    assert "✗ The caller is told the time that was really booked" in page
    assert '<mark class="good">Maria Lindqvist</mark>' in page


def test_everything_about_a_run_is_there(samples: Samples) -> None:
    page = _report(samples.result())
    for words in (
        "verdict of the judge turned down: the quote “Friday at noon” is not in entry 8",
        "4.5 of 5",
        "A frame of the unknown type &#34;typing&#34; was recorded.",
        "The caller hung up: the appointment is moved.",
        "4 model calls, 3,100 tokens in, 120 out, $0.0021",
        "1.2 s",
        "Earlier attempt 1: The caller leaked its prompt.",
        "repeat 1, Impatient, VIP",
        "The run was not finished.",
        "sha256 9b74c9897bac770ffc029102a200c5de",
        "openai:gpt-5-mini",
        "50 of 100",
        "0.7 s (p50 0.8, p95 1.2)",
    ):
        assert words in page, words


def test_what_never_happened_is_said_at_the_end_of_the_transcript(samples: Samples) -> None:
    evaluation = samples.evaluation(
        Outcome.FAILED,
        checks=(CheckScore(name="cancels the old one", passed=False, explanation="never called"),),
        expected_outcome=None,
    )
    page = _report(samples.result((samples.run(samples.scenario(), Outcome.FAILED, evaluation=evaluation),)))
    assert '✗ cancels the old one <span class="nowhere">never called</span>' in page
    assert page.index("Goodbye!") < page.index('class="nowhere"')


def test_what_did_not_hold_is_listed_first(samples: Samples) -> None:
    page = _report(samples.result((samples.run(samples.scenario(), Outcome.FAILED),)))
    signs = re.findall(r'class="sign" aria-hidden="true">(.)<', page)
    assert signs[:5] == ["✗", "✗", "✓", "✓", "·"]


def test_metadata_that_changes_nothing_is_counted_not_shown(samples: Samples) -> None:
    """Agents send metadata every few seconds to keep the line alive."""
    updates = tuple(MetadataUpdate(at=float(at), values={"alive": True}) for at in range(50))
    conversation = samples.conversation(metadata_updates=updates)
    run = samples.run(samples.scenario(), Outcome.PASSED, conversation=conversation)
    page = _report(samples.result((run,)))
    assert page.count('class="moment metadata') == 1
    assert "<dt>metadata</dt><dd>50 updates</dd>" in page


def test_an_agent_without_a_name_is_named_once(samples: Samples) -> None:
    page = _report(samples.result(agent_name="ws://x", agent_url="ws://x"))
    assert page.count("ws://x") == 2


def test_a_comparison_is_a_table(samples: Samples) -> None:
    result = samples.result()
    scenario = samples.scenario()
    before = samples.result(tuple(samples.run(scenario, Outcome.PASSED, repeat) for repeat in range(1, 21)), id=3)
    after = samples.result(tuple(samples.run(scenario, Outcome.FAILED, repeat) for repeat in range(1, 21)), id=9)
    page = render(after, summarise(after), compare(before, after))
    assert "Against result 3" in page
    assert "-100 points" in page
    assert "worse" in page
    other = render(result, summarise(result), compare(before, result))
    assert "Only in this result: books, asks, angry." in other


def test_a_large_result_makes_a_bounded_page(samples: Samples) -> None:
    """Thousands of runs: the rest are one line each, and the page says so."""
    scenario = samples.scenario()
    passed = tuple(samples.run(scenario, Outcome.PASSED, repeat) for repeat in range(1, PASSED_IN_FULL + 301))
    failed = tuple(samples.run(scenario, Outcome.FAILED, repeat) for repeat in range(1, OTHERS_IN_FULL + 11))
    page = _report(samples.result(passed + failed))
    assert page.count("<details class=") - page.count('<details class="more"') == PASSED_IN_FULL + OTHERS_IN_FULL
    assert page.count(" open>") == OPENED
    assert "310 more runs, one line each to keep the page small" in page
    assert page.count('<li class="run ') == 310


def test_long_words_are_cut_and_said_to_be(samples: Samples) -> None:
    conversation = samples.conversation()
    entries = (replace(conversation.entries[0], content="x" * 50_000),)
    run = samples.run(samples.scenario(), Outcome.FAILED, conversation=replace(conversation, entries=entries))
    page = _report(samples.result((run,)))
    assert "… (30,000 characters more; the JSON report has them all)" in page
    assert len(page) < 60_000


def test_nothing_asserted_is_said(samples: Samples) -> None:
    evaluation = samples.evaluation(Outcome.PASSED, nothing_asserted=True, checks=(), expected_outcome=None, metrics=())
    page = _report(samples.result((samples.run(samples.scenario(), Outcome.PASSED, evaluation=evaluation),)))
    assert page.count("nothing was asserted") == 1
    assert "<dt>asserted</dt><dd>nothing</dd>" in page


def test_a_result_without_runs_is_a_page_too(samples: Samples) -> None:
    assert "No scenario ran." in _report(samples.result((), interrupted=True))


def test_findings_without_an_end_stand_in_the_transcript(samples: Samples) -> None:
    """Remarks and metadata stand where they came, between the entries."""
    page = _report(samples.result((samples.run(samples.scenario(), Outcome.FAILED),)))
    order = [page.index(words) for words in ("Let me check", "unknown type", "You are <mark")]
    assert order == sorted(order)
    assert FindingCode.UNKNOWN_TYPE not in page


HOSTILE = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% for x in y %}",
    "<!-- --!> <![CDATA[ ]]>",
    "\x1b[31mred\x00\u202eevil\ud800",
    "&lt;script&gt;",
]


class _Elements(HTMLParser):
    """Names and attributes of all elements, and the text between them."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_add_no_element_and_no_attribute(hostile: Callable[[str], Result], text: str) -> None:
    """The page has the same skeleton as with harmless words; its links lead where they led."""
    harmless, page = _report(hostile("harmless words")), _report(hostile(text))
    assert _skeleton(page) == _skeleton(harmless)
    assert re.search("[\x00\x1b\u202e]", page) is None
    page.encode("utf-8")


def _skeleton(page: str) -> list[tuple[str, set[str], str | None]]:
    """Every element with the names of its attributes and its link; where a quote is marked depends on the words."""
    elements = _Elements()
    elements.feed(page)
    return [(tag, set(found), found.get("href")) for tag, found in elements.elements if tag != "mark"]


def test_the_page_may_ask_nobody_and_runs_no_script_but_its_own(samples: Samples) -> None:
    page = _report(samples.result())
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert "default-src &#39;none&#39;" in policy
    assert "unsafe-inline&#39;; script-src &#39;sha256-" in policy
    elements = _Elements()
    elements.feed(page)
    assert not [tag for tag, found in elements.elements if found.get("src") or tag in {"link", "img", "iframe", "base"}]
    assert re.search(r"url\(|@import", page) is None


@pytest.mark.parametrize(
    ("text", "quotes", "html"),
    [
        ("nothing here", [], "nothing here"),
        ("say 10:30 twice, 10:30", [("bad", "10:30")], "say [bad:10:30] twice, [bad:10:30]"),
        ("at noon on Friday", [("good", "noon on friday")], "at [good:noon on Friday]"),
        ("white\n  space", [("good", "white space")], "[good:white\n  space]"),
        ("abcdef", [("good", "abcd"), ("bad", "cdef")], "[good:ab][bad:cdef]"),
        ("a <b> c", [("bad", "<b>")], "a [bad:&lt;b&gt;] c"),
        ("(.*)", [("bad", ".*")], "([bad:.*])"),
        ("never there", [("bad", "something else"), ("bad", " ")], "never there"),
    ],
)
def test_quotes_are_marked(text: str, quotes: list[tuple[str, str]], html: str) -> None:
    shown = re.sub(r'<mark class="(\w+)">(.*?)</mark>', r"[\1:\2]", str(marked(text, quotes)), flags=re.DOTALL)
    assert shown == html


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00.0"), (4.26, "0:04.3"), (59.94, "0:59.9"), (59.97, "1:00.0"), (125, "2:05.0")]
)
def test_times_are_minutes_and_seconds(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown
