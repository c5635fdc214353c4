"""Markdown for a pull request: what it says, and what nobody can make it do."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ringback.domain.outcome import Outcome
from ringback.domain.run import Result
from ringback.results.compare import compare
from ringback.results.export.markdown import escape, render
from ringback.results.summary import summarise

Samples = Any  # conftest.py cannot be imported; its class is documented there


def _report(result: Result) -> str:
    return render(result, summarise(result))


def test_the_first_lines_are_the_verdict(samples: Samples) -> None:
    first, _, second = _report(samples.result()).splitlines()[:3]
    assert first == "## 🔴 1 of 4 scenarios below the pass rate, 1 without sufficient evidence."
    assert second.startswith("**11 of 13 passed (85 %), 95 % interval 58 to 96 %, 1 error, 1 invalid, 1 inconclusive")
    assert "commit `4f2a9c1d8e77`" in second


def test_an_agent_without_a_name_is_called_by_its_address_and_one_without_either_not_at_all(samples: Samples) -> None:
    result = samples.result()
    unnamed = replace(result, agent_name="", agent_url="ws://one")
    assert ", agent ws" in _report(unnamed).splitlines()[2]
    assert ", agent" not in _report(replace(unnamed, agent_url="")).splitlines()[2]


@pytest.mark.parametrize(("outcome", "light"), [(Outcome.PASSED, "🟢"), (Outcome.FAILED, "🔴"), (Outcome.ERROR, "🟡")])
def test_the_light_is_the_exit_codes(samples: Samples, outcome: Outcome, light: str) -> None:
    assert _report(samples.result((samples.run(samples.scenario(), outcome),))).startswith(f"## {light} ")


def test_the_table_has_a_line_a_scenario(samples: Samples) -> None:
    report = _report(samples.result())
    assert "| 🔴 | Moves an appointment | 3 of 5 | 60 % | 23 to 88 % | 100 % |  | 1.2 s |" in report
    assert (
        "| 🟡 | Complains about a bill and wants to speak to a human at once | 0 of 0 | insufficient evidence |"
        in report
    )


def test_a_failure_shows_its_exchange_with_the_entry_marked(samples: Samples) -> None:
    report = _report(samples.result())
    assert "### failed: Moves an appointment (repeat 2)" in report
    assert '- ✗ **the agent never says "10:30"**: Entry 8 says it.' in report
    assert "\n▶   8 agent: You are booked for Friday at 10:30. Your number is C-2291.\n" in report
    assert report.index("### failed") < report.index("### error") < report.index("### unfinished")


def test_a_comparison_and_the_provenance_are_in_it(samples: Samples) -> None:
    result = samples.result()
    report = render(result, summarise(result), compare(samples.result(id=3), result))
    assert "### Against result 3" in report
    assert "- judge model: openai:gpt-5" in report


def test_a_comment_stays_within_what_a_comment_holds(samples: Samples) -> None:
    scenario = samples.scenario()
    runs = tuple(samples.run(scenario, Outcome.FAILED, repeat) for repeat in range(1, 500))
    report = _report(samples.result(runs))
    assert len(report) < 60_000
    assert re.search(r"… and \d+ more runs that did not pass: see the HTML report\.", report)


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=alert(1)>",
        "</details><script>alert(1)</script>",
        "[click](javascript:alert(1)) ![pixel](https://evil.example/p.png)",
        "``` \n# heading\n`````\n<b>out of the fence</b>",
        "| a | b |\n|---|---|",
        "thanks @octocat and @org/team, see #12, GH-34 and org/repo#5",
        "https://evil.example www.evil.example me@evil.example",
        "\x1b[31mred\x1b[0m \u202eevil",
        "$\\href{javascript:alert(1)}{x}$ :tada: ~~x~~ **x** __x__",
        "&lt;b&gt; &#64;octocat",
    ],
)
def test_nothing_that_others_wrote_takes_effect(hostile: Callable[[str], Result], text: str) -> None:
    """Outside of code blocks no HTML, no link, no mention and no heading but ours is left."""
    report = _report(hostile(text))
    prose = _without_code(report)
    ours = prose.replace("<details><summary>Where this comes from</summary>", "").replace("</details>", "")
    assert "<" not in ours
    assert re.search(r"(?<!\\)[`\[\]$~]", re.sub(r", commit `[^\n]*`", "", ours)) is None
    assert re.search(r"[@#]\w|://|www\.|GH-\d", ours) is None
    headings = [line for line in prose.splitlines() if line.startswith("#")]
    assert all(line.startswith(("## 🔴", "### failed: ")) for line in headings)
    assert "\x1b" not in report
    assert "\u202e" not in report


def _without_code(report: str) -> str:
    kept: list[str] = []
    fence = ""
    for line in report.splitlines():
        if fence:
            if line.strip() == fence:
                fence = ""
        elif found := re.match("(`{3,})text$", line):
            fence = found.group(1)
        else:
            kept.append(line)
    assert not fence, "a code block is left open"
    return "\n".join(kept)


def test_a_long_entry_is_cut(samples: Samples) -> None:
    conversation = samples.conversation()
    entries = tuple(replace(entry, content="x" * 5000) for entry in conversation.entries)
    run = samples.run(samples.scenario(), Outcome.FAILED, conversation=replace(conversation, entries=entries))
    assert "x" * 1000 + "…" in _report(samples.result((run,)))


def test_escaping_is_inline_and_keeps_the_words() -> None:
    assert escape("a*b_c\nd") == "a\\*b\\_c d"
    assert escape("<a & b>") == "&lt;a &amp; b&gt;"
    assert escape("At 10:30 (or so) - fine.") == "At 10:30 (or so) - fine."


@pytest.mark.parametrize("text", ["- item", "+ item", "1. item", "12) item", "---", "===", "# head", "* item"])
def test_no_text_begins_a_list_a_rule_or_a_heading(text: str) -> None:
    shown = escape(text)
    assert "\\" in shown
    assert shown.replace("\\", "").replace("\u200b", "") == text
