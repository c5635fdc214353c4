"""Recordings of spoken calls, for whoever has a signed link to one."""

import asyncio
import re
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse

from ringback.api.dependencies import ServicesDep
from ringback.errors import NotFound

root_router = APIRouter(tags=["runs"])

_NAME = re.compile(r"[0-9]{1,19}-[0-9]{1,6}\.(wav|mp3|ogg)", re.ASCII)
_RESULT = re.compile(r"[0-9]{1,19}", re.ASCII)
_MEDIA_TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg", "ogg": "audio/ogg"}
_HEADERS = {
    "Cache-Control": "private, max-age=3600",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
_NOTHING = "There is no such recording on this machine."

_IN_WORDS: dict[str, Any] = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}


@root_router.get(
    "/recordings/{result_id}/{name}",
    response_class=FileResponse,
    summary="Hear a recording",
    responses={
        200: {"content": {kind: {} for kind in _MEDIA_TYPES.values()}, "description": "The recording."},
        403: {"content": _IN_WORDS, "description": "The link is not valid, or has expired."},
        404: {"content": _IN_WORDS, "description": "There is no such recording on this machine."},
        416: {"content": {"text/plain": {}}, "description": "It has no such part."},
        206: {"content": {kind: {} for kind in _MEDIA_TYPES.values()}, "description": "A part of it."},
    },
)
async def recording(
    result_id: str,
    name: str,
    services: ServicesDep,
    expires: Annotated[int, Query(description="Until when the link holds, seconds since 1970.", ge=0, lt=2**40)] = 0,
    signature: Annotated[str, Query(description="Of this file and that time.", max_length=128)] = "",
) -> Response:
    """A recording in stereo: the caller on the left, the agent on the right. `voice_recording_url` of a run leads here.

    Parts can be asked for with `Range`.
    """
    found = _NAME.fullmatch(name)
    if found is None or not _RESULT.fullmatch(result_id):
        raise NotFound(_NOTHING)
    file = f"{result_id}/{name}"
    services.recording_links.check(file, expires, signature)
    path = services.settings.effective_recordings / file
    if not await asyncio.to_thread(path.is_file):
        raise NotFound(_NOTHING)
    return FileResponse(path, media_type=_MEDIA_TYPES[found[1]], headers=_HEADERS)
