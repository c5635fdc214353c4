"""Asking the judge about one run: call keys that repeat exactly, usage that adds up."""

from collections.abc import Sequence
from typing import TypeVar

from pydantic import BaseModel

from ringback.domain.run import RunSpecification
from ringback.domain.usage import Usage
from ringback.errors import BadModelReply, RingbackError
from ringback.models.model import CallKey, LanguageModel, Message, used_by

Shape = TypeVar("Shape", bound=BaseModel)


class JudgeSession:
    """One judge for all questions of one run."""

    def __init__(self, model: LanguageModel, *, run: str, repeat: int) -> None:
        self._model = model
        self._run = run
        self._repeat = repeat
        self.usage = Usage()
        """Of all calls so far."""

    @classmethod
    def of(cls, model: LanguageModel, specification: RunSpecification) -> "JudgeSession":
        """A session whose keys name scenario, personality, profile and repeat."""
        personality = specification.personality.name if specification.personality else ""
        profile = specification.profile.name if specification.profile else ""
        run = "/".join((specification.scenario.key, personality or "-", profile or "-"))
        return cls(model, run=run, repeat=specification.repeat)

    async def ask(self, messages: Sequence[Message], shape: type[Shape], *, call: int) -> tuple[Shape, str]:
        """The judge's answer in its shape, and as text. Raises `ModelError` and `CostLimitReached`.

        `call` is the running number of the call within the run, fixed by the question, so that questions asked side by
        side have the same keys in every run.
        """
        key = CallKey(role="judge", run=self._run, repeat=self._repeat, number=call)
        try:
            reply = await self._model.reply(messages, key=key, shape=shape)
        except RingbackError as error:
            self.usage += used_by(error)
            raise
        self.usage += reply.usage
        if not isinstance(reply.parsed, shape):
            raise BadModelReply(f"The judge's model {self._model.name} gave no {shape.__name__}.")
        return reply.parsed, reply.text or reply.parsed.model_dump_json()
