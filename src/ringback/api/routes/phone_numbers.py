"""Our telephone numbers: which there are, and which are free."""

from fastapi import APIRouter

from ringback.api.access import Reader
from ringback.api.dependencies import ServicesDep
from ringback.api.forms.phone_numbers import Occupancy, PhoneNumber, occupancies, phone_numbers
from ringback.api.forms.queries import AnyProject

router = APIRouter(tags=["phone numbers"])


@router.get("/phone-numbers/", summary="List our numbers")
async def list_phone_numbers(
    services: ServicesDep,
    _: Reader,
    project_id: AnyProject = None,  # noqa: ARG001 - clients send it
) -> list[PhoneNumber]:
    """The numbers of this installation, which outbound agents call and which its own calls come from; a bare list."""
    return phone_numbers(services.phone_numbers, await services.number_leases.occupants())


@router.get("/phone-numbers/inbound/", summary="List our numbers for inbound agents")
async def list_inbound_phone_numbers(
    services: ServicesDep,
    _: Reader,
    project_id: AnyProject = None,  # noqa: ARG001 - clients send it
) -> list[PhoneNumber]:
    """The numbers that calls to inbound agents can come from: all of them, for many calls can come from one."""
    return phone_numbers(services.phone_numbers, await services.number_leases.occupants())


@router.get("/phone-numbers/check_occupancy/", summary="See which numbers are free")
async def check_occupancy(
    services: ServicesDep,
    _: Reader,
    project_id: AnyProject = None,  # noqa: ARG001 - clients send it
) -> list[Occupancy]:
    """Which of our numbers belong to a run at the moment: outbound agents' runs wait for a free one."""
    return occupancies(services.phone_numbers, await services.number_leases.occupants())
