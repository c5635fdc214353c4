"""Where spoken agents hang up as they do with a telephone company, which their frameworks have built in."""

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import JSONResponse

from ringback.api.dependencies import ServicesDep
from ringback.channels.hang_up_rest import HANG_UP_PATH, answer_hang_up

root_router = APIRouter(tags=["calls"])

_UNAUTHORISED = 401


@root_router.post(HANG_UP_PATH, include_in_schema=False)  # another product's API, described in its documents
async def hang_up(
    account_sid: str,
    call_sid: str,
    request: Request,
    services: ServicesDep,
    authorization: Annotated[str | None, Header()] = None,
) -> Response:
    """End a spoken call that this process holds, in the form of Twilio's call resource.

    No API key is asked for: the call's id is random and told to nobody but the agent that is called.
    """
    async with request.form(max_files=0, max_fields=50) as form:
        status = form.get("Status")
    answer = answer_hang_up(
        services.calls, account_sid, call_sid, status if isinstance(status, str) else None, authorization
    )
    headers = {"WWW-Authenticate": 'Basic realm="calls"'} if answer.status == _UNAUTHORISED else {}
    return JSONResponse(answer.body, answer.status, headers=headers)
