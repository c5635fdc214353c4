"""The files that `ringback init` writes."""

from pathlib import Path

import pytest

from ringback.callers.build import model_needs
from ringback.errors import UsageError
from ringback.evaluation.evaluator import judge_needs
from ringback.library.files import load_suites
from ringback.library.init import init_project
from ringback.library.project import load_project, resolve_agent


def test_the_files_can_be_used_at_once_and_need_no_model(tmp_path: Path) -> None:
    written = init_project(tmp_path / "new" / "folder")
    assert [path.name for path in written] == ["suite.yaml", "ringback.toml"]
    loaded = load_suites([written[0]])
    assert loaded.warnings == ()
    for scenario in loaded.scenarios:
        assert (*model_needs(scenario), *judge_needs(scenario)) == ()
    assert resolve_agent(load_project(written[1]), "demo", {}).shown_url == "ws://localhost:8765"


def test_what_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "suite.yaml").write_text("mine")
    assert [path.name for path in init_project(tmp_path)] == ["ringback.toml"]
    assert (tmp_path / "suite.yaml").read_text() == "mine"
    assert init_project(tmp_path) == []


def test_it_overwrites_when_told_to(tmp_path: Path) -> None:
    (tmp_path / "suite.yaml").write_text("mine")
    assert len(init_project(tmp_path, overwrite=True)) == 2
    assert (tmp_path / "suite.yaml").read_text() != "mine"


def test_what_is_commented_out_in_the_suite_is_right_too(tmp_path: Path) -> None:
    """Whoever removes the `#` gets a scenario for a language model."""
    path = init_project(tmp_path)[0]
    head, tail = path.read_text(encoding="utf-8").split("remove the `#`:\n")
    path.write_text(head + "\n" + tail.replace("  # ", "  "), encoding="utf-8")
    assert load_suites([path]).scenarios[-1].instructions


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UsageError, match="cannot be written"):
        init_project(tmp_path / "file" / "folder")
