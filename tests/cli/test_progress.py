"""What a person sees while a result runs."""

import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from rich.console import Console

from ringback.cli.progress import RunProgress
from ringback.cli.verbosity import Verbosity
from ringback.domain.conversation import Conversation, Entry, Role, ToolData
from ringback.domain.ending import Ending, EndingCode
from ringback.domain.evaluation import CheckScore, Evaluation, Evidence
from ringback.domain.event import (
    CallAwaited,
    CallOpened,
    CallTaken,
    EntryAdded,
    Notice,
    ResultStarted,
    RunFinished,
    RunStarted,
)
from ringback.domain.outcome import Outcome
from ringback.domain.run import Run, RunSpecification, RunStatus
from ringback.domain.scenario import Scenario, ScenarioType

SCENARIO = Scenario(key="books", name="Books a visit", type=ScenarioType.SCRIPT)
ENTRIES = (
    Entry(number=1, role=Role.CALLER, content="A visit, please.", start=0.0, end=0.0, turn=1),
    Entry(
        number=2,
        role=Role.TOOL_CALL,
        content="",
        start=0.1,
        end=0.1,
        turn=1,
        tool=ToolData(id="1", name="book", arguments={"day": "Monday"}),
    ),
    Entry(number=3, role=Role.AGENT, content="Booked\x1b[31m!", start=0.2, end=0.2, turn=1),
)


def finished(number: int, outcome: Outcome, saw: str = "nobody called it") -> Run:
    check = CheckScore(name="tool pay was called", passed=False, explanation=saw, evidence=(Evidence(entry=3),))
    return Run(
        id=number,
        result_id=1,
        specification=RunSpecification(scenario=SCENARIO, scenario_id=1, repeat=number),
        status=RunStatus.DONE,
        conversation=Conversation(
            started_at=datetime.now(UTC),
            duration=1.0,
            entries=ENTRIES,
            ending=Ending(code=EndingCode.CALLER_ENDED, sentence="The caller ended the call."),
        ),
        evaluation=Evaluation(
            outcome=outcome, reason="a check failed", checks=() if outcome is Outcome.PASSED else (check,)
        ),
    )


def began(number: int) -> RunStarted:
    return RunStarted(run_id=number, scenario_key="books", scenario_name="Books a visit", repeat=number, attempt=1)


def shown(*outcomes: Outcome, verbosity: Verbosity = Verbosity.NORMAL, terminal: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=110, highlight=False)
    with RunProgress(console, verbosity, {"books": len(outcomes)}) as progress:
        progress.show(ResultStarted(result_id=1, total=len(outcomes)))
        for number, outcome in enumerate(outcomes, start=1):
            progress.show(began(number))
            progress.show(CallOpened(run_id=number))
            for entry in ENTRIES:
                progress.show(EntryAdded(run_id=number, at=entry.start, entry=entry))
            progress.show(RunFinished(run=finished(number, outcome)))
    return out.getvalue()


def test_a_scenario_is_one_line_when_all_its_runs_are_done() -> None:
    assert shown(Outcome.PASSED, Outcome.PASSED).splitlines() == ["✓ Books a visit  2 passed"]


def test_a_failure_shows_its_check_and_the_exchange() -> None:
    text = shown(Outcome.FAILED)
    assert "tool pay was called: nobody called it" in text
    assert "A visit, please." in text
    assert "Booked!" in text


def test_like_failures_are_shown_once() -> None:
    text = shown(Outcome.FAILED, Outcome.FAILED, Outcome.FAILED)
    assert text.count("nobody called it") == 1
    assert "the same in 2 more: run 2, 3" in text


def test_of_many_like_failures_only_the_first_are_named() -> None:
    assert "the same in 6 more: run 2, 3, 4, 5, 6, 7\n" in shown(*[Outcome.FAILED] * 7)
    assert "the same in 59 more: run 2, 3, 4, 5, 6 and 54 others\n" in shown(*[Outcome.FAILED] * 60)


def test_quiet_says_nothing_of_what_passed() -> None:
    assert shown(Outcome.PASSED, verbosity=Verbosity.QUIET) == ""


def test_verbose_shows_every_line_as_it_comes() -> None:
    text = shown(Outcome.PASSED, verbosity=Verbosity.VERBOSE)
    assert "A visit, please." in text
    assert "book(" in text


@pytest.mark.parametrize(("verbosity", "told"), [(Verbosity.NORMAL, True), (Verbosity.QUIET, False)])
def test_who_has_to_be_called_until_when_is_a_line_of_its_own(verbosity: Verbosity, told: bool) -> None:
    closes = datetime(2026, 3, 1, 17, 32, 10).astimezone()
    out = io.StringIO()
    with RunProgress(Console(file=out, width=110), verbosity, {"books": 1}) as progress:
        progress.show(began(1))
        progress.show(
            CallAwaited(
                run_id=1, number="+15550100", contact_number="+15550111\x1b[31m", closes_at=closes.astimezone(UTC)
            )
        )
        progress.show(CallTaken(run_id=1))
    waits = "Books a visit: waiting for the agent's call from +15550111 to +15550100 until 17:32:10"
    assert (waits in out.getvalue().splitlines()) is told


def test_without_a_terminal_nothing_steers_one() -> None:
    assert "\x1b" not in shown(Outcome.FAILED, verbosity=Verbosity.VERBOSE)


async def test_a_terminal_shows_who_is_speaking_now(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    with RunProgress(Console(file=out, force_terminal=True, width=110), Verbosity.NORMAL, {"books": 9}) as progress:
        for number in range(1, 10):
            progress.show(began(number))
            progress.show(EntryAdded(run_id=number, at=0, entry=replace(ENTRIES[0], content=f"Line {number}")))
        progress.show(Notice(sentence="Stopping."))
    text = out.getvalue()
    assert "Line 8" in text
    assert "and 1 more" in text
    assert "0 of 9 conversations" in text
