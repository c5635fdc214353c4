"""Pages and examples: what they show can be used, and what can be written is on the pages."""

import re
from pathlib import Path

import pytest

from ringback.library.agent_entry import AgentEntry
from ringback.library.files import load_suites
from ringback.library.project import load_project, resolve_agent
from ringback.library.schema import suite_schema
from ringback.library.validation import CHECK_TYPES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/reference/suite-file.md"
PROJECT_PAGE = ROOT / "docs/reference/project-file.md"
EXAMPLES = sorted((ROOT / "examples/suites").iterdir())


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_examples_can_be_used(path: Path) -> None:
    assert load_suites([path]).warnings == ()


@pytest.mark.parametrize("number", range(len(blocks(PAGE, "yaml"))))
def test_the_suites_of_the_page_can_be_used(tmp_path: Path, number: int) -> None:
    path = tmp_path / "suite.yaml"
    path.write_text(blocks(PAGE, "yaml")[number], encoding="utf-8")
    assert load_suites([path]).warnings == ()


def test_the_project_file_of_the_page_can_be_used(tmp_path: Path) -> None:
    path = tmp_path / "ringback.toml"
    path.write_text("\n".join(blocks(PROJECT_PAGE, "toml")), encoding="utf-8")
    (tmp_path / "agent-lines.txt").write_text("Which day would you like?\n", encoding="utf-8")
    project = load_project(path)
    for name in project.agents:
        resolve_agent(project, name, {"AGENT_SECRET": "s", "AGENT_TOKEN": "t", "TRIGGER_SECRET": "r"})


def test_every_key_of_the_format_is_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    schema = suite_schema()
    for name, part in {"SuiteFile": schema, **schema["$defs"]}.items():
        if part.get("properties", {}).get("type", {}).get("const") in CHECK_TYPES:
            continue  # they have a page of their own
        for key in part.get("properties", {}):
            assert re.search(rf"`[^`]*{re.escape(key)}\b", text), f"{name}.{key}"


def test_every_key_of_an_agent_is_on_the_page() -> None:
    text = PROJECT_PAGE.read_text(encoding="utf-8")
    for key in AgentEntry.model_fields:
        assert f"| `{key}` |" in text
