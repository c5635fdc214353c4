"""What one run's model calls used: a language model that counts, wrapped around the shared one."""

from collections.abc import Sequence

from pydantic import BaseModel

from ringback.domain.usage import Usage
from ringback.errors import CostLimitReached, RingbackError
from ringback.models.model import CallKey, LanguageModel, Message, ModelReply, Tool, used_by


class MeteredModel:
    """Passes every question on and adds up the usage of the answers."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self.usage = Usage()
        self.met_cost_limit = False
        """Whether a question was not answered because the cost limit was reached."""

    @property
    def name(self) -> str:
        """`provider:name` of the model behind."""
        return self._model.name

    async def reply(
        self,
        messages: Sequence[Message],
        *,
        key: CallKey,
        shape: type[BaseModel] | None = None,
        tools: Sequence[Tool] = (),
    ) -> ModelReply:
        """Ask the model behind; raises what it raises."""
        try:
            reply = await self._model.reply(messages, key=key, shape=shape, tools=tools)
        except RingbackError as error:
            self.usage += used_by(error)
            self.met_cost_limit |= isinstance(error, CostLimitReached)
            raise
        self.usage += reply.usage
        return reply

    async def close(self) -> None:
        """Nothing to release: the model behind is shared and closed by its owner."""
