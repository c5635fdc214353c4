"""How our telephone numbers are answered."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from ringback.storage.number_leases import Occupant

PROVIDER = "ringback"
"""The installation's own: what it registers or is reached by is its operator's business."""


class PhoneNumber(BaseModel):
    """One of our numbers."""

    model_config = ConfigDict(
        json_schema_serialization_defaults_required=True,
        json_schema_extra={
            "examples": [
                {
                    "id": 1,
                    "number": "+15550100",
                    "scenario_id": 12,
                    "scenario_name": "Confirms an appointment",
                    "provider": "ringback",
                    "sms_enabled": False,
                }
            ]
        },
    )

    id: int = Field(description="Its place in the settings, from 1.")
    number: str = Field(description="As the settings have it: a telephone number, or the user of a SIP address.")
    scenario_id: int | None = Field(description="Scenario of the run that has the number now; null: it is free.")
    scenario_name: str | None = Field(
        default=None, description="What that scenario is called; null: the number is free."
    )
    provider: str = Field(description="Always `ringback`: the installation's own.")
    sms_enabled: bool = Field(description="Always false.")


class Occupancy(BaseModel):
    """Whether one of our numbers is free."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 1,
                    "number": "+15550100",
                    "is_occupied": True,
                    "status": "pending",
                    "run_id": 31,
                    "result_id": 7,
                    "outbound_dial_window_closes_at": "2027-01-31T12:05:00Z",
                }
            ]
        }
    )

    id: int = Field(description="Its place in the settings, from 1.")
    number: str = Field(description="As the settings have it: a telephone number, or the user of a SIP address.")
    is_occupied: bool = Field(description="Whether a run has it now.")
    status: str | None = Field(
        description="`pending`: the run waits for its agent's call. `in_progress`: they talk. null: the number is free."
    )
    run_id: int | None = Field(description="Number of the run that has it; null: it is free.")
    result_id: int | None = Field(description="Number of that run's result.")
    outbound_dial_window_closes_at: datetime | None = Field(description="Until when the run's agent may call.")


def phone_numbers(numbers: Sequence[str], occupants: Mapping[str, Occupant]) -> list[PhoneNumber]:
    """All of our numbers, with the scenario that each is taken by."""
    found = [(place, number, occupants.get(number)) for place, number in enumerate(numbers, 1)]
    return [
        PhoneNumber(
            id=place,
            number=number,
            scenario_id=run.scenario_id if run else None,
            scenario_name=run.scenario_name if run else None,
            provider=PROVIDER,
            sms_enabled=False,
        )
        for place, number, run in found
    ]


def occupancies(numbers: Sequence[str], occupants: Mapping[str, Occupant]) -> list[Occupancy]:
    """Which of our numbers are taken, and by what."""
    found = [(place, number, occupants.get(number)) for place, number in enumerate(numbers, 1)]
    return [
        Occupancy(
            id=place,
            number=number,
            is_occupied=run is not None,
            status=None if run is None else "pending" if run.awaits_call else "in_progress",
            run_id=run.run_id if run else None,
            result_id=run.result_id if run else None,
            outbound_dial_window_closes_at=run.closes_at if run else None,
        )
        for place, number, run in found
    ]
