"""Good and bad suite files: the loader, its sentences, and the JSON Schema beside it.

Beside each bad file `NAME` stands `NAME.txt` with everything that is said of it.
"""

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ringback.errors import SuiteError
from ringback.library.document import Unreadable, parse
from ringback.library.files import load_suites
from ringback.library.schema import suite_schema

DATA = Path(__file__).parent / "data"
GOOD = sorted(path for path in (DATA / "good").iterdir())
BAD = sorted(path for path in (DATA / "bad").iterdir() if path.suffix != ".txt")
BEYOND_A_SCHEMA = {
    "conditions-order.yaml",  # rules between the entries of a list
    "duplicates.yaml",  # the second of two equal keys is gone once the file is read
    "keys.yaml",  # two scenarios with one key
    "names-defaults.yaml",  # names that stand elsewhere in the file
    "regex.yaml",  # regular expressions
    "templates.yaml",  # names in templates
}
SCHEMA = Draft202012Validator(suite_schema())


def schema_errors(value: Any) -> list[str]:
    """What the JSON Schema says of a document."""
    errors = SCHEMA.iter_errors(value)  # pyright: ignore[reportUnknownMemberType] - its stubs are half typed
    return [error.message for error in errors]


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name)
def test_good_files_are_loaded_and_fit_the_schema(path: Path) -> None:
    assert load_suites([path]).scenarios
    assert schema_errors(parse(path.read_bytes()).value) == []


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.name)
def test_bad_files_are_told_everything(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    with pytest.raises(SuiteError) as caught:
        load_suites([Path(path.name)])
    assert str(caught.value) == path.with_name(f"{path.name}.txt").read_text(encoding="utf-8").rstrip("\n")
    assert all(problem.message.endswith((".", "?")) for problem in caught.value.problems)
    assert all(problem.remedy.endswith((".", "?")) for problem in caught.value.problems)


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.name)
def test_the_schema_refuses_what_the_loader_refuses(path: Path) -> None:
    try:
        value = parse(path.read_bytes()).value
    except Unreadable:
        return  # no document, so nothing for a schema to look at
    assert (not schema_errors(value)) == (path.name in BEYOND_A_SCHEMA)


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(suite_schema())


def test_every_key_is_described() -> None:
    """Editors show the sentences."""
    schema = suite_schema()
    for name, part in {"top": schema, **schema["$defs"]}.items():
        for key, field in part.get("properties", {}).items():
            assert field.get("description"), f"{name}.{key}"


def test_no_problem_repeats_the_validators_words() -> None:
    said = "\n".join(path.read_text(encoding="utf-8") for path in (DATA / "bad").glob("*.txt"))
    for foreign in ("pydantic", "Input should", "validation error", "Traceback", "type=", "Value error"):
        assert foreign not in said
