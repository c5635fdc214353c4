"""Run requests: each makes one result, whose conversations the queue carries out."""

import hashlib
import json
import re
from functools import cache
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from ringback.api.access import Reader, Runner
from ringback.api.dependencies import ServicesDep
from ringback.api.forms.run_answers import RunRequestAnswer
from ringback.api.forms.run_requests import ChatRunForm, SipRunForm, SocketRunForm, TextRunForm
from ringback.api.forms.suite_bodies import REQUEST_BODY, read_suite_body
from ringback.api.forms.suite_requests import DryRun, ValidatedSuite, suite_plan
from ringback.domain.api_key import ApiKey
from ringback.domain.log_context import log_also
from ringback.errors import InvalidFields
from ringback.library.schema import suite_schema
from ringback.results.json_text import json_bytes
from ringback.results.reference_form import request_answer
from ringback.runs.submission_request import Over, RunsWanted
from ringback.storage.answers import IdempotencyKey
from ringback.wiring.service import Services

router = APIRouter(tags=["scenarios"])
_NAME = re.compile(r"[\x21-\x7e]{1,255}")
_ASKED: dict[int | str, dict[str, Any]] = {201: {"model": RunRequestAnswer, "description": "The result, just begun."}}


def _repeatable(
    idempotency_key: Annotated[
        str | None,
        Header(
            description="Your own name for this request, up to 255 visible ASCII characters. The same name with the"
            " same body gives the first answer for a day, so that a request can be sent again safely; with another"
            " body it is refused with 409."
        ),
    ] = None,
) -> str | None:
    if not idempotency_key:
        return None
    if not _NAME.fullmatch(idempotency_key):
        raise InvalidFields({"Idempotency-Key": ["1 to 255 visible ASCII characters without blanks, e.g. a UUID."]})
    return idempotency_key


Repeatable = Annotated[str | None, Depends(_repeatable)]


@router.post("/scenarios/run_scenarios_text/", status_code=201, responses=_ASKED, summary="Run over text")
async def run_scenarios_text(body: TextRunForm, services: ServicesDep, key: Runner, name: Repeatable) -> Response:
    """Hold conversations over the agent's text connection, or over the `websocket_url` of the request."""
    return await _submitted(services, body.wanted("run_scenarios_text", Over.TEXT), key, name)


@router.post("/scenarios/run_scenarios/", status_code=201, responses=_ASKED, summary="Run over voice")
async def run_scenarios(body: TextRunForm, services: ServicesDep, key: Runner, name: Repeatable) -> Response:
    """Hold spoken conversations: by telephone, else over the agent's media streams, else over its CHIRP.

    An agent whose `inbound` is false calls us: a run that is `pending` waits for its call to `number`, from exactly the
    agent's contact number, until the dial window closes. An agent that has only a text connection is run over that, and
    `run_type` says so.
    """
    return await _submitted(services, body.wanted("run_scenarios", Over.VOICE), key, name)


@router.post("/scenarios/run_scenarios_sip/", status_code=201, responses=_ASKED, summary="Run by telephone")
async def run_scenarios_sip(body: SipRunForm, services: ServicesDep, key: Runner, name: Repeatable) -> Response:
    """Hold spoken conversations by telephone: at the agent's SIP address, at its number, or at `sip_endpoint`."""
    return await _submitted(services, body.wanted("run_scenarios_sip", Over.SIP), key, name)


@router.post("/scenarios/run_scenarios_chirp/", status_code=201, responses=_ASKED, summary="Run over CHIRP")
async def run_scenarios_chirp(body: TextRunForm, services: ServicesDep, key: Runner, name: Repeatable) -> Response:
    """Hold spoken conversations over the agent's CHIRP connection, or over the `websocket_url` of the request."""
    return await _submitted(services, body.wanted("run_scenarios_chirp", Over.CHIRP), key, name)


