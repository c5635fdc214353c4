"""Share links: made with a key, read without one, as a page."""

import asyncio
from datetime import datetime
from html import escape
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from ringback.api.access import Runner
from ringback.api.dependencies import ServicesDep
from ringback.api.forms.results import LinkWanted, ShareableLink
from ringback.api.numbers import Id
from ringback.api.paging import base_of
from ringback.domain.run import Result
from ringback.errors import Forbidden, NotFound
from ringback.results.export import html
from ringback.results.share import Shared
from ringback.results.share_recordings import shared_recordings
from ringback.results.summary import summarise
from ringback.wiring.service import Services

router = APIRouter(tags=["results"])
root_router = APIRouter(tags=["shared"])

LARGEST_PAGE = 5000
"""Runs of a result that is shown as a page: its records are all in memory while the page is made."""

_HEADERS = {
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}

_REFUSED: dict[int | str, str] = {
    403: "The link is not valid, or has expired.",
    404: "The result is no longer there.",
    413: f"The result has more than {LARGEST_PAGE} runs.",
}


@router.post("/results/{result_id}/create_shareable_link_token/", summary="Share a result")
async def create_link(
    request: Request, result_id: Id, services: ServicesDep, _: Runner, body: LinkWanted | None = None
) -> ShareableLink:
    """A link by which anybody reads this one result, without a key, until a date. It cannot be called back."""
    await services.readings.counts(result_id)
    token = services.share_links.token(result_id, body.expire_at if body else None)
    return ShareableLink(
        token=token,
        shareable_link=f"{base_of(request)}/share/{token}",
        expire_at=services.share_links.read(token).expires_at,
    )


@root_router.get(
    "/share/{token}",
    response_class=HTMLResponse,
    summary="Read a shared result",
    responses={status: {"content": {"text/html": {}}, "description": words} for status, words in _REFUSED.items()},
)
async def shared_page(request: Request, token: str, services: ServicesDep) -> Response:
    """The report of a result that somebody shared."""
    try:
        shared = services.share_links.read(token)
        line, counts = await services.readings.counts(shared.result_id)
    except Forbidden as error:
        return _sentence(str(error), 403)
    except NotFound:
        return _sentence("This result is no longer there.", 404)
    if counts.total > LARGEST_PAGE:
        sentence = f"“{line.name}” has {counts.total} conversations, more than a page holds ({LARGEST_PAGE})."
        return _sentence(f"{sentence} Ask for an export.", 413)
    async with services.share_links.one_page:
        return await _page(services, shared, urlsplit(base_of(request)).path)


async def _page(services: Services, shared: Shared, prefix: str) -> Response:
    result = await services.store.result(shared.result_id)
    policy, page = await asyncio.to_thread(_rendered, result, services, prefix, shared.expires_at)
    return HTMLResponse(page, headers={**_HEADERS, "Content-Security-Policy": policy})


def _rendered(result: Result, services: Services, prefix: str, expires_at: datetime) -> tuple[str, str]:
    folder, links = services.settings.effective_recordings, services.recording_links
    spoken = html.is_spoken(result)
    recordings = shared_recordings(result, folder, links, prefix=prefix, expires_at=expires_at) if spoken else None
    page = html.render(result, summarise(result), recordings=recordings)
    return f"{html.policy(spoken=spoken)}; frame-ancestors 'none'", page


def _sentence(sentence: str, status: int) -> Response:
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Ringback</title>'
        "<style>:root{color-scheme:light dark}"
        "body{font:1.1rem system-ui;max-width:40rem;margin:20vh auto;padding:0 1rem}</style></head>"
        f"<body><p>{escape(sentence)}</p></body></html>"
    )
    return HTMLResponse(page, status, headers=_HEADERS)
