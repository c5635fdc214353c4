"""The application behind `ringback serve`: families of routes within layers that hold for all of them."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from ringback.api.access import Access
from ringback.api.bodies import Bodies
from ringback.api.errors import answer_to
from ringback.api.failures import Failures
from ringback.api.gate import Gate
from ringback.api.methods import HeadAndOptions
from ringback.api.mounting import mount
from ringback.api.rate import RequestRate
from ringback.api.twins import OneSpelling
from ringback.wiring.service import Services


def create_app(services: Services) -> FastAPI:
    """The service's REST API over objects that are open for as long as it is served."""
    settings = services.settings
    app = FastAPI(
        title="Ringback",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        strict_content_type=False,
        telemetry={"auto_configure": False, "tracing": False, "metrics": False, "logs": False},
    )
    app.state.services = services
    mounted = mount(app)
    access = Access(services.keys, settings.api_key.get_secret_value() if settings.api_key else None)
    app.user_middleware = [
        Middleware(Failures),
        Middleware(OneSpelling, has_own_v2=mounted.has_own_v2),
        Middleware(Gate, access=access, rate=RequestRate(settings.requests_per_minute)),
        Middleware(HeadAndOptions, methods=mounted.methods),
        Middleware(Bodies, largest=settings.max_body_bytes),
    ]
    app.add_exception_handler(RequestValidationError, _answer)
    app.add_exception_handler(HTTPException, _answer)
    return app


async def _answer(request: Request, error: Exception) -> JSONResponse:  # noqa: ARG001 - the signature is FastAPI's
    return answer_to(error)
