"""What a command costs before it does anything: the modules that it loads, and what Python does beside."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SUITE = """\
version: "1"
scenarios:
  - name: Asks
    script: ["Hello."]
    checks: [{type: agent_said, text: nine}]
"""
PROGRAM = """\
import atexit, gc, json, sys
from ringback.cli.entry import main
looks = []
gc.callbacks.append(lambda phase, info: looks.append(phase))
atexit.register(lambda: sys.stderr.write(json.dumps([sorted(sys.modules), len(looks), gc.get_freeze_count()])))
main()
"""

SERVICE = {"fastapi", "uvicorn", "dbos", "croniter", "alembic", "psycopg", "cryptography", "ringback.api"}
MODELS = {"pydantic_ai", "openai", "genai_prices", "ringback.models.build", "ringback.models.price_file"}
SPEECH = {"numpy", "soundfile", "ringback.speech", "ringback.wiring.voice", "ringback.channels.chirp"}
REPORTS = {"jinja2", "ringback.results.export.html", "scipy"}
ALWAYS_MISSED = SERVICE | MODELS | SPEECH | REPORTS
HTTP = {"aiohttp", "yarl", "httpx"}
DATABASE = {"sqlalchemy", "ringback.storage.store"}
RUNNING = {"ringback.runs.executor", "ringback.evaluation.judge", "ringback.callers.build"}


def start(folder: Path, *arguments: str) -> tuple[set[str], int, int]:
    """Modules loaded at the end, how often Python looked for garbage, objects that it was told to leave alone."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], cwd=folder, env=kept, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    modules, looks, frozen = json.loads(done.stderr.splitlines()[-1])
    return set(modules), looks, frozen


@pytest.mark.parametrize(
    ("arguments", "missed"),
    [
        ("--help", HTTP | DATABASE | RUNNING | {"pydantic", "rich", "asyncio"}),
        ("validate suite.yaml", HTTP | DATABASE | RUNNING | {"rich", "asyncio", "ringback.evaluation.computed"}),
        ("results list", HTTP | RUNNING | {"ruamel.yaml", "ringback.library.suite_format"}),
        ("keys create ci", HTTP | RUNNING | {"rich", "ringback.storage.store", "ringback.library.suite_format"}),
        ("run suite.yaml --agent ws://127.0.0.1:9 --dry-run", HTTP),
    ],
)
def test_a_command_loads_nothing_of_what_it_does_not_use(arguments: str, missed: set[str], tmp_path: Path) -> None:
    (tmp_path / "suite.yaml").write_text(SUITE, encoding="utf-8")
    modules, looks, frozen = start(tmp_path, *arguments.split())
    assert modules & (ALWAYS_MISSED | missed) == set()
    assert looks == 0
    assert frozen > len(modules)


def test_alembic_is_loaded_only_where_steps_are_lacking(tmp_path: Path) -> None:
    start(tmp_path, "results", "list")
    modules, _, _ = start(tmp_path, "db", "check")
    assert modules & {"alembic", *HTTP, *RUNNING} == set()
