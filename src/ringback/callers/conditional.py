"""A caller that acts on conditions: the lowest id that matches what the agent said, each of them once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ringback.callers.caller import HangUp, Heard, Move, Say, Wait
from ringback.callers.conditions import parent_of, shown
from ringback.callers.directives import parse_directives
from ringback.callers.scripted import HELLO
from ringback.callers.triggers import Trigger, parse_trigger
from ringback.domain.conversation import Entry, Role
from ringback.domain.scenario import Condition, ConditionalActions, ConditionType
from ringback.errors import CallerInvalid

PATIENCE = Wait(10.0)
"""How long the caller waits for more words when nothing matches."""

ALL_DONE = HangUp("every condition has had its turn")


class ConditionJudge(Protocol):
    """Tells which natural-language conditions hold."""

    async def holding(self, conditions: Sequence[Condition], heard: Heard, words: str) -> frozenset[int]:
        """Ids of the conditions that the agent's words meet."""
        ...


class ActionComposer(Protocol):
    """Puts an action that is not verbatim into words."""

    async def compose(self, action: str, heard: Heard) -> Say:
        """What the caller says to carry the action out."""
        ...


@dataclass(frozen=True, slots=True)
class _Step:
    """A condition, ready to be tried."""

    condition: Condition
    trigger: Trigger | None
    """None: natural language, or a followup."""
    fixed: Say | None
    """None: a model composes the words."""

    @property
    def id(self) -> int:
        return self.condition.id


class ConditionalCaller:
    """Says what its conditions say; needs a model only for natural language."""

    def __init__(
        self,
        actions: ConditionalActions,
        *,
        judge: ConditionJudge | None = None,
        composer: ActionComposer | None = None,
    ) -> None:
        """A caller for one call.

        Args:
            actions: conditions that `conditional_problems` finds nothing wrong with.
            judge: needed where a condition is in natural language.
            composer: needed where an action is not a fixed message.

        Raises:
            ValueError: a malformed directive, with a sentence that says what is wrong.
        """
        self._judge = judge
        self._composer = composer
        steps = [_step(condition) for condition in actions.conditions]
        self._first = steps[0]
        self._standard = sorted((s for s in steps[1:] if _is_standard(s)), key=lambda step: step.id)
        self._followups = sorted((s for s in steps[1:] if not _is_standard(s)), key=lambda step: step.id)
        self._fired: set[int] = set()
        self._proposed: _Step | None = None
        self._judged: tuple[str, frozenset[int]] | None = None

    @property
    def waits_for_agent_first(self) -> bool:
        """An empty FIRST_MESSAGE action: the agent opens."""
        return not self._first.condition.action.strip()

    async def open(self) -> Move:
        """The first message, or "Hello" where there is none and the caller has to open all the same."""
        self._proposed = self._first
        return HELLO if self.waits_for_agent_first else self._first.fixed or HELLO

    async def reply(self, heard: Heard) -> Move:
        """The action that is due; else the wait for more words; else the end.

        Raises:
            CallerInvalid: nothing matched and the wait brought no more words.
            ModelError: a condition or an action needs the model, and it did not answer.
        """
        self._proposed = None
        if self.waits_for_agent_first:
            self._fired.add(self._first.id)  # the agent's first words are this condition's turn
        if self._first.id not in self._fired:
            return await self._propose(self._first, heard)
        if due := self._followup():
            return await self._propose(due, heard)
        candidates = [step for step in self._standard if step.id not in self._fired]
        if not candidates:
            return ALL_DONE
        words = words_since_caller(heard)
        if matched := await self._match(candidates, heard, words):
            return await self._propose(matched, heard)
        if heard.waited:
            raise _nothing_matched(candidates, words)
        return PATIENCE

    def said(self, move: Move) -> None:
        """The action was said: its condition has fired."""
        if isinstance(move, Say) and self._proposed is not None:
            self._fired.add(self._proposed.id)
            self._proposed = None
            self._judged = None

    def follow_up(self) -> Say | None:
        """The verbatim action that follows on what was said last, whatever the agent says."""
        due = self._followup() if self._first.id in self._fired else None
        if due is None or due.fixed is None:
            return None
        self._proposed = due
        return due.fixed

    def _followup(self) -> _Step | None:
        for step in self._followups:
            if step.id not in self._fired and parent_of(step.condition) in self._fired:
                return step
        return None

    async def _match(self, candidates: Sequence[_Step], heard: Heard, words: str) -> _Step | None:
        """The lowest id that matches; the model is asked only about ids below the first trigger that does."""
        if not words.strip():
            return None
        literal = next((step for step in candidates if step.trigger and step.trigger.matches(words)), None)
        asked = [
            step.condition for step in candidates if step.trigger is None and (literal is None or step.id < literal.id)
        ]
        holding = await self._holding(asked, heard, words) if asked else frozenset[int]()
        return next((step for step in candidates if step.id in holding), literal)

    async def _holding(self, asked: Sequence[Condition], heard: Heard, words: str) -> frozenset[int]:
        if self._judge is None:
            raise CallerInvalid(
                f"condition {shown(asked[0])} is in natural language and there is no caller model.",
                reason="no_model",
                retryable=False,
            )
        if self._judged is None or self._judged[0] != words:  # after the wait the words are the same: no second call
            self._judged = (words, await self._judge.holding(asked, heard, words))
        return self._judged[1]

    async def _propose(self, step: _Step, heard: Heard) -> Move:
        if step.fixed is not None:
            move = step.fixed
        elif self._composer is not None:
            move = await self._composer.compose(step.condition.action, heard)
        else:
            raise CallerInvalid(
                f"the action of condition {step.id} is not fixed and there is no caller model.",
                reason="no_model",
                retryable=False,
            )
        self._proposed = step
        return move


def words_since_caller(heard: Heard) -> str:
    """All that the agent said since the caller's last words, one frame a line."""
    since: list[Entry] = []
    for entry in reversed(heard.transcript):
        if entry.role is Role.CALLER:
            break
        since.append(entry)
    words = "\n".join(entry.content for entry in reversed(since) if entry.role is Role.AGENT and entry.content)
    return words or heard.text


def _is_standard(step: _Step) -> bool:
    return step.condition.type is ConditionType.STANDARD


def _step(condition: Condition) -> _Step:
    trigger = None
    if condition.type is ConditionType.STANDARD and isinstance(condition.condition, str):
        trigger = parse_trigger(condition.condition)
    fixed = Say(parse_directives(condition.action)) if condition.fixed_message else None
    return _Step(condition, trigger, fixed)


def _nothing_matched(candidates: Sequence[_Step], words: str) -> CallerInvalid:
    heard = f"the agent said “{words.strip()}”" if words.strip() else "the agent said nothing"
    open_conditions = "; ".join(shown(step.condition) for step in candidates)
    return CallerInvalid(
        f"no condition matched: {heard}, and {PATIENCE.seconds:g} s brought no more words."
        f" Still open: {open_conditions}.",
        reason="no_condition_matched",
        retryable=False,
    )
