"""A real language model, so weak that it swaps roles and invents quotes, as caller and as judge.

Nothing it says crashes a run, and no run passes on a quote that is not in the record. What came of it is written to
`.tools/weak_model/figures.json`; one such run is kept in `data/run_figures.json`, and told of in
`docs/explanation/guard-and-judge-evidence.md`.
"""

import asyncio
import json
from pathlib import Path
from typing import Any, Protocol

import guard_on_lines
import pytest
import weak_model_agents
import weak_model_figures

HERE = Path(__file__).parent
FIGURES = HERE.parents[1] / ".tools" / "weak_model" / "figures.json"
EXIT_CODES = {0, 1, 3}

pytestmark = pytest.mark.timeout(3600)


class Done(Protocol):
    code: int | None
    text: str


class CommandLine(Protocol):
    folder: Path
    model_log: Path

    async def __call__(self, *arguments: str, **environment: str) -> Done: ...


async def hold(ringback: CommandLine, suite: str, *flags: str) -> list[dict[str, Any]]:
    """Every scenario of a suite, against the agent that its tag names, all agents side by side."""

    async def against(agent: str) -> list[dict[str, Any]]:
        report = ringback.folder / f"{agent}.json"
        async with weak_model_agents.serving(agent) as url:
            done = await ringback(
                *("run", str(HERE / "suites" / suite), "--agent", url, "--tag", agent),
                *("--json", str(report), "--no-store", "--concurrency", "1", "--seed", "1", *flags),
            )
        assert done.code in EXIT_CODES, done.text
        assert "Traceback" not in done.text
        return weak_model_figures.runs_of(report)

    batches = await asyncio.gather(*map(against, weak_model_agents.NAMES))
    return [run for batch in batches for run in batch]


def keep(name: str, runs: list[dict[str, Any]], ringback: CommandLine) -> None:
    """For the documentation, and for whoever watches with `pytest -s`."""
    counted = weak_model_figures.figures(runs)
    counted["quotes of the judge"] = weak_model_figures.quotes_given(ringback.model_log)
    counted["replies of the caller's model"] = weak_model_figures.replies_given(ringback.model_log)
    kept: dict[str, Any] = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    FIGURES.write_text(json.dumps(kept | {name: counted}, indent=2) + "\n")


def assert_trustworthy(runs: list[dict[str, Any]]) -> None:
    """What must hold whatever the model said."""
    for run in runs:
        assert run["status"] == "done"
        assert run["evaluation"]["reason"]
        ending = (run["conversation"] or {"ending": {"code": ""}})["ending"]["code"]
        assert ending != "internal_error"
        if run["conversation"] is not None:
            assert weak_model_figures.quotes_not_in_the_record(run) == []
            assert weak_model_figures.met_without_words_of_the_agent(run) == []
        if run["evaluation"]["outcome"] == "passed":
            expected = run["evaluation"]["expected_outcome"]
            assert expected is None or (expected["quotes_verified"] and expected["score"] == 100)


async def test_personas_of_the_weak_model_crash_nothing_and_pass_on_no_invented_quote(ringback: CommandLine) -> None:
    runs = await hold(ringback, "personas.yaml")
    keep("personas", runs, ringback)
    assert_trustworthy(runs)
    assert len(runs) == 16
    errors = [run["evaluation"]["reason"] for run in runs if run["evaluation"]["outcome"] == "error"]
    assert not errors, "a model that answers is no reason for an error"


async def test_the_weak_judge_passes_no_run_on_an_invented_quote(ringback: CommandLine) -> None:
    runs = await hold(ringback, "judged.yaml")
    keep("judged", runs, ringback)
    assert_trustworthy(runs)
    assert len(runs) == 7
    tags = {"not-cancelled", "no-discount"}
    wrongly = [run for run in runs if run["specification"]["scenario"]["key"] in tags]
    assert [run for run in wrongly if run["evaluation"]["outcome"] == "passed"] == []


@pytest.mark.agreeable
async def test_a_judge_that_says_yes_to_everything_passes_only_what_it_can_quote(ringback: CommandLine) -> None:
    """Its grammar makes every answer `met`; the quotes are its own, and most of them are invented."""
    runs = await hold(ringback, "judged.yaml", "--repeat", "3")
    keep("judged by a yes-sayer", runs, ringback)
    assert_trustworthy(runs)
    given = weak_model_figures.quotes_given(ringback.model_log)
    assert given.get("quotes that stand nowhere in the record", 0) > 0, "else nothing was tested here"
    for run in runs:
        if run["evaluation"]["outcome"] == "passed":
            assert run["evaluation"]["expected_outcome"]["parts"][0]["evidence"]


def test_the_guard_does_on_real_lines_what_the_documentation_says() -> None:
    """The labels are a reader's, who had not seen the guard; needs no model, only its lines."""
    assert guard_on_lines.all_figures() == json.loads(guard_on_lines.FIGURES.read_text("utf-8"))
