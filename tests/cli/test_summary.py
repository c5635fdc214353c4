"""The summary that stands at the end of `ringback run`, at any width."""

import io
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from ringback.cli.summary import print_summary
from ringback.domain.conversation import Conversation, Entry, Role
from ringback.domain.ending import Ending, EndingCode
from ringback.domain.evaluation import Evaluation
from ringback.domain.outcome import Outcome
from ringback.domain.run import Provenance, Result, Run, RunSpecification, RunStatus
from ringback.domain.scenario import Scenario, ScenarioType
from ringback.results.summary import summarise

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
GREETING = Entry(number=1, role=Role.AGENT, content="Hi.", start=0, end=0, turn=1, latency=0.25)
TALK = Conversation(
    started_at=BEGAN,
    duration=2.0,
    entries=(GREETING,),
    ending=Ending(code=EndingCode.CALLER_ENDED, sentence="The caller hung up."),
)


def run(number: int, name: str, outcome: Outcome) -> Run:
    scenario = Scenario(key=name, name=name, type=ScenarioType.SCRIPT, pass_rate=0.5)
    return Run(
        id=number,
        result_id=1,
        specification=RunSpecification(scenario=scenario, scenario_id=1, repeat=number),
        status=RunStatus.DONE,
        conversation=TALK,
        evaluation=Evaluation(outcome=outcome, reason="So it is."),
    )


def printed(width: int, *, terminal: bool = True) -> Sequence[str]:
    names = ["Books a visit", "Cancels and asks for the money back"]
    outcomes = (Outcome.PASSED, Outcome.FAILED, Outcome.INVALID)
    runs = [run(number, name, outcome) for name in names for number, outcome in enumerate(outcomes, 1)]
    result = Result(
        id=1,
        name="nightly",
        agent_name="clinic",
        agent_url="ws://localhost:1",
        created_at=BEGAN,
        finished_at=BEGAN + timedelta(seconds=5),
        provenance=Provenance(ringback_version="1"),
        runs=tuple(runs),
    )
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=terminal, no_color=True, highlight=False, soft_wrap=False)
    print_summary(console, result, summarise(result), None, stored=False)
    return [line.rstrip() for line in re.sub(r"\x1b\[\d*m", "", out.getvalue()).splitlines()]


@pytest.mark.parametrize("width", [20, 32, 49, 71])
def test_a_narrow_terminal_loses_nothing(width: int) -> None:
    lines = printed(width)
    words = " ".join(" ".join(lines).split())
    for figure in ("Books a visit", "Cancels and asks for the money back", "1 of 2", "50 %", "9 to 91 %", "0.25 s"):
        assert words.count(figure) >= 1 + (figure[0].isdigit()), figure
    assert "needs 50 %" in words
    assert "…" not in words


@pytest.mark.parametrize("width", [80, 110])
def test_a_terminal_of_the_usual_width_has_a_table(width: int) -> None:
    (heading,) = [line for line in printed(width) if "latency p95" in line]
    assert heading.split() == ["scenario", "passed", "rate", "95", "%", "interval", "latency", "p95"]


def test_lines_of_a_scenario_hang_below_its_name() -> None:
    lines = printed(40)
    at = next(number for number, line in enumerate(lines) if "Books a visit" in line)
    assert "✓" in lines[at] or "?" in lines[at]
    assert lines[at + 1].startswith("  1 of 2 passed")