@router.post(
    "/scenarios/run_scenarios_with_websockets/", status_code=201, responses=_ASKED, summary="Run with a URL a scenario"
)
async def run_scenarios_with_websockets(
    body: SocketRunForm, services: ServicesDep, key: Runner, name: Repeatable
) -> Response:
    """Hold conversations over text, each scenario at a URL of its own, or at the agent's where it comes without one."""
    return await _submitted(services, body.wanted("run_scenarios_with_websockets"), key, name)


@router.post("/scenarios/run_scenarios_api_chat/", status_code=201, responses=_ASKED, summary="Run in pull mode")
async def run_scenarios_api_chat(body: ChatRunForm, services: ServicesDep, key: Runner, name: Repeatable) -> Response:
    """Hold conversations without a socket: fetch each line of the caller from the run, and post the agent's."""
    return await _submitted(services, body.wanted("run_scenarios_api_chat", Over.API_CHAT), key, name)


@router.post(
    "/scenarios/run_scenarios_json/",
    status_code=201,
    responses={**_ASKED, 200: {"model": DryRun, "description": "With `dry_run`: what it would come to."}},
    openapi_extra=REQUEST_BODY,
    summary="Run a suite",
)
async def run_scenarios_json(
    request: Request,
    services: ServicesDep,
    key: Runner,
    name: Repeatable,
    dry_run: Annotated[bool, Query(description="Check the suite and answer its plan; run nothing.")] = False,
) -> Response:
    """Run a suite that comes with the request, as JSON or as a file of a form.

    What is wrong in the suite is answered by its place: `{"scenarios[0].metrics[0]": ["…"]}`. Numbers of personalities,
    test profiles and metrics in the suite are those that are kept here.
    """
    form, spec = await read_suite_body(request, services.settings.max_body_bytes)
    wanted = form.wanted("run_scenarios_json", spec)
    if dry_run:
        plan = suite_plan(await services.submission.rehearse(wanted), form)
        return Response(DryRun(plan=plan).model_dump_json(), 200, media_type="application/json")
    return await _submitted(services, wanted, key, name)


@router.post("/scenarios/validate_scenarios_json/", openapi_extra=REQUEST_BODY, summary="Check a suite")
async def validate_scenarios_json(request: Request, services: ServicesDep, _: Reader) -> ValidatedSuite:
    """Check a suite as `run_scenarios_json` would take it, and answer its plan; run nothing."""
    form, spec = await read_suite_body(request, services.settings.max_body_bytes)
    rehearsal = await services.submission.rehearse(form.wanted("validate_scenarios_json", spec))
    return ValidatedSuite(plan=suite_plan(rehearsal, form))


@router.get("/scenarios/json_schema/", summary="Read the schema of suites")
async def json_schema(
    _: Reader,
    version: Annotated[Literal["1", "v1"], Query(description="Version of the format.")] = "1",  # noqa: ARG001 - there is one
) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the suites that `run_scenarios_json` takes."""
    return _schema()


@cache
def _schema() -> dict[str, Any]:
    """Made once: it takes a tenth of a second."""
    return suite_schema()


async def _submitted(services: Services, wanted: RunsWanted, key: ApiKey, name: str | None) -> Response:
    idempotency = None
    if name is not None:
        idempotency = IdempotencyKey(key_id=key.id, name=name, request_digest=_digest(wanted))
    result = await services.submission.submit(wanted, key, idempotency=idempotency)
    log_also(result_id=result.id)
    # As it was before anything began, for a repeated request gets the first answer. Numbers that agents may call are
    # told as they are now: a repeated request does not know less than a look would.
    answer = await request_answer(services.readings, result.id)
    return Response(json_bytes(answer), 201, media_type="application/json")


def _digest(wanted: RunsWanted) -> str:
    """SHA-256 of what is wanted: the order of fields, blanks, and numbers as strings make no other request."""
    hidden = [wanted.websocket_url, dict(wanted.websocket_headers), dict(wanted.urls), wanted.numbers.sip_endpoint]
    return hashlib.sha256(json.dumps([wanted.document(), hidden], sort_keys=True).encode()).hexdigest()
