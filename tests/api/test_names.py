"""Names of records: blanks at their ends mean nothing, and there is always one."""

from typing import Any

import pytest
from running_service import Service

V1 = "/test_framework/v1/"
BLANK = ["This field may not be blank."]
RECORDS: list[tuple[str, str, dict[str, Any]]] = [
    (f"{V1}aiagents/", "agent_name", {}),
    ("/test_framework/v2/aiagents/", "name", {}),
    (f"{V1}scenarios/", "name", {"instructions": "You want to know when they open."}),
    (f"{V1}test-profiles/", "name", {"information": {}}),
    (f"{V1}metrics/", "name", {"description": "Was it polite?"}),
    (f"{V1}personalities/", "name", {"prompt": "You are brief."}),
    ("/user/api/v1/user-api-key/", "name", {}),
]


@pytest.mark.parametrize(("path", "field", "rest"), RECORDS, ids=[f"{path} {field}" for path, field, _ in RECORDS])
async def test_a_name_of_blanks_is_refused_and_blanks_at_the_ends_are_left_out(
    service: Service, path: str, field: str, rest: dict[str, Any]
) -> None:
    for blank in ("", "   "):
        refused = await service.post(path, {**rest, field: blank})
        assert (refused.status, refused.body[field]) == (400, BLANK)
    made = await service.post(path, {**rest, field: "  Front desk "})
    assert (made.status, made.body[field]) == (201, "Front desk")
    refused = await service.patch(f"{path}{made.body['id']}/", {field: "  "})
    assert (refused.status, refused.body[field]) == (400, BLANK)


@pytest.mark.parametrize("kind", ["conditional_actions", "script"])
async def test_a_scenario_without_what_its_type_needs_is_told_which_field_that_is(service: Service, kind: str) -> None:
    refused = await service.post(f"{V1}scenarios/", {"name": "Books", "scenario_type": kind})
    assert (refused.status, list(refused.body)) == (400, [kind])
