"""A wrong set of conditional actions shows all that is wrong with it at once, and nothing that is not."""

from pathlib import Path

import pytest

from ringback.errors import SuiteError
from ringback.library.files import load_suites

FIRST = "{id: 0, condition: FIRST_MESSAGE, action: Hi, type: standard, fixed_message: true}"
BYE = '{id: 2, condition: bye, action: "<endcall/>", type: standard, fixed_message: true}'


def complaints(folder: Path, *conditions: str, more: str = "language: en") -> list[str]:
    """Place below `conditional_actions` and message of each problem."""
    path = folder / "suite.yaml"
    entries = "\n".join(f"        - {condition}" for condition in conditions)
    path.write_text(
        'version: "1"\nsuite: {name: S}\nscenarios:\n  - name: A\n    '
        f"{more}\n    conditional_actions:\n      conditions:\n{entries}\n",
        encoding="utf-8",
    )
    with pytest.raises(SuiteError) as caught:
        load_suites([path])
    above = "scenarios[0].conditional_actions"
    return [f"{found.path.removeprefix(above).lstrip('.')}: {found.message}" for found in caught.value.problems]


def test_rules_are_listed_beside_fields_that_do_not_fit(tmp_path: Path) -> None:
    found = complaints(
        tmp_path,
        "{id: 1, condition: FIRST_MESSAGE, action: Hi, type: standard, fixed_message: true}",
        '{id: 1, condition: "", action: "", type: wrong, fixed_message: yes please}',
        "{id: 2, condition: 9, action: Bye, type: action_followup, fixed_message: true}",
        more="tags: [a]",
    )
    assert found == [
        ": a conditional scenario needs a language.",
        "conditions[0].id: the first condition has id 1.",
        "conditions[0].id: id 1 is used more than once.",
        "conditions[1].id: id 1 is used more than once.",
        "conditions[1].condition: the condition is empty.",
        "conditions[1].action: the action is empty.",
        'conditions[1].type: "wrong" is not possible here.',
        'conditions[1].fixed_message: must be true or false, not "yes please".',
        "conditions[2].condition: there is no condition with id 9.",
    ]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("just words", ["conditions[1]: must be an object, not "]),
        (
            "{id: one, condition: 0, action: Go, type: action_followup, fixed_message: false}",
            ["conditions[1].id: must be a whole number, not "],
        ),
        (
            "{id: 1, condition: 7, action: Go, type: folowup, fixed_message: false}",
            ["conditions[1].condition: there is no condition with id 7.", "conditions[1].type: "],
        ),
        (
            '{id: 1, condition: 0, action: "<spell>a</spell>", type: follow, fixed_message: "y"}',
            ["conditions[1].type: ", "conditions[1].fixed_message: must be true or false"],
        ),
        (
            "{id: 1, condition: [0], action: {say: it}, type: action_followup, fixed_message: false, extra: 1}",
            ["conditions[1].condition: must be ", "conditions[1].action: must be text", "conditions[1].extra: "],
        ),
        ("{id: 1, type: standard}", ["conditions[1].condition: ", "conditions[1].action: ", "conditions[1].fixed"]),
    ],
)
def test_a_field_that_does_not_fit_is_one_problem(tmp_path: Path, condition: str, found: list[str]) -> None:
    """No rule complains about what stands in for it."""
    said = complaints(tmp_path, FIRST, condition, BYE)
    assert len(said) == len(found)
    for expected in found:
        assert any(one.startswith(expected) for one in said), said


def test_no_followup_is_blamed_where_the_condition_it_means_may_have_an_unreadable_id(tmp_path: Path) -> None:
    followup = "{id: 2, condition: 1, action: Go, type: action_followup, fixed_message: true}"
    unreadable = "{id: one, condition: hello, action: Go, type: standard, fixed_message: true}"
    assert [one.split(":")[0] for one in complaints(tmp_path, FIRST, unreadable, followup)] == ["conditions[1].id"]


def test_a_first_condition_that_is_no_object_is_one_problem(tmp_path: Path) -> None:
    assert [one.split(":")[0] for one in complaints(tmp_path, "42", BYE)] == ["conditions[0]"]
