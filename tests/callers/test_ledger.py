"""The ledger: what must never be told is found in every form, and what has been told is known."""

import pytest

from ringback.callers.ledger import Ledger, flattened
from ringback.domain.scenario import Facts

LEDGER = Ledger(
    Facts(
        always={"name": "Ada Moore", "order": 88213, "vip": True},
        if_asked={"visit": "March 3rd"},
        never={
            "card": "4929 1234 5678 9012",
            "pin": 77,
            "tiny": 3,
            "illness": "gum disease",
            "plan": "We are moving to Lisbon in November because of work",
            "left": "on March 3rd 2026",
            "name": "Ada Moore",
            "nested": {"mail": "secret@example.com", "codes": ["QX-771", "QX-772"]},
            "flag": False,
            "nothing": None,
            "word": "no",
        },
    ),
    opener="Hi, this is Ada.",
)


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("My card is 4929123456789012.", ["card"]),
        ("It ends in nine zero one two.", ["card"]),
        ("My PIN is seventy-seven.", ["pin"]),
        ("I have Gum Disease.", ["illness"]),
        ("I'm moving to Lisbon this November, because of my work.", ["plan"]),
        ("Write to secret at example dot com.", ["nested.mail"]),
        ("The code is QX772.", ["nested.codes"]),
        ("That was in 2026.", ["left"]),
        ("I have three bags and the gums hurt.", []),
        ("No, I am Ada Moore, and I come on March 3rd.", []),
        ("We are moving.", []),
        ("", []),
    ],
)
def test_what_must_never_be_told_is_found(line: str, names: list[str]) -> None:
    hits = LEDGER.revealed(line)
    assert [hit.name for hit in hits] == names
    assert all(0 <= hit.start < hit.end <= len(line) for hit in hits)


def test_the_ledger_knows_which_facts_are_still_to_be_told() -> None:
    assert LEDGER.untold([]) == ("name", "order")
    assert LEDGER.untold(["I'm ada moore."]) == ("order",)
    assert LEDGER.untold(["I'm Ada Moore.", "Order eight eight two one three."]) == ()


def test_a_ledger_without_secrets_finds_none() -> None:
    assert Ledger(Facts(always={"a": "b"})).revealed("a b 42") == ()


def test_nested_values_have_their_path() -> None:
    assert list(flattened({"a": {"b": 1}, "c": [2, {"d": 3}]})) == [("a.b", 1), ("c", 2), ("c.d", 3)]
