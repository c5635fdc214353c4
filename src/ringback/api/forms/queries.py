"""Filters that several lists have in common. An empty one, which some clients send, is none."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import BeforeValidator

from ringback.api.numbers import Number


def _empty_is_none(value: Any) -> Any:
    return None if value == "" else value


NumberFilter = Annotated[Number | None, BeforeValidator(_empty_is_none)]
"""The number of a record, or none."""

AgentFilter = Annotated[NumberFilter, Query(description="Only those of this agent.")]
AssistantFilter = Annotated[str | None, Query(description="Only those of the agent with this id at its provider.")]
AnyProject = Annotated[str | None, Query(description="There is one project; any value is accepted.")]
Search = Annotated[str | None, Query(description="Text in the name, upper and lower case alike.")]
