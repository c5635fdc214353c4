"""The application behind `ringback serve`: families of routes within layers that hold for all of them."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from ringback.api.access import Access
from ringback.api.bodies import Bodies
from ringback.api.document import document_of
from ringback.api.errors import answer_to
from ringback.api.failures import Failures
from ringback.api.gate import Gate
from ringback.api.measures import Measures
from ringback.api.methods import HeadAndOptions, allowed
from ringback.api.mounting import Mounted, mount
from ringback.api.not_yet import NotYet
from ringback.api.observation import Observation
from ringback.api.rate import RequestRate
from ringback.api.twins import OneSpelling
from ringback.wiring.service import Services


class _Application(FastAPI):
    def openapi(self) -> dict[str, Any]:
        return document_of(self)


def create_app(services: Services) -> FastAPI:
    """The service's REST API over objects that are open for as long as it is served."""
    settings = services.settings
    app = _Application(
        title="Ringback",
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"auto_configure": False, "tracing": False, "metrics": False, "logs": False},
    )
    app.state.services = services
    app.state.measures = Measures()
    mounted = app.state.mounted = mount(app)
    access = Access(services.keys, settings.api_key.get_secret_value() if settings.api_key else None)
    # From the outside in.
    app.user_middleware = [
        Middleware(Observation, measures=app.state.measures, template=mounted.template),
        Middleware(Failures),
        Middleware(OneSpelling, has_own_v2=mounted.has_own_v2),
        Middleware(Gate, access=access, rate=RequestRate(settings.requests_per_minute)),
        Middleware(NotYet, mounted=mounted),
        Middleware(HeadAndOptions, methods=mounted.methods, literal=mounted.literal),
        Middleware(Bodies, largest=settings.max_body_bytes),
    ]
    app.add_exception_handler(RequestValidationError, _answer)
    app.add_exception_handler(HTTPException, _answer)
    return app


async def _answer(request: Request, error: Exception) -> JSONResponse:
    answer = answer_to(error)
    if answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        mounted: Mounted = request.app.state.mounted  # the router names the methods of one route of several
        answer.headers["Allow"] = allowed(mounted.methods(request.scope["path"]))
    return answer
