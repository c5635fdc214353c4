"""The reader of the pages is not content with everything."""

from pathlib import Path

import pytest
from pages import Block, blocks
from reader import Reader

from ringback.errors import SuiteError


def block(language: str, text: str, mark: str = "", value: str = "") -> Block:
    return Block("page.md", 1, language, text, {mark: value} if mark else {})


@pytest.mark.parametrize(
    ("wrong", "because"),
    [
        (block("console", "$ ringback no-such-command\n"), "exits 2"),
        (block("console", "$ false\n$ true\n"), "exits 1"),
        (block("console", "$ true\n", "exits ", "1"), "exits 0"),
        (block("console", "$ echo one\ntwo\n"), "'two' is not in the output"),
        (block("console", "no command\n"), "begins with a command"),
        (block("console", "$ make no-such-target\n"), "no-such-target"),
        (block("sh", "ringback init\nringback validate nothing.yaml\n"), "exits 2"),
        (block("sh", "ringback run\n", "not run: ", "because"), "our own commands are run"),
        (block("cobol", "STOP RUN."), "nobody looks at a block of cobol"),
        (block("python", "assert False\n"), "AssertionError"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_page_that_is_wrong_is_found_out(wrong: Block, because: str, tmp_path: Path, model_url: str) -> None:
    with Reader(tmp_path, model_url) as reader, pytest.raises(AssertionError, match=because):
        reader.carry_out(wrong)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (block("json", "{"), ValueError),
        (block("yaml", "scenarios: [{name: A, scirpt: [x]}]\n"), SuiteError),
        (block("toml", "[agents.a]\nurl = 'http://no.example'\n"), SuiteError),
    ],
    ids=["json", "yaml", "toml"],
)
def test_files_that_are_wrong_are_found_out(
    wrong: Block, error: type[Exception], tmp_path: Path, model_url: str
) -> None:
    with Reader(tmp_path, model_url) as reader, pytest.raises(error):
        reader.carry_out(wrong)


def test_marks_that_nobody_knows_are_found_out(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- exits: 1 -->\n")
    with pytest.raises(AssertionError, match="not a mark"):
        blocks(page)
