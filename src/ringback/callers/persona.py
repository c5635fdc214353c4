"""A caller that a language model plays, held by a controller that decides what may be said and when to hang up."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ringback.callers.call_keys import CallKeys
from ringback.callers.caller import Heard, Move, Remarker, Say, Wait
from ringback.callers.grounding import Ground
from ringback.callers.guard import GuardContext, inspect
from ringback.callers.guard_patterns import AlarmKind
from ringback.callers.hang_up import CallSoFar, refusal
from ringback.callers.language import base_code
from ringback.callers.ledger import Ledger, flattened
from ringback.callers.likeness import circle
from ringback.callers.prompts import HANG_UP, action_note, again_note, note, persona_messages, persona_prompt, rules
from ringback.domain.conversation import Entry, FindingCode, Role
from ringback.domain.run import RunSpecification
from ringback.domain.utterance import EndCall, Part, Utterance, Words
from ringback.errors import CallerInvalid
from ringback.models.model import LanguageModel, ModelReply, ToolUse

RETRIES = 2
"""So many times a discarded reply is asked for again."""

_WRAPPED = re.compile(r'^(["\u201c])([^"\u201c\u201d]*)(["\u201d])$', re.DOTALL)
_FAREWELL = re.compile(r"\b(?:good ?bye|bye|have a (?:good|nice|great)|take care)\b", re.IGNORECASE)
_ENDS_CALL = re.compile(
    r"\b(?:hang(?:s|ing)? up|end(?:s|ing)? the (?:call|conversation|chat)|good ?bye)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Problem:
    kind: AlarmKind
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """What one reply is composed from."""

    caller_lines: tuple[str, ...]
    agent_lines: tuple[str, ...]
    action: str | None = None
    """An action that the scenario orders: then its author answers for repetition and for the end of the call."""


class PersonaComposer:
    """Asks the model for the caller's words until they may be sent, at most three times."""

    def __init__(
        self, specification: RunSpecification, *, model: LanguageModel, remark: Remarker, keys: CallKeys | None = None
    ) -> None:
        """A composer for one call; `keys` where other parts of the caller ask the model too."""
        scenario, personality, profile = specification.scenario, specification.personality, specification.profile
        self._scenario = scenario
        self._model = model
        self._remark = remark
        self._keys = keys or CallKeys(specification)
        self._language = spoken_language(specification)
        self._system = persona_prompt(scenario, personality, profile, self._language)
        self._tools = {name.lower().removeprefix("tool_") for name in scenario.tools} or {"end_call"}
        role = scenario.conditional_actions.role if scenario.conditional_actions else ""
        character = personality.prompt if personality else ""
        self._directions = "\n".join((role, scenario.instructions, character, scenario.first_message or ""))
        self._ledger = Ledger(scenario.facts, opener=scenario.first_message or "")
        facts = scenario.facts
        known = [facts.always, facts.if_asked, facts.never]
        known += [profile.caller_variables, profile.agent_variables] if profile else []
        values = [str(value) for section in known for _, value in flattened(section)]
        self._ground = Ground((self._directions, *values))
        self._about = "\n".join(values)
        self._read = 0

    async def compose(self, action: str, heard: Heard) -> Say:
        """The words for an action of a conditional scenario.

        Raises:
            CallerInvalid: no reply could be let through.
            ModelError: the model did not answer.
        """
        return await self.next_words(heard.transcript, action=action)

    async def next_words(self, transcript: Sequence[Entry], *, action: str | None = None) -> Say:
        """The words that come next, perhaps with the end of the call; raises as `compose` does."""
        self._listen(transcript)
        if action is not None:
            self._ground.add(action)
        turn = _Turn(
            caller_lines=tuple(e.content for e in transcript if e.role is Role.CALLER and e.content),
            agent_lines=tuple(e.content for e in transcript if e.role is Role.AGENT and e.content),
            action=action,
        )
        notes = self._notes(turn)
        problems: list[_Problem] = []
        for number in range(1, RETRIES + 2):
            again = [again_note([problem.sentence for problem in problems])] if problems else []
            reply = await self._model.reply(
                persona_messages(self._system, transcript, notes=[*notes, *again]),
                key=self._keys.next("caller"),
                tools=(HANG_UP,) if self._may_end(turn) else (),
            )
            hang_up = next((use for use in reply.tool_uses if use.name == HANG_UP.name), None)
            words = _words(reply, hang_up)
            problems = self._problems(words, hang_up, turn)
            if not problems:
                parts: list[Part] = [Words(words)] if words else []
                return Say(Utterance((*parts, EndCall()) if hang_up else tuple(parts)))
            self._note_discard(words, hang_up, problems, number)
        raise _given_up(problems)

    def _listen(self, transcript: Sequence[Entry]) -> None:
        """Whatever has been said may be said again."""
        for entry in transcript[self._read :]:
            if entry.tool is None:
                self._ground.add(entry.content)
        self._read = max(self._read, len(transcript))

    def _notes(self, turn: _Turn) -> list[str]:
        """What the controller has to tell the model beside the conversation."""
        if turn.action is not None:
            return [action_note(turn.action)]
        notes: list[str] = []
        if turn.caller_lines and (untold := self._ledger.untold(turn.caller_lines)):
            notes.append(note(f"You have not told yet: {', '.join(untold)}. Tell it when it fits."))
        if len(turn.caller_lines) + 1 >= self._scenario.max_turns:
            notes.append(note("This is the last line that you can say."))
        said_goodbye = bool(turn.caller_lines) and _FAREWELL.search(turn.caller_lines[-1])
        if said_goodbye and turn.agent_lines and "?" not in turn.agent_lines[-1]:
            notes.append(note("You have said goodbye. If nothing is open, hang up."))
        return notes

    def _may_end(self, turn: _Turn) -> bool:
        if turn.action is not None:
            return _ENDS_CALL.search(turn.action) is not None
        return any(tool.startswith("end_call") for tool in self._tools)

    def _problems(self, words: str, hang_up: ToolUse | None, turn: _Turn) -> list[_Problem]:
        problems = [_Problem(AlarmKind.EARLY_HANG_UP, why)] if (why := self._refusal(words, hang_up, turn)) else []
        if not words and hang_up:
            return problems
        context = GuardContext(
            ground=self._ground,
            ledger=self._ledger,
            language=self._language,
            directions=self._directions if turn.action is None else f"{self._directions}\n{turn.action}",
            about=self._about,
            rules=rules(),
            agent_lines=turn.agent_lines,
        )
        problems += [_Problem(alarm.kind, alarm.sentence) for alarm in inspect(words, context)]
        if turn.action is None and (found := circle(words, turn.caller_lines, turn.agent_lines)):
            problems.append(_Problem(found.kind, found.sentence))
        return problems

    def _refusal(self, words: str, hang_up: ToolUse | None, turn: _Turn) -> str | None:
        if hang_up is None:
            return None
        if not self._may_end(turn):
            return "you cannot hang up in this call."
        if turn.action is not None:
            return None
        call = CallSoFar(
            agent_lines=turn.agent_lines,
            caller_turns=len(turn.caller_lines) + bool(words),
            min_turns=self._scenario.min_turns,
            only_on_transfer="end_call" not in self._tools,
            english=base_code(self._language) == "en",
        )
        return refusal(hang_up.arguments, words, call)

    def _note_discard(self, words: str, hang_up: ToolUse | None, problems: Sequence[_Problem], number: int) -> None:
        for problem in problems:
            if problem.kind is AlarmKind.EARLY_HANG_UP:
                detail = {"kind": problem.kind.value, "arguments": dict(hang_up.arguments) if hang_up else {}}
                self._remark(FindingCode.CALLER_FINDING, f"hang-up refused: {problem.sentence}", detail)
            elif problem.kind in (AlarmKind.LOOP, AlarmKind.RESTART):
                sentence = f"the caller's reply leads nowhere ({problem.kind}): {problem.sentence}"
                self._remark(FindingCode.CALLER_FINDING, sentence, {"kind": problem.kind.value, "text": words})
        kinds = list(dict.fromkeys(problem.kind.value for problem in problems))
        self._remark(
            FindingCode.DISCARDED_REPLY,
            f"discarded ({', '.join(kinds)}): {problems[0].sentence}",
            {"kind": kinds[0], "kinds": kinds, "text": words, "try": number},
        )


