"""A caller that a language model plays, held by a controller."""

from collections.abc import Sequence

from ringback.callers.call_keys import CallKeys
from ringback.callers.caller import Heard, Move, Remarker, Say
from ringback.callers.prompts import HANG_UP, action_note, persona_messages, persona_prompt
from ringback.domain.conversation import Entry, Role
from ringback.domain.run import RunSpecification
from ringback.domain.utterance import Utterance
from ringback.models.model import LanguageModel


class PersonaComposer:
    """Asks the model for the caller's words."""

    def __init__(
        self, specification: RunSpecification, *, model: LanguageModel, remark: Remarker, keys: CallKeys | None = None
    ) -> None:
        scenario = specification.scenario
        self._model = model
        self._remark = remark
        self._keys = keys or CallKeys(specification)
        self._system = persona_prompt(scenario, specification.personality, specification.profile, scenario.language)

    async def compose(self, action: str, heard: Heard) -> Say:
        """The words for an action."""
        return await self.next_words(heard.transcript, notes=(action_note(action),))

    async def next_words(self, transcript: Sequence[Entry], *, notes: Sequence[str] = ()) -> Say:
        """The words that come next."""
        messages = persona_messages(self._system, transcript, notes=notes)
        reply = await self._model.reply(messages, key=self._keys.next("caller"), tools=(HANG_UP,))
        return Say(Utterance.of(reply.text, ends_call=bool(reply.tool_uses)))


class PersonaCaller:
    """A simulated customer with a mind of its own."""

    def __init__(self, specification: RunSpecification, *, model: LanguageModel, remark: Remarker) -> None:
        self._first_message = specification.scenario.first_message
        self._composer = PersonaComposer(specification, model=model, remark=remark)

    @property
    def waits_for_agent_first(self) -> bool:
        """A persona says nothing about who opens."""
        return False

    async def open(self) -> Move:
        """The first message, or words of the model's."""
        if self._first_message:
            return Say(Utterance.of(self._first_message))
        return await self._composer.next_words(())

    async def reply(self, heard: Heard) -> Move:
        """The next move."""
        if self._first_message and not any(entry.role is Role.CALLER for entry in heard.transcript):
            return Say(Utterance.of(self._first_message))
        return await self._composer.next_words(heard.transcript)

    def said(self, move: Move) -> None:
        """Everything is read from the transcript."""
        del move
