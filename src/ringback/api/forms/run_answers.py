"""What run requests are answered with, for the API's document; `results/reference_form.py` makes it."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from ringback.api.closed_sets import ResultStatus, RunType, Status


class RunAnswer(BaseModel):
    """One conversation that was asked for."""

    id: int = Field(description="Number of the run.")
    scenario: int = Field(description="Number of the scenario.")
    scenario_name: str = Field(description="What the scenario is called.")
    number: int | str | None = Field(
        description="1 to frequency where a text run is repeated; of an outbound agent's run the number that it has to"
        " call, once the run is `pending`; else null."
    )
    status: Status = Field(examples=["running"], description="How the run stands; poll it by its id, or its result.")
    success: bool | None = Field(description="null: it is not over yet.")
    inbound_number: str | None = Field(description="By telephone: which of our numbers calls the agent.")
    outbound_number: str | None = Field(description="Of an outbound agent: the number that it has to call.")
    test_profile_data: dict[str, Any] | None = Field(description="`id`, `name` and `information`.")
    outbound_dial_window_opens_at: datetime | None = Field(
        description="Of an outbound agent: when the run got its number."
    )
    outbound_dial_window_seconds: int | None = Field(
        description="Of an outbound agent: how many seconds it may call from then on."
    )
    outbound_dial_window_closes_at: datetime | None = Field(
        description="Of an outbound agent: a later call is not taken."
    )


class RunRequestAnswer(BaseModel):
    """The result that a run request made. It has just begun: poll it by its id."""

    id: int = Field(description="Number of the result.")
    name: str = Field(description="What the request called it; the agent's name by default.")
    agent: int | None = Field(
        description="Number of the agent that is tested; null where the scenarios belong to none."
    )
    agent_name: str = Field(description="What the agent is called.")
    agent_inbound: bool = Field(description="true: the agent is called; false: it calls one of our numbers.")
    agent_version: str | None = Field(description="Versions of agents are not kept: always null.")
    status: ResultStatus = Field(
        examples=["running"], description="running for text, in_progress for voice, pending where the agent is to call."
    )
    success_rate: float = Field(description="0 to 100.", examples=[0.0])
    run_as_text: bool = Field(description="true: over text; false: over voice.")
    run_type: RunType = Field(description="How the agent is reached.", examples=["Text"])
    is_cronjob: bool = Field(description="Schedules are not available yet: always false.")
    created_at: datetime = Field(description="When it was asked for.")
    updated_at: datetime = Field(description="When it last changed.")
    finished_at: datetime | None = Field(description="null: it is not over yet.")
    concurrency_limit: int | None = Field(
        description="Most conversations of it at the same time, as asked; null: no limit of its own."
    )
    runs: list[RunAnswer] = Field(description="Its runs, in the order in which they were planned.")