class PersonaCaller:
    """A simulated customer that follows instructions."""

    def __init__(self, specification: RunSpecification, *, model: LanguageModel, remark: Remarker) -> None:
        """A caller for one call."""
        first = specification.scenario.first_message
        self._opener = Say(Utterance.of(first)) if first else None
        self._composer = PersonaComposer(specification, model=model, remark=remark)

    @property
    def waits_for_agent_first(self) -> bool:
        """Instructions say nothing about who opens."""
        return False

    async def open(self) -> Move:
        """The first message, verbatim, or words of the model's."""
        return self._opener or await self._composer.next_words(())

    async def reply(self, heard: Heard) -> Move:
        """The next words, perhaps with the end of the call; silence where the agent said nothing."""
        if self._opener and not any(entry.role is Role.CALLER for entry in heard.transcript):
            return self._opener
        if not heard.text.strip():
            return Wait()
        return await self._composer.next_words(heard.transcript)

    def said(self, move: Move) -> None:
        """Nothing to keep: where a persona stands is read from the transcript."""
        del move


def spoken_language(specification: RunSpecification) -> str:
    """The scenario's language; the personality's where the scenario keeps the default and the personality does not."""
    personality = specification.personality
    if personality and base_code(specification.scenario.language) == "en":
        return personality.language
    return specification.scenario.language


def _words(reply: ModelReply, hang_up: ToolUse | None) -> str:
    text = reply.text.strip() or (str(hang_up.arguments.get("last_words") or "").strip() if hang_up else "")
    wrapped = _WRAPPED.match(text)  # a model that quotes the whole line means the line
    return wrapped[2].strip() if wrapped else text


def _given_up(problems: Sequence[_Problem]) -> CallerInvalid:
    kinds = {problem.kind for problem in problems}
    if kinds <= {AlarmKind.LOOP, AlarmKind.RESTART}:
        reason = "loop"
    elif kinds == {AlarmKind.EARLY_HANG_UP}:
        reason = "hang_up"
    else:
        reason = "guard"
    named = ", ".join(sorted(kind.value for kind in kinds))
    return CallerInvalid(
        f"the caller's reply was discarded {RETRIES + 1} times, at last for {named}: {problems[0].sentence}",
        reason=reason,
    )
