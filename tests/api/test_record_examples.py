"""What the API's document shows as examples of new agents, scenarios and what they are made of is taken."""

from typing import Any

from running_service import Service


async def test_examples_of_new_records_can_be_kept(service: Service, document: dict[str, Any]) -> None:
    for family, name in (
        ("v1/aiagents", "AgentFlatForm"),
        ("v2/aiagents", "AgentNestedForm"),
        ("v1/personalities", "PersonalityForm"),
        ("v1/test-profiles", "ProfileForm"),
        ("v1/metrics", "MetricForm"),
        ("v1/scenarios", "ScenarioForm"),
    ):
        [example] = document["components"]["schemas"][name]["examples"]
        reply = await service.post(f"/test_framework/{family}/", example)
        assert reply.status == 201, (name, reply.body)
