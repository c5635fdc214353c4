"""What holds for the text of the whole project."""

import io
import re
import token
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

LONGEST_FILE = 400
# Put together here, for this file too must not contain what it looks for.
REGISTRY_HOSTS = ["pypi." + "org", "files.python" + "hosted.org", "registry.npm" + "js.org", "deb.debian" + ".org"]
MACHINE_PATHS = re.compile(
    "|".join([r"(?<![\w.}~-])/wor" + r"k/", "/opt/whe" + "els", "/opt/py" + "pi", r"\.pye" + "nv"])
)
SUPPRESSIONS = re.compile(
    r"#\s*(?:noqa(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?|type:\s*ignore(?:\[[^]]*\])?|pyright:\s*ignore(?:\[[^]]*\])?)"
)
DODGED_TESTS = re.compile(
    r"\b(?:pytest\.(?:skip|xfail|importorskip)|(?:pytest\.)?mark\.(?:skip|skipif|xfail))\b|\bunittest\.skip"
)


def text_of(files: list[Path]) -> Iterator[tuple[Path, int, str]]:
    """Every line of every file that is text: file, line number, line."""
    for file in files:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(lines, 1):
            yield file, number, line


def comments(file: Path) -> Iterator[tuple[int, str]]:
    """The comments of a Python file, with their line numbers."""
    for found in tokenize.generate_tokens(io.StringIO(file.read_text(encoding="utf-8")).readline):
        if found.type == token.COMMENT:
            yield found.start[0], found.string


def tails(line: str) -> Iterator[str]:
    """What a line has from each `#` on."""
    return (line[found.start() :] for found in re.finditer("#", line))


@pytest.fixture(scope="session")
def python_files(project_files: list[Path]) -> list[Path]:
    return [file for file in project_files if file.suffix == ".py"]


def test_no_host_of_a_package_registry_is_named(project_files: list[Path]) -> None:
    """Which registry packages come from is the business of whoever installs them; only the lock file knows."""
    named = [
        f"{file}:{number}: {host}"
        for file, number, line in text_of([file for file in project_files if file.name != "uv.lock"])
        for host in REGISTRY_HOSTS
        if host in line
    ]
    assert not named


def test_no_path_of_one_machine_is_named(project_files: list[Path]) -> None:
    files = [file for file in project_files if file.name not in ("uv.lock", "package-lock.json")]
    named = [f"{file}:{number}: {line.strip()}" for file, number, line in text_of(files) if MACHINE_PATHS.search(line)]
    assert not named


def test_every_suppressed_rule_has_its_reason_beside_it(python_files: list[Path]) -> None:
    """`# noqa: X - reason`; one reason may stand for several suppressions of one line."""

    def bare(text: str) -> bool:
        return bool(SUPPRESSIONS.search(text)) and not re.search(r" [-#] \S", SUPPRESSIONS.sub("", text))

    # Taking files apart takes long: only what follows a `#` in one of its lines may be a comment.
    suspects = {file for file, _, line in text_of(python_files) for tail in tails(line) if bare(tail)}
    found = [f"{file}:{number}: {comment}" for file in suspects for number, comment in comments(file) if bare(comment)]
    assert not found


def test_no_file_of_the_source_holds_two_nouns(python_files: list[Path], project: Path) -> None:
    """Past 400 lines it holds more than one idea."""
    lengths = {file: len(file.read_text().splitlines()) for file in python_files if project / "src" in file.parents}
    assert {file: length for file, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_test_is_skipped_or_expected_to_fail(python_files: list[Path], project: Path) -> None:
    tests = [file for file in python_files if project / "tests" in file.parents and file.name != Path(__file__).name]
    assert [f"{file}:{number}" for file, number, line in text_of(tests) if DODGED_TESTS.search(line)] == []


def test_every_folder_of_the_source_is_a_layer(project: Path) -> None:
    """A room that import-linter does not know would be free to import anything."""
    contracts = tomllib.loads((project / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = {room.strip() for layer in contracts[0]["layers"] for room in layer.split("|")}
    source = project / "src" / "ringback"
    rooms = {entry.stem for entry in source.iterdir() if entry.suffix == ".py" or (entry / "__init__.py").is_file()}
    assert rooms - {"__init__", "__main__"} == layers


def test_the_changelog_tells_of_this_version(project: Path) -> None:
    version = tomllib.loads((project / "pyproject.toml").read_text())["project"]["version"]
    headings = re.findall(r"^## \[([^]]+)\]", (project / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert version in headings
