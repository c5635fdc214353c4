"""What run requests are answered with, for the API's document; `results/reference_form.py` makes it."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field


class RunAnswer(BaseModel):
    """One conversation that was asked for."""

    id: int
    scenario: int
    scenario_name: str
    number: int | str | None = Field(
        description="1 to frequency where a text run is repeated; of an outbound agent's run the number that it has to"
        " call, once the run is `pending`; else null."
    )
    status: str = Field(examples=["running"])
    success: bool | None
    inbound_number: str | None
    outbound_number: str | None
    test_profile_data: dict[str, Any] | None = Field(description="`id`, `name` and `information`.")
    outbound_dial_window_opens_at: datetime | None
    outbound_dial_window_seconds: int | None
    outbound_dial_window_closes_at: datetime | None


class RunRequestAnswer(BaseModel):
    """The result that a run request made. It has just begun: poll it by its id."""

    id: int
    name: str
    agent: int | None
    agent_name: str
    agent_inbound: bool
    agent_version: str | None
    status: str = Field(examples=["running"])
    success_rate: float = Field(description="0 to 100.", examples=[0.0])
    run_as_text: bool
    run_type: str = Field(description="How the agent is reached: Text, WebSocket or Voice.", examples=["Text"])
    is_cronjob: bool
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None
    concurrency_limit: int | None
    runs: list[RunAnswer]
