"""The pages on checks, metrics and outcomes name everything there is, and their examples are valid suites."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest

from ringback.domain.check import Check
from ringback.domain.outcome import Outcome
from ringback.domain.scenario import MetricKind
from ringback.evaluation.computed import COMPUTED, SPEECH
from ringback.evaluation.speech_turns import EDGE, REACTION, SOUND_GAP, UTTERANCE_PAUSE
from ringback.library.files import load_suites

_DOCS = Path(__file__).parents[2] / "docs"
_TYPES = {get_args(kind.model_fields["type"].annotation)[0] for kind in get_args(get_args(Check)[0])}


def _example(page: str, folder: Path) -> Any:
    text = (_DOCS / page).read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 1
    suite = folder / "suite.yaml"
    suite.write_text(blocks[0], encoding="utf-8")
    loaded = load_suites([suite])
    assert not loaded.warnings
    (scenario,) = loaded.scenarios
    return scenario


def test_every_check_is_in_the_table_and_in_the_example(tmp_path: Path) -> None:
    page = (_DOCS / "reference/checks.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) >= _TYPES
    assert {check.type for check in _example("reference/checks.md", tmp_path).checks} == _TYPES


def test_every_metric_and_kind_is_named(tmp_path: Path) -> None:
    page = (_DOCS / "reference/metrics.md").read_text(encoding="utf-8")
    for name in [*(COMPUTED.keys() - SPEECH.keys()), *MetricKind]:
        assert f"| `{name}` |" in page
    assert len(_example("reference/metrics.md", tmp_path).metrics) == 4


def test_every_speech_metric_stands_beside_the_reference_s_name(tmp_path: Path) -> None:
    page = (_DOCS / "reference/speech-metrics.md").read_text(encoding="utf-8")
    for metric in SPEECH.values():
        assert f"| `{metric.slug}` | {metric.reference or 'none'} |" in page
    assert _example("reference/speech-metrics.md", tmp_path).rubric
    for seconds in (SOUND_GAP, UTTERANCE_PAUSE, EDGE, REACTION):
        assert f"{seconds} s" in page


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_is_explained(outcome: Outcome) -> None:
    assert f"| `{outcome}` |" in (_DOCS / "explanation/outcomes.md").read_text(encoding="utf-8")


def test_the_rubric_s_example_is_valid(tmp_path: Path) -> None:
    assert len(_example("explanation/outcomes.md", tmp_path).rubric.rules) == 2
