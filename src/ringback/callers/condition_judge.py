"""Asks a model which natural-language conditions hold: one call a turn, whatever their number."""

from collections.abc import Sequence

from pydantic import BaseModel

from ringback.callers.call_keys import CallKeys
from ringback.callers.caller import Heard
from ringback.callers.prompts import condition_messages
from ringback.domain.scenario import Condition
from ringback.models.model import LanguageModel


class MetConditions(BaseModel):
    """The model's answer."""

    met: list[int]


class ModelConditionJudge:
    """A `ConditionJudge` that asks a language model."""

    def __init__(self, model: LanguageModel, keys: CallKeys) -> None:
        self._model = model
        self._keys = keys

    async def holding(self, conditions: Sequence[Condition], heard: Heard, words: str) -> frozenset[int]:
        """Ids among the given ones that the model says are met.

        Raises:
            ModelError: no answer, or none of the right shape.
        """
        messages = condition_messages(conditions, heard.transcript, words)
        reply = await self._model.reply(messages, key=self._keys.next("condition"), shape=MetConditions)
        met = reply.parsed.met if isinstance(reply.parsed, MetConditions) else []
        return frozenset(met) & {condition.id for condition in conditions}
