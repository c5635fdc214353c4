"""The compose file is sound as far as that can be shown without a container engine."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from starlette.datastructures import Headers

from ringback.api.access import KEY_HEADERS, token_of
from ringback.settings import Settings, load_settings
from ringback.storage.sealing import Seal, new_key

SECRETS = {"POSTGRES_PASSWORD": "p4ssw0rd", "RINGBACK_API_KEY": "rb-key", "RINGBACK_ENCRYPTION_KEY": new_key()}

Render = Callable[[Mapping[str, str]], "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def render(project: Path, scripts: Path, tmp_path_factory: pytest.TempPathFactory) -> Render:
    """Renders the file with an environment of these variables."""
    folder = tmp_path_factory.mktemp("compose")
    (folder / "compose.yaml").write_text((project / "compose.yaml").read_text())  # away from anybody's own `.env`
    program = [scripts / "podman-compose", "--podman-path", "/bin/echo", "-f", folder / "compose.yaml", "config"]

    def rendered(variables: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **variables}
        return subprocess.run(program, cwd=folder, env=environment, capture_output=True, text=True, check=False)

    return rendered


@pytest.fixture(scope="module")
def services(render: Render) -> dict[str, Any]:
    """The services with all references resolved."""
    done = render(SECRETS)
    assert done.returncode == 0, done.stderr
    return YAML(typ="safe").load(done.stdout)["services"]  # pyright: ignore[reportUnknownMemberType] - untyped in the library


def test_it_follows_the_specification_of_compose_files(project: Path, scripts: Path) -> None:
    lint = subprocess.run(
        [scripts / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert lint.returncode == 0, lint.stdout


@pytest.mark.parametrize("missing", SECRETS)
def test_a_secret_that_is_not_set_is_asked_for_by_name(render: Render, missing: str) -> None:
    done = render({name: value for name, value in SECRETS.items() if name != missing})
    assert done.returncode != 0
    assert f"Set {missing} in .env" in done.stderr


def test_git_does_not_keep_the_file_with_the_secrets(project: Path) -> None:
    ignored = subprocess.run(["git", "check-ignore", "--quiet", "--no-index", ".env"], cwd=project, check=False)
    assert ignored.returncode == 0


def test_server_and_workers_find_the_same_database_with_the_same_keys(services: dict[str, Any]) -> None:
    settings = {name: _settings(services[name]) for name in ("server", "worker")}
    assert settings["server"] == settings["worker"]
    url, own = settings["server"].effective_database_url, services["database"]["environment"]
    assert url == f"postgresql://{own['POSTGRES_USER']}:{own['POSTGRES_PASSWORD']}@database:5432/{own['POSTGRES_DB']}"
    key = settings["server"].encryption_key
    assert key is not None
    Seal(key.get_secret_value())


def test_what_a_worker_records_the_server_finds_in_a_folder_that_outlives_both(services: dict[str, Any]) -> None:
    for name in ("server", "worker"):
        folder = _settings(services[name]).effective_recordings
        assert f"recordings:{folder}" in services[name]["volumes"]


def test_the_headers_that_its_comment_names_are_those_that_the_server_takes(project: Path) -> None:
    lines = (project / "compose.yaml").read_text().splitlines()
    [told] = [line for line in lines if line.startswith("#   RINGBACK_API_KEY=")]
    named = re.findall(r"X-[A-Z-]+|Authorization: Bearer", told)
    assert {name.lower() for name in named} == {*KEY_HEADERS, "authorization: bearer"}
    for name, _, before in (given.partition(": ") for given in named):
        assert token_of(Headers({name: f"{before} rb-key".strip()})) == "rb-key"


def test_there_are_two_workers_and_more_time_to_stop_than_they_take(services: dict[str, Any]) -> None:
    worker = services["worker"]
    assert worker["deploy"]["replicas"] == 2
    assert float(worker["stop_grace_period"].removesuffix("s")) > _settings(worker).drain_timeout


def test_only_this_machine_reaches_the_server(services: dict[str, Any]) -> None:
    assert services["server"]["ports"] == ["127.0.0.1:8000:8000"]
    assert not any("ports" in services[name] for name in ("database", "worker"))


def test_all_wait_for_what_they_need(services: dict[str, Any]) -> None:
    needed = {name: set(service.get("depends_on", ())) for name, service in services.items()}
    assert needed == {"database": set(), "server": {"database"}, "worker": {"database", "server"}}
    for service in services.values():
        for name, wait in service.get("depends_on", {}).items():
            assert wait == {"condition": "service_healthy"}
            assert services[name]["healthcheck"]["test"][0] == "CMD"


def test_its_commands_are_a_service_that_its_healthcheck_finds_alive(
    services: dict[str, Any], postgresql_url: str, scripts: Path, tmp_path: Path
) -> None:
    """The commands as they stand, but for the port, the address and the database."""
    server, worker = services["server"], services["worker"]
    places = {"RINGBACK_DATABASE_URL": postgresql_url, "RINGBACK_RECORDINGS": str(tmp_path)}
    environment = {"PATH": os.environ["PATH"], **server["environment"], **places}
    command = [word.replace("0.0.0.0", "127.0.0.1") for word in server["command"]]  # noqa: S104 - replaced
    with ExitStack() as running:
        first = running.enter_context(_program([scripts / "ringback", *command, "--port", "0"], environment, tmp_path))
        address = next(line for line in _lines(first) if "serves on" in line).split("serves on ")[1].split()[0]
        _, *check = server["healthcheck"]["test"]
        check = [sys.executable if word == "python" else word for word in check]
        assert subprocess.run(_at(check, address), check=False).returncode == 0
        for _ in range(worker["deploy"]["replicas"]):
            program = running.enter_context(_program([scripts / "ringback", *worker["command"]], environment, tmp_path))
            assert any("works" in line for line in _lines(program))
        assert _workers(address, wanted=worker["deploy"]["replicas"]) == worker["deploy"]["replicas"]
    assert subprocess.run(_at(check, address), check=False, capture_output=True).returncode != 0


def _settings(service: dict[str, Any]) -> Settings:
    return load_settings(service["environment"])


def _at(check: list[str], address: str) -> list[str]:
    assert any("http://127.0.0.1:8000/" in word for word in check)
    return [word.replace("http://127.0.0.1:8000", address) for word in check]


def _workers(address: str, *, wanted: int) -> int:
    deadline = time.monotonic() + 30
    while True:
        with urllib.request.urlopen(f"{address}/healthz/ready") as answer:  # noqa: S310 - our own server
            found = json.load(answer)["workers"]
        if found >= wanted or time.monotonic() > deadline:
            return found
        time.sleep(0.1)


@contextmanager
def _program(
    command: list[str | Path], environment: Mapping[str, str], folder: Path
) -> "Generator[subprocess.Popen[str]]":
    with subprocess.Popen(
        command, env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as program:
        try:
            yield program
        finally:
            program.terminate()
            try:
                program.communicate(timeout=30)
            except subprocess.TimeoutExpired:
                program.kill()


def _lines(program: "subprocess.Popen[str]") -> Iterator[str]:
    assert program.stdout is not None
    yield from program.stdout
