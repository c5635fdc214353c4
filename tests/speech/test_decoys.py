from ringback.speech.decoys import decoys_of
from ringback.speech.pronunciations import without_pronunciation

WORDS = (
    "monday",
    "may",
    "one",
    "ten",
    "fifteen",
    "fifty",
    "first",
    "last",
    "morning",
    "today",
    "new",
    "can't",
    "don't",
)


def test_other_values_of_the_same_kind_are_listened_for() -> None:
    assert {"tuesday", "sunday"} < decoys_of("monday")
    assert {"fifty", "fourteen"} < decoys_of("fifteen")
    assert "sixteen" not in decoys_of("fifteen")
    assert decoys_of("appointment") == frozenset()
    assert all(word not in decoys_of(word) for word in WORDS)


def test_all_of_them_can_be_heard() -> None:
    words = frozenset(decoy for word in WORDS for decoy in decoys_of(word))
    assert len(words) > 50
    assert without_pronunciation(words) == frozenset()
