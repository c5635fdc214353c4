"""Conditional callers: the lowest matching id, each once, and a model only where it is needed."""

from collections.abc import Sequence

import pytest

from ringback.callers.caller import HangUp, Heard, Move, Say, Wait
from ringback.callers.conditional import ConditionalCaller, words_since_caller
from ringback.domain.conversation import Entry, Role
from ringback.domain.scenario import Condition, ConditionalActions, ConditionType
from ringback.domain.utterance import EndCall, Utterance
from ringback.errors import CallerInvalid


def entry(role: Role, text: str, number: int = 1) -> Entry:
    return Entry(number=number, role=role, content=text, start=0, end=0, turn=0)


def heard(*words: str, waited: bool = False) -> Heard:
    turn = tuple(entry(Role.AGENT, text) for text in words)
    return Heard(turn=turn, transcript=(entry(Role.CALLER, "before"), *turn), waited=waited)


def condition(number: int, trigger: str | int, action: str, *, followup: bool = False, fixed: bool = True) -> Condition:
    kind = ConditionType.ACTION_FOLLOWUP if followup else ConditionType.STANDARD
    return Condition(id=number, condition=trigger, action=action, type=kind, fixed_message=fixed)


def actions(*conditions: Condition, first: str = "Hello") -> ConditionalActions:
    return ConditionalActions(conditions=(condition(0, "FIRST_MESSAGE", first), *conditions))


def line(move: Move) -> str:
    assert isinstance(move, Say), move
    return move.utterance.text


async def carried_out(caller: ConditionalCaller, move: Move) -> str:
    caller.said(move)
    return line(move)


async def begun(caller: ConditionalCaller) -> ConditionalCaller:
    caller.said(await caller.open())
    return caller


class Judge:
    """Says which conditions hold by a table, and remembers what it was asked."""

    def __init__(self, *holding: int) -> None:
        self.answer = frozenset(holding)
        self.asked: list[list[int]] = []

    async def holding(self, conditions: Sequence[Condition], heard: Heard, words: str) -> frozenset[int]:
        self.asked.append([c.id for c in conditions])
        return self.answer


class Composer:
    """Puts every action into capitals."""

    async def compose(self, action: str, heard: Heard) -> Say:
        return Say(Utterance.of(action.upper()))


async def test_the_lowest_matching_id_wins_and_each_fires_once() -> None:
    caller = await begun(
        ConditionalCaller(actions(condition(2, 'contains "date"', "two"), condition(1, 'contains "birth"', "one")))
    )
    asks = heard("Your date of birth?")
    assert await carried_out(caller, await caller.reply(asks)) == "one"
    assert await carried_out(caller, await caller.reply(asks)) == "two"
    assert isinstance(await caller.reply(asks), HangUp)


async def test_a_proposal_that_was_not_said_leaves_everything_as_it_was() -> None:
    caller = await begun(
        ConditionalCaller(actions(condition(1, 'contains "a"', "A"), condition(2, 'contains "b"', "B")))
    )
    assert line(await caller.reply(heard("a"))) == "A"
    assert line(await caller.reply(heard("b"))) == "B"
    assert line(await caller.reply(heard("a", "b"))) == "A"


async def test_the_first_message_is_said_in_either_case() -> None:
    """As the opener, or as the answer to the agent's greeting."""
    opening = ConditionalCaller(actions(condition(1, 'contains "x"', "y"), first="Hi, Ada here."))
    assert line(await opening.open()) == "Hi, Ada here."
    greeted = ConditionalCaller(actions(condition(1, 'contains "x"', "y"), first="Hi, Ada here."))
    assert await carried_out(greeted, await greeted.reply(heard("x: welcome"))) == "Hi, Ada here."
    assert line(await greeted.reply(heard("x"))) == "y"
    assert not greeted.waits_for_agent_first


async def test_an_empty_first_message_waits_for_the_agent() -> None:
    caller = ConditionalCaller(actions(condition(1, 'contains "help"', "Yes"), first=" "))
    assert caller.waits_for_agent_first
    assert line(await caller.reply(heard("How can I help?"))) == "Yes"


async def test_with_an_empty_first_message_a_caller_that_must_open_says_hello() -> None:
    caller = ConditionalCaller(actions(condition(1, 'contains "help"', "Yes"), first=""))
    opener = await caller.open()
    assert await carried_out(caller, opener) == "Hello"
    assert line(await caller.reply(heard("How can I help?"))) == "Yes"


async def test_followups_fire_on_the_next_turn_whatever_the_agent_said() -> None:
    caller = await begun(
        ConditionalCaller(
            actions(
                condition(1, 'contains "start"', "one"),
                condition(5, 1, "two", followup=True),
                condition(3, 5, "three", followup=True),
                condition(2, 'contains "start"', "other"),
            )
        )
    )
    said = [await carried_out(caller, await caller.reply(heard("start"))) for _ in range(4)]
    assert said == ["one", "two", "three", "other"]


