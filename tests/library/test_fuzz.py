"""Whatever is in a file, reading it ends in scenarios or in sentences."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ringback.errors import SuiteError
from ringback.library.document import Unreadable, parse
from ringback.library.files import load_suites
from ringback.library.schema import suite_schema
from ringback.library.suite_format import ScenarioEntry, SuiteFile

CORPUS = [
    path.read_bytes()
    for path in sorted((Path(__file__).parent / "data").rglob("*.[yj]*"))
    if path.stat().st_size < 8000
]
SCHEMA = Draft202012Validator(suite_schema())
KEYS = sorted({*ScenarioEntry.model_fields, *SuiteFile.model_fields, "type", "text", "prompt", "conditions", "rules"})
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
)
VALUES = st.recursive(
    SCALARS | st.sampled_from(["agent_said", "latency", "improvise", "{{test_profile.x}}"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(folder: Path, data: bytes) -> SuiteError | None:
    path = folder / "suite.yaml"
    path.write_bytes(data)
    try:
        load_suites([path])
    except SuiteError as caught:
        error = caught
    else:
        return None
    assert error.problems
    assert all((problem.line or 1) >= 1 and (problem.column or 1) >= 1 for problem in error.problems)
    assert all(problem.message for problem in error.problems)
    return error


@QUICK
@given(
    data=st.binary(max_size=300) | st.text(alphabet="ab:-[]{}&*!|>'\"#%@`,?\\ \t\n0.~<=", max_size=200).map(str.encode)
)
def test_random_bytes_and_signs_of_yaml(tmp_path: Path, data: bytes) -> None:
    read(tmp_path, data)


@QUICK
@given(data=st.data())
def test_good_and_bad_files_cut_and_stirred(tmp_path: Path, data: st.DataObject) -> None:
    lines = data.draw(st.sampled_from(CORPUS)).splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 4))):
        here, there = (data.draw(st.integers(0, max(0, len(lines) - 1))) for _ in range(2))
        if lines:
            lines[here:there] = [
                data.draw(st.sampled_from([b"", b"  ", b"- ", b"\t", b"x: ", b"[", b"}\n"])) + lines[there]
            ]
    read(tmp_path, b"".join(lines))


@QUICK
@given(
    entry=st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=5),
    head=st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=2),
)
def test_any_values_at_known_keys(tmp_path: Path, entry: dict[str, Any], head: dict[str, Any]) -> None:
    """And what the schema refuses is never loaded."""
    document = {"version": "1", "scenarios": [{"name": "A", "script": ["Hi"], **entry}], **head}
    refused = read(tmp_path, json.dumps(document).encode()) is not None
    if not refused:
        assert SCHEMA.is_valid(document)  # pyright: ignore[reportUnknownMemberType] - its stubs are half typed


@QUICK
@given(text=st.text(alphabet="ab:-[]{}&*!|>'\"# ,?\\\n0.~", max_size=120))
def test_what_is_read_can_be_read_again_as_json(text: str) -> None:
    """Positions belong to values: every place of the document leads to one."""
    try:
        document = parse(text.encode())
    except Unreadable:
        return
    for place in document.positions:
        line, column = document.position(place)
        assert 1 <= line <= text.count("\n") + 2
        assert column >= 1


@pytest.mark.parametrize("depth", [1, 39, 41, 500])
def test_depth_is_limited(tmp_path: Path, depth: int) -> None:
    error = read(tmp_path, b"a: " + b"[" * depth + b"]" * depth)
    assert error is not None
    assert ("nested" in str(error)) == (depth > 39)
