"""What routes are given: the live objects behind the service."""

from typing import Annotated

from fastapi import Depends, Request

from ringback.wiring.service import Services


def services_of(request: Request) -> Services:
    """The live objects that the application was made with."""
    services: Services = request.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(services_of)]
