"""Requests made up from the API's own document: whatever is sent, no answer is an unhandled 5xx."""

import asyncio
import itertools
import queue
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from running_service import ADMIN_KEY, Service, running, settings_in

EXAMPLES = 3
"""For each operation."""
V1 = "/test_framework/v1/"
SLOW = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)
"""What documents with many fields make of generation; it is no fault."""
ENDLESS = ("/events/",)
"""Streams that end with a run."""


async def fill(service: Service) -> None:
    """One record of each kind, number 1, so that made-up requests meet something."""
    agent = {"agent_name": "Clinic", "description": "", "inbound": True, "websocket_url": "ws://127.0.0.1:9"}
    scenario = {"name": "Hello", "agent": 1, "script": ["Hello."], "then": "hang_up"}
    documents: list[tuple[str, dict[str, Any]]] = [
        ("aiagents/", agent),
        ("scenarios/", scenario),
        ("test-profiles/", {"name": "Ada", "agent": 1, "information": {}}),
        ("scenarios/run_scenarios_text/", {"agent_id": 1, "scenarios": [1], "frequency": 2}),
    ]
    for path, document in documents:
        reply = await service.post(V1 + path, document)
        assert reply.status == 201, (path, reply.body)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server in a thread, for the requests are made without a loop."""
    folder: Path = tmp_path_factory.mktemp("service")
    addresses: queue.Queue[str | Exception] = queue.Queue()
    stop: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        over = asyncio.Event()
        stop.append((asyncio.get_running_loop(), over))
        async with running(settings_in(folder, requests_per_minute=1_000_000)) as service:
            await fill(service)
            addresses.put(service.url)
            await over.wait()

    def work() -> None:
        try:
            asyncio.run(serve())
        except Exception as error:  # noqa: BLE001 - the test that waits has to hear of any
            addresses.put(error)

    thread = threading.Thread(target=work)
    thread.start()
    address = addresses.get(timeout=60)
    if isinstance(address, Exception):
        raise address
    yield address
    loop, over = stop[0]
    loop.call_soon_threadsafe(over.set)
    thread.join()


def with_the_number_one(case: Any) -> Any:
    """The same request for the records that there are."""
    for name in case.path_parameters or ():
        if name.endswith("_id"):
            case.path_parameters[name] = 1
    return case


def test_no_request_that_can_be_made_up_meets_a_defect(url: str) -> None:
    import schemathesis  # half a second, which only the process that is here has to take
    from schemathesis.config import SchemathesisConfig

    schema: Any = schemathesis.openapi.from_url(f"{url}/openapi.json", config=SchemathesisConfig())
    headers = {"X-VOCERA-API-KEY": ADMIN_KEY}
    defects: list[str] = []
    turns = itertools.count()
    tried = 0

    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path.endswith(ENDLESS):
            continue

        @settings(
            max_examples=EXAMPLES,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=SLOW,
        )
        @given(case=st.sampled_from(["positive", "negative"]).flatmap(modes(operation)))
        def sends(case: Any) -> None:
            # Nothing that is there is deleted before the others have met it.
            if next(turns) % 2 and case.method != "DELETE":
                with_the_number_one(case)
            response = case.call(headers=headers, timeout=20)
            if response.status_code >= 500 and response.status_code != 501:
                defects.append(f"{response.status_code} {case.as_curl_command()}\n{response.text[:300]}")

        sends()
        tried += 1
    assert tried > 50
    assert defects == []


def modes(operation: Any) -> Any:
    """Requests that fit the document, and requests that do not."""
    import schemathesis

    def strategy(mode: str) -> Any:
        return operation.as_strategy(generation_mode=schemathesis.GenerationMode(mode))

    return strategy
