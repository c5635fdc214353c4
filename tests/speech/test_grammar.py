import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.errors import UsageError
from ringback.speech import grammar
from ringback.speech.grammar import network_of, with_abbreviations_spelled


def written(spoken: str, *known_lines: str) -> str | None:
    return network_of(known_lines).written(spoken.split())


@pytest.mark.parametrize(
    "spoken",
    ["you come at seventeen", "you come at five p m", "you come at seventeen hundred", "you come at five o'clock"],
)
def test_a_line_comes_back_as_it_is_written_however_its_numbers_are_spoken(spoken: str) -> None:
    assert written(spoken, "You come at 17:00.") == "You come at 17:00."


def test_lines_may_follow_each_other_in_one_turn() -> None:
    assert written("bye hello there bye", "Hello there!", "Bye.") == "Bye. Hello there! Bye."


@pytest.mark.parametrize("spoken", ["hello", "hello there you", "there", "hello there hello"])
def test_a_part_of_a_line_is_no_line(spoken: str) -> None:
    assert written(spoken, "Hello there!") is None


def test_choices_may_be_named_nested_and_empty() -> None:
    lines = ("<day> = Monday | (early | late) Tuesday", "Come (again | ) on <day>, (please | ok).")
    assert written("come on late tuesday please", *lines) == "Come on late Tuesday, please."
    assert written("come again on monday ok", *lines) == "Come again on Monday, ok."
    assert written("come on late monday ok", *lines) is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a (b", "lacks a closing parenthesis"),
        ("a) b", "a parenthesis too many"),
        ("<day> it is", "names <day>, which no line defines"),
        ("( | )", "has no words"),
        ("…", "has no words"),
        ("<a> = x <a>\n<a>", "define <a> by itself"),
        ("(" * 5000 + "a" + ")" * 5000, "more than 20 parentheses"),
    ],
)
def test_what_cannot_be_read_is_told(line: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        network_of([line])


def test_rules_that_grow_beyond_all_bounds_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grammar, "MOST_STATES", 2_000)
    rules = [f"<r{n}> = <r{n + 1}> <r{n + 1}> <r{n + 1}>" for n in range(18)]
    with pytest.raises(UsageError, match="more than 2,000 words"):
        network_of([*rules, "<r18> = x", "<r0>"])
    chain = [f"<r{n}> = <r{n + 1}>" for n in range(30)]
    with pytest.raises(UsageError, match="more than 20 rules inside each other"):
        network_of([*chain, "<r30> = x", "<r0>"])


def test_a_pronunciation_is_a_line_of_its_own() -> None:
    network = network_of(["Xanthippe /Z AE0 N TH IH1 P IY0/", "Hello Xanthippe."])
    assert network.pronunciations == {"xanthippe": "Z AE N TH IH P IY"}
    assert network.written(["hello", "xanthippe"]) == "Hello Xanthippe."


def test_unknown_words_in_capitals_are_spelled() -> None:
    network = with_abbreviations_spelled(network_of(["The NHS pays."]), frozenset({"nhs"}))
    assert network.written(["the", "n", "h", "s", "pays"]) == "The NHS pays."


@given(st.lists(st.text(alphabet="ab<>()|= /12:$.\n", max_size=40), max_size=4))
def test_any_text_is_read_or_told(lines: list[str]) -> None:
    try:
        network = network_of(lines)
    except UsageError:
        return
    assert network.written([]) == ""


def test_the_examples_of_the_page_are_read() -> None:
    page = (Path(__file__).parents[2] / "docs/how-to/known-lines.md").read_text(encoding="utf-8")
    lines, places, pronunciation, jsgf = re.findall(r"```\n(.*?)```", page, re.DOTALL)[:4]
    assert (
        network_of([lines]).written(["your", "total", "is", "twenty", "five", "dollars", "fifty", "cents"])
        == "Your total is $25.50."
    )
    assert network_of([places]).written(
        ["your", "appointment", "is", "booked", "tuesday", "at", "two", "p", "m", "i", "am", "sorry"]
    ) == ("Your appointment is booked: Tuesday at 14:00. I am sorry.")
    assert "xanthippe" in network_of([pronunciation + "Xanthippe."]).pronunciations
    assert (
        network_of([jsgf]).written(["you", "are", "booked", "on", "monday", "at", "nine"])
        == "you are booked on monday at 9:00"
    )