async def test_a_fixed_script_can_be_chained_from_the_first_message() -> None:
    chain = (condition(1, 0, "one", followup=True), condition(2, 1, "two<endcall/>", followup=True))
    caller = await begun(ConditionalCaller(actions(*chain)))
    assert await carried_out(caller, await caller.reply(heard("anything"))) == "one"
    last = await caller.reply(heard("anything"))
    assert isinstance(last, Say)
    assert EndCall() in last.utterance.parts


async def test_an_empty_first_message_counts_as_fired_when_the_agent_speaks() -> None:
    caller = ConditionalCaller(actions(condition(1, 0, "one", followup=True), first=""))
    assert line(await caller.reply(heard("Welcome"))) == "one"


async def test_nothing_matches_so_the_caller_waits_and_then_the_run_is_invalid() -> None:
    caller = await begun(ConditionalCaller(actions(condition(1, 'contains "date"', "one"))))
    move = await caller.reply(heard("One moment."))
    assert move == Wait(10.0)
    caller.said(move)
    with pytest.raises(CallerInvalid, match=r"no condition matched: the agent said “One moment\.”") as caught:
        await caller.reply(heard("One moment.", waited=True))
    assert caught.value.reason == "no_condition_matched"
    assert not caught.value.retryable
    assert 'Still open: 1: contains "date".' in str(caught.value)


async def test_more_words_during_the_wait_are_matched_together_with_the_first() -> None:
    """Whether the conversation hands over the whole turn or the new words alone."""
    caller = await begun(ConditionalCaller(actions(condition(1, 'contains "one" AND contains "date"', "yes"))))
    caller.said(await caller.reply(heard("One moment.")))
    more = entry(Role.AGENT, "Which date?")
    both = Heard(turn=(more,), transcript=(*heard("One moment.").transcript, more))
    assert words_since_caller(both) == "One moment.\nWhich date?"
    assert line(await caller.reply(both)) == "yes"


async def test_silence_with_tools_only_matches_nothing() -> None:
    judge = Judge(1)
    caller = await begun(ConditionalCaller(actions(condition(1, "anything", "one")), judge=judge))
    assert await caller.reply(heard("")) == Wait(10.0)
    assert judge.asked == []


async def test_the_model_is_asked_once_about_all_that_could_win() -> None:
    judge = Judge(4, 2)
    caller = await begun(
        ConditionalCaller(
            actions(
                condition(1, "asks the name", "name"),
                condition(2, "asks the date", "date"),
                condition(3, 'contains "when"', "literal"),
                condition(4, "asks anything", "late"),
            ),
            judge=judge,
        )
    )
    assert line(await caller.reply(heard("When?"))) == "date"
    assert judge.asked == [[1, 2]]


async def test_a_trigger_with_the_lowest_id_needs_no_model_call() -> None:
    judge = Judge(2)
    caller = await begun(
        ConditionalCaller(actions(condition(1, 'contains "x"', "literal"), condition(2, "asks", "nl")), judge=judge)
    )
    assert await carried_out(caller, await caller.reply(heard("x"))) == "literal"
    assert judge.asked == []
    assert line(await caller.reply(heard("x"))) == "nl"


async def test_the_model_is_not_asked_again_about_the_same_words_after_the_wait() -> None:
    judge = Judge()
    caller = await begun(ConditionalCaller(actions(condition(1, "asks", "one")), judge=judge))
    caller.said(await caller.reply(heard("hm")))
    with pytest.raises(CallerInvalid):
        await caller.reply(heard("hm", waited=True))
    assert judge.asked == [[1]]


async def test_an_action_that_is_not_fixed_is_composed() -> None:
    caller = await begun(
        ConditionalCaller(actions(condition(1, 'contains "x"', "be rude", fixed=False)), composer=Composer())
    )
    assert line(await caller.reply(heard("x"))) == "BE RUDE"


async def test_without_a_model_what_needs_one_is_a_sentence() -> None:
    natural = await begun(ConditionalCaller(actions(condition(1, "asks", "one"))))
    with pytest.raises(CallerInvalid, match="natural language"):
        await natural.reply(heard("x"))
    free = await begun(ConditionalCaller(actions(condition(1, 'contains "x"', "one", fixed=False))))
    with pytest.raises(CallerInvalid, match="not fixed"):
        await free.reply(heard("x"))


async def test_a_followup_whose_parent_never_fires_does_not_keep_the_call_open() -> None:
    caller = await begun(
        ConditionalCaller(actions(condition(1, 2, "never", followup=True), condition(2, 1, "nor", followup=True)))
    )
    assert isinstance(await caller.reply(heard("x")), HangUp)
