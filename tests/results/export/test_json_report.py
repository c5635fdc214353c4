"""The JSON report holds everything, under a version."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from ringback.domain.run import Result
from ringback.results.compare import compare
from ringback.results.export.json_report import SCHEMA_VERSION, render
from ringback.results.summary import summarise

Samples = Any  # conftest.py cannot be imported; its class is documented there


def _report(result: Result) -> dict[str, Any]:
    return json.loads(render(result, summarise(result)))


def test_the_whole_result_can_be_read_back(samples: Samples) -> None:
    result = samples.result()
    report = _report(result)
    assert report["schema_version"] == SCHEMA_VERSION
    assert TypeAdapter(Result).validate_python(report["result"]) == result
    assert report["comparison"] is None


def test_the_summary_has_rates_with_n_and_interval(samples: Samples) -> None:
    summary = _report(samples.result())["summary"]
    assert (summary["planned"], summary["valid"], summary["exit_code"]) == (17, 13, 1)
    assert summary["outcomes"] == {"passed": 11, "failed": 2, "invalid": 1, "inconclusive": 1, "error": 1}
    moves = summary["scenarios"][0]
    assert (moves["key"], moves["rate"], moves["sufficient"], moves["meets"]) == ("moves", 0.6, True, False)
    assert moves["interval"] == pytest.approx([0.2307, 0.8824], abs=1e-4)
    assert moves["pass_hat"]["1"] == pytest.approx(0.6)
    assert len(moves["runs"]) == 5


def test_a_comparison_is_in_it(samples: Samples) -> None:
    result = samples.result()
    report = json.loads(render(result, summarise(result), compare(samples.result(id=3), result)))
    assert report["comparison"]["baseline_id"] == 3
    assert report["comparison"]["got_worse"] is False
    assert report["comparison"]["scenarios"][0]["baseline"]["rate"] == 0.6


def test_every_key_of_the_report_is_documented(samples: Samples) -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "reports.md").read_text(encoding="utf-8")
    report = _report(samples.result())
    run = report["result"]["runs"][1]
    documented = (report, report["result"], run, run["conversation"], run["evaluation"])
    assert not [key for part in documented for key in part if f"`{key}`" not in page and key not in _TOLD_ELSEWHERE]


_TOLD_ELSEWHERE = frozenset({"result_id", "started_at"})
"""Plain repetitions."""


@pytest.mark.parametrize("text", ["\ud800 half", "\x00\x1b[31m", '"</script>\\', "\u2028"])
def test_any_text_makes_valid_json(hostile: Callable[[str], Result], text: str) -> None:
    result = hostile("plain")
    conversation = result.runs[0].conversation
    assert conversation is not None
    conversation = replace(conversation, metadata={"x": text})
    report = render(replace(result, runs=(replace(result.runs[0], conversation=conversation),)), summarise(result))
    report.decode("utf-8")
    found = json.loads(report)["result"]["runs"][0]["conversation"]["metadata"]["x"]
    assert found == text.replace("\ud800", "\ufffd")
