"""A CI job for the reference product, in Python: the steps of its GitHub action, with `requests`.

BASE_URL, API_KEY, AGENT_ID, SCENARIO_IDS (separated by commas) and FREQUENCY are given by the CI.
"""
# ruff: noqa: T201 - a script tells on the terminal what it does

import os
import sys
import time
from typing import Any

import requests

SLASH = os.environ.get("SLASH", "/")  # empty: addresses as the SDK has them
TERMINAL = {"completed", "failed", "timeout", "cancelled"}


class Client:
    def __init__(self) -> None:
        self.session = requests.Session()
        self.session.headers.update({"X-CEKURA-API-KEY": os.environ["API_KEY"], "X-Client-Source": "sdk"})

    def ask(self, method: str, path: str, **options: Any) -> Any:
        url = f"{os.environ['BASE_URL']}/test_framework/v2/{path}{SLASH}"
        response = self.session.request(method, url, allow_redirects=False, timeout=10, **options)
        if response.status_code not in (200, 201):
            sys.exit(f"{method} {url}: {response.status_code} {response.text}")
        return response.json()


def main() -> int:
    client = Client()
    asked = {
        "agent_id": os.environ["AGENT_ID"],
        "scenarios": os.environ["SCENARIO_IDS"].split(","),
        "freq": os.environ["FREQUENCY"],
        "name": "CI job",
    }
    result = client.ask("POST", "scenarios-external/run_scenarios_text", json=asked)
    print(f"result {result['id']}: {len(result['runs'])} runs")

    deadline = time.monotonic() + 60
    while (detail := client.ask("GET", f"results-external/{result['id']}"))["status"] not in TERMINAL:
        if time.monotonic() > deadline:
            sys.exit("the result did not end")
        time.sleep(float(os.environ.get("POLL_SECONDS", "0.2")))

    runs = detail["runs"].values() if isinstance(detail["runs"], dict) else detail["runs"]
    for run in runs:
        scenario = run["scenario"]["id"] if isinstance(run["scenario"], dict) else run["scenario"]
        print(f"  run {run['id']} of scenario {scenario}: {run['status']}, success {run['success']}, {run['duration']}")
    bulk = client.ask("GET", "runs-external/bulk", params={"ids": ",".join(detail["runs"])})
    assert {run["id"] for run in bulk} == {run["id"] for run in runs}, bulk
    assert all(run["transcript"] for run in bulk if run["status"] == "completed"), bulk

    total, passed, failed = (detail[f"{what}_runs_count"] for what in ("total", "success", "failed"))
    print(f"{detail['status']}: {passed} of {total} passed, {failed} failed ({detail['success_rate']:.1f}%)")

    link = client.ask("POST", f"results-external/{result['id']}/create_shareable_link_token", json={})
    page = requests.get(link["shareable_link"], timeout=10)
    print(f"shared: {page.status_code} {page.headers['Content-Type']}")
    return 0 if detail["status"] == "completed" and failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
