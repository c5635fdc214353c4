"""The runs of a result as a file."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from ringback.api.access import Reader
from ringback.api.dependencies import ServicesDep
from ringback.api.numbers import Number
from ringback.results.export.runs import runs_as_csv, runs_as_json, runs_as_json_lines

router = APIRouter(tags=["results"])

_FORMS = {
    "csv": (runs_as_csv, "text/csv; charset=utf-8"),
    "json": (runs_as_json, "application/json"),
    "ndjson": (runs_as_json_lines, "application/x-ndjson"),
}


@router.get(
    "/results/export_result_runs/",
    summary="Export a result's runs",
    response_class=StreamingResponse,
    responses={200: {"content": {media.split(";")[0]: {} for _, media in _FORMS.values()}}},
)
async def export_runs(
    services: ServicesDep,
    _: Reader,
    result_id: Annotated[Number, Query(description="The result.")],
    file_type: Annotated[
        Literal["csv", "json", "ndjson"], Query(alias="format", description="csv, json or ndjson (one run a line).")
    ] = "csv",
) -> StreamingResponse:
    """Every run of a result with its transcript, as it is read from the database; of any size."""
    await services.readings.counts(result_id)
    write, media_type = _FORMS[file_type]
    return StreamingResponse(
        write(services.readings, result_id),
        media_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="result-{result_id}.{file_type}"'},
    )
