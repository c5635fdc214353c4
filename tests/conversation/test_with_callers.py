"""The callers that need no model, in whole conversations."""

from staging import Play, content

from ringback.callers.conditional import ConditionalCaller
from ringback.callers.scripted import ScriptedCaller
from ringback.conversation.limits import Limits
from ringback.domain.conversation import FindingCode
from ringback.domain.ending import EndingCode
from ringback.domain.scenario import Condition, ConditionalActions, ConditionType


def _conditional(*actions: tuple[str | int, str]) -> ConditionalCaller:
    conditions = [
        Condition(
            id=number,
            condition=condition,
            action=action,
            type=ConditionType.ACTION_FOLLOWUP if isinstance(condition, int) else ConditionType.STANDARD,
            fixed_message=True,
        )
        for number, (condition, action) in enumerate(actions)
    ]
    return ConditionalCaller(ConditionalActions(conditions=tuple(conditions)))


def test_a_script_is_said_line_by_line() -> None:
    play = Play(ScriptedCaller(["one", "two"]), replies=[[(1, content("a"))], [(1, content("b"))]])
    assert play.lines == ["> one", "< a", "> two", "< b", "> !"]


def test_a_script_waits_for_a_greeting_and_loses_no_line() -> None:
    play = Play(ScriptedCaller(["one"]), greeting=[(1, content("welcome"))], agent_speaks_first=None)
    assert play.lines == ["< welcome", "> one"] or play.lines[:2] == ["< welcome", "> one"]


def test_conditions_answer_what_the_agent_says() -> None:
    caller = _conditional(
        ("FIRST_MESSAGE", "hello"), ('contains "name"', "Ann"), ('contains "anything else"', "no, bye <endcall/>")
    )
    play = Play(caller, replies=[[(1, content("Your name?"))], [(1, content("Done. Anything else?"))]])
    assert play.lines == ["> hello", "< Your name?", "> Ann", "< Done. Anything else?", "> no, bye!"]


def test_an_empty_first_message_waits_for_the_agent() -> None:
    caller = _conditional(("FIRST_MESSAGE", ""), ('contains "welcome"', "hello <endcall/>"))
    play = Play(caller, greeting=[(20, content("welcome"))], agent_speaks_first=False)
    assert play.lines == ["< welcome", "> hello!"]


def test_when_nothing_matches_ten_seconds_may_bring_more_words() -> None:
    caller = _conditional(("FIRST_MESSAGE", "hello"), ('contains "name"', "Ann <endcall/>"))
    patient = Play(caller, replies=[[(1, content("Hm.")), (8, content("Your name?"))]])
    assert patient.lines == ["> hello", "< Hm.", "< Your name?", "> Ann!"]


def test_when_nothing_matches_the_run_is_invalid_after_ten_seconds() -> None:
    caller = _conditional(("FIRST_MESSAGE", "hello"), ('contains "name"', "Ann <endcall/>"))
    play = Play(caller, replies=[[(1, content("Hm."))]])
    assert play.conversation.ending.code is EndingCode.CALLER_INVALID
    assert "no condition matched" in play.conversation.ending.sentence
    assert play.agent.sent[-1][0] == 11.3


def test_a_silence_of_its_own_is_followed_by_what_belongs_to_it() -> None:
    caller = _conditional(
        ("FIRST_MESSAGE", "hello"),
        ('contains "hold"', '<silence time="4s"/>'),
        (1, "still here"),
        ('contains "thanks"', "bye <endcall/>"),
    )
    play = Play(caller, replies=[[(1, content("Please hold."))], [(1, content("thanks"))]])
    assert play.lines == ["> hello", "< Please hold.", "> still here", "< thanks", "> bye!"]
    assert play.agent.sent[1][0] == 5.3


def test_a_silence_does_not_make_a_caller_impatient() -> None:
    """After it the agent has the usual ten seconds."""
    caller = _conditional(
        ("FIRST_MESSAGE", "hello"), ('contains "hold"', '<silence time="4s"/>'), ('contains "there"', "yes <endcall/>")
    )
    play = Play(caller, replies=[[(1, content("Please hold.")), (12, content("Are you there?"))]])
    assert play.lines == ["> hello", "< Please hold.", "< Are you there?", "> yes!"]


def test_an_agent_may_break_into_a_silence() -> None:
    caller = _conditional(
        ("FIRST_MESSAGE", "hello"),
        ('contains "hold"', '<silence time="20s"/> fine'),
        ('contains "back"', "good <endcall/>"),
    )
    play = Play(
        caller,
        replies=[[(1, content("Please hold.")), (5, content("I am back."))], [(1, content("So I am back."))]],
        limits=Limits(inactivity=100),
    )
    assert FindingCode.RECOMPOSED_REPLY in [finding.code for finding in play.conversation.findings]
