"""Every operation of the reference is either there or answers 501; `reference_operations.txt` names them."""

import re
from pathlib import Path

import pytest
from running_service import Service

from ringback.api.app import create_app
from ringback.api.mounting import Mounted, shape
from ringback.api.not_yet import FAMILIES, operations

OPERATIONS = [
    tuple(line.split()) for line in (Path(__file__).parent / "reference_operations.txt").read_text().splitlines()
]
V1 = "/test_framework/v1/"


def filled(path: str) -> str:
    """The path with something in the place of each parameter."""
    return re.sub(r"\{(\w*)\}", lambda found: "lookup" if found[1] == "tool_name" else "987654321", path)


def built(service: Service) -> set[tuple[str, str]]:
    """The operations that there are."""
    mounted: Mounted = create_app(service.services).state.mounted
    return mounted.shapes()


async def test_what_the_reference_has_is_there_or_answers_501(service: Service) -> None:
    there = built(service)
    missing = [pair for pair in OPERATIONS if (pair[0], shape(V1 + pair[1])) not in there]
    assert len(OPERATIONS) > 150
    for method, path in missing:
        reply = await service.ask(method, V1 + filled(path))
        assert reply.status == 501, (method, path, reply.body)
        assert reply.body["detail"].endswith((".", "!")), (method, path)


async def test_what_is_not_there_yet_asks_for_a_key_first(service: Service) -> None:
    for path in (f"{V1}scenarios/folders/", "/schedules/v1/cron-jobs/"):
        assert (await service.get(path, key=None)).status == 401
        assert (await service.get(path, key="wrong")).status == 401


@pytest.mark.parametrize("family", FAMILIES)
async def test_whole_families_answer_501_whatever_is_asked(service: Service, family: str) -> None:
    for method, path in (("GET", family), ("POST", family), ("PATCH", f"{family}7/"), ("GET", family.rstrip("/"))):
        reply = await service.ask(method, path)
        assert (reply.status, list(reply.body)) == (501, ["detail"]), (method, path)


async def test_twins_answer_501_too(service: Service) -> None:
    for path in ("v1/scenarios-external/folders", "v2/scenarios/folders/", "v2/scenarios-external/folders/"):
        assert (await service.get(f"/test_framework/{path}")).status == 501


async def test_a_path_that_nobody_has_is_404(service: Service) -> None:
    for path in ("/nothing", f"{V1}nothing/", f"{V1}scenarios/7/nothing/", "/user/nothing/"):
        reply = await service.get(path)
        assert (reply.status, reply.body) == (404, {"detail": "Not found."}), path


def test_every_row_of_the_table_is_an_operation_of_the_reference() -> None:
    known = {(method, shape(V1 + path)) for method, path in OPERATIONS} | {
        ("GET", shape(f"{V1}metrics/{{id}}/history/"))
    }
    assert {(method, shape(path)) for method, path, _ in operations()} <= known


async def test_nothing_that_is_there_is_called_missing(service: Service) -> None:
    there = built(service)
    assert [(method, path) for method, path, _ in operations() if (method, shape(path)) in there] == []
