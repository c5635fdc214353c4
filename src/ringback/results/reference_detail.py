"""A result's detail, also of results whose runs have no briefs: those of `ringback run`, and older ones."""

import asyncio
from dataclasses import replace

from ringback.results.brief import brief_of
from ringback.results.reference_form import detail
from ringback.storage.reading_rows import KeptRun, RunLine
from ringback.storage.readings import Readings

_AT_ONCE = 200
"""Records that are read at the same time."""


async def detail_answer(readings: Readings, result_id: int) -> bytes:
    """The detail as JSON text. Raises `NotFound`."""
    found = await readings.detailed(result_id)
    if missing := [run.id for run in found.runs if run.brief is None and run.status == "done"]:
        briefs = await _briefs(readings, missing)
        found = replace(found, runs=tuple(_with_brief(run, briefs) for run in found.runs))
    # Ten thousand runs take a tenth of a second: not on the loop that serves everybody.
    return await asyncio.to_thread(detail, found)


async def _briefs(readings: Readings, run_ids: list[int]) -> dict[int, str]:
    briefs: dict[int, str] = {}
    for start in range(0, len(run_ids), _AT_ONCE):
        kept = await readings.runs(run_ids[start : start + _AT_ONCE])
        briefs |= await asyncio.to_thread(_rendered, kept)
    return briefs


def _rendered(kept: list[KeptRun]) -> dict[int, str]:
    return {one.run.id: brief_of(one.run) for one in kept if one.run.evaluation}


def _with_brief(run: RunLine, briefs: dict[int, str]) -> RunLine:
    return run._replace(brief=briefs[run.id]) if run.id in briefs else run
