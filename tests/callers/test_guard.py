"""The guard: every kind of misbehaviour is caught, and honest lines raise no alarm."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.callers.grounding import Ground
from ringback.callers.guard import GuardContext, inspect
from ringback.callers.guard_patterns import REMEDIES, AlarmKind
from ringback.callers.ledger import Ledger, flattened
from ringback.callers.prompts import rules
from ringback.domain.scenario import Facts

DATA = Path(__file__).parent / "data"
HOSTILE: dict[str, Any] = json.loads((DATA / "hostile.json").read_text(encoding="utf-8"))
HONEST: list[dict[str, Any]] = json.loads((DATA / "honest.json").read_text(encoding="utf-8"))


def context_of(case: dict[str, Any]) -> GuardContext:
    facts = Facts(**case.get("facts", {}))
    known = (facts.always, facts.if_asked, facts.never, case.get("profile", {}))
    values = [str(value) for section in known for _, value in flattened(section)]
    return GuardContext(
        ground=Ground((case["instructions"], *values, *case["agent"])),
        ledger=Ledger(facts),
        language=case.get("language", "en"),
        directions=case["instructions"],
        about="\n".join(values),
        rules=rules(),
        agent_lines=case["agent"],
    )


@pytest.mark.parametrize(
    ("kind", "reply"), [(kind, reply) for kind, replies in HOSTILE["replies"].items() for reply in replies]
)
def test_misbehaviour_is_caught_and_named(kind: str, reply: str) -> None:
    alarms = inspect(reply, context_of(HOSTILE["context"]))
    assert AlarmKind(kind) in {alarm.kind for alarm in alarms}
    assert all(0 <= alarm.span[0] <= alarm.span[1] <= len(reply) and alarm.sentence for alarm in alarms)


@pytest.mark.parametrize(("name", "line"), [(case["name"], line) for case in HONEST for line in case["lines"]])
def test_honest_lines_raise_no_alarm(name: str, line: str) -> None:
    context = context_of(next(case for case in HONEST if case["name"] == name))
    assert inspect(line, context) == ()


def test_the_honest_set_is_large_enough_to_mean_something() -> None:
    assert sum(len(case["lines"]) for case in HONEST) >= 60


@pytest.mark.parametrize("kind", REMEDIES)
def test_a_note_to_the_model_that_is_said_back_is_caught(kind: AlarmKind) -> None:
    alarms = inspect(f"Well, {REMEDIES[kind]}", context_of(HOSTILE["context"]))
    assert AlarmKind.LEAKED_PROMPT in {alarm.kind for alarm in alarms}


def test_a_lecture_is_caught() -> None:
    alarms = inspect("I would like that. " * 200, context_of(HOSTILE["context"]))
    assert [alarm.kind for alarm in alarms] == [AlarmKind.TOO_LONG]


@pytest.mark.parametrize(
    "piece", ["a", "[a", "*a ", "(a ", "a-", "1 ", "one ", "a@", "at dot ", "< ", "5:", '"', "a.", "é"]
)
def test_no_reply_and_no_megabyte_of_the_agent_takes_long(piece: str) -> None:
    """Patterns that backtrack for ever would let an agent stop every conversation of the process."""
    context = context_of({**HOSTILE["context"], "agent": [piece * 300_000]})
    started = time.process_time()
    inspect(piece * (1_900 // len(piece)), context)
    assert time.process_time() - started < 30


@given(st.text(), st.text())
def test_no_reply_crashes_the_guard(reply: str, said: str) -> None:
    facts = Facts(always={"a": said}, never={"b": said})
    inspect(reply, GuardContext(ground=Ground([said]), ledger=Ledger(facts), directions=said, agent_lines=[said]))


@given(st.text(alphabet="0123456789 .,:/-amp onetwoMarch"))
def test_whatever_the_agent_said_may_be_said_again(text: str) -> None:
    """Any claim read out of a text is known once that text is a source."""
    context = GuardContext(ground=Ground([text]), ledger=Ledger(Facts()))
    assert AlarmKind.INVENTED not in {alarm.kind for alarm in inspect(text, context)}
