import pytest

from ringback.errors import UsageError
from ringback.speech.grammar import network_of

GRAMMAR = """#JSGF V1.0 UTF-8 en;
grammar clinic; // the front desk
<day> = /2/ monday {MON} | /1/ tuesday;
/* what it says */
public <greeting> = hello [there];
public <slot> = (you are | "you're") booked on <clinic.day>+ at 9:00 (very)* well;
"""


@pytest.mark.parametrize(
    "spoken",
    [
        "hello",
        "hello there you are booked on monday at nine well",
        "you're booked on monday tuesday at nine very very well hello",
    ],
)
def test_words_of_a_grammar_come_back(spoken: str) -> None:
    assert network_of([GRAMMAR]).written(spoken.split()) == spoken.replace("nine", "9:00")


@pytest.mark.parametrize("spoken", ["there", "you are booked on at nine well", "monday", "you are booked on monday"])
def test_other_words_do_not(spoken: str) -> None:
    assert network_of([GRAMMAR]).written(spoken.split()) is None


@pytest.mark.parametrize(
    ("grammar", "said"),
    [
        (
            "#JSGF V1.0;\ngrammar a;\nimport <passwords.*>;\npublic <a> = b;",
            "imports of other grammars are not followed",
        ),
        ("#JSGF V1.0;\ngrammar a;\n<a> = b;", "no public rule"),
        ("#JSGF V1.0;\ngrammar a;\npublic <a> = (b;", "lacks a closing parenthesis"),
        ("#JSGF V1.0;\ngrammar a;\npublic <a> = b <a>;", "define <a> by itself"),
        ("#JSGF V1.0;\ngrammar a;\nhello", "where a rule"),
    ],
)
def test_what_is_no_grammar_is_told(grammar: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        network_of([grammar])
