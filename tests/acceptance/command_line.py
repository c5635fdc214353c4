"""The real command line as a process."""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from command_server import CommandServer

RINGBACK = Path(sys.executable).parent / "ringback"
PACKAGE = Path(__file__).parents[2] / "src" / "ringback"
MEASURING = Path(__file__).parents[1] / "measuring"
QUICK = {"RINGBACK_SETTLE": "0", "RINGBACK_TOOL_SETTLE": "0", "RINGBACK_GRACE": "0", "RINGBACK_OPENING_WAIT": "0"}


def measuring(*rooms: str) -> dict[str, str]:
    """What the environment of a process needs so that coverage is measured in it; empty where none is.

    Args:
        rooms: of the package; other modules are not measured, for what is measured takes four times as long to load.
    """
    if folder := os.environ.get("COVERAGE_FOLDER"):
        sources = os.pathsep.join(str(PACKAGE / room) for room in rooms)
        return {"COVERAGE_FOLDER": folder, "COVERAGE_SOURCES": sources, "PYTHONPATH": str(MEASURING)}
    return {}


@dataclass(frozen=True)
class Finished:
    """What a command left behind."""

    code: int | None
    out: str
    err: str

    @property
    def text(self) -> str:
        """Both streams."""
        return self.out + self.err


@dataclass
class CommandLine:
    """Runs `ringback …` in one folder."""

    folder: Path
    environment: dict[str, str]
    server: CommandServer
    """Spares commands that are run from beginning to end the loading."""

    async def start(self, *arguments: object, **environment: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            str(RINGBACK),
            *map(str, arguments),
            cwd=self.folder,
            env=self.environment | environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def __call__(self, *arguments: object, stdin: str = "", **environment: str) -> Finished:
        # What Python itself is told by its environment, it has to be told when it begins.
        if not any(name.startswith("PYTHON") for name in environment):
            told = self.environment | environment
            return Finished(*await self.server.run(map(str, arguments), self.folder, told, stdin))
        return await self.alone(*arguments, stdin=stdin, **environment)

    async def alone(self, *arguments: object, stdin: str = "", **environment: str) -> Finished:
        """With a process that loads all that it needs."""
        process = await self.start(*arguments, **environment)
        out, err = await process.communicate(stdin.encode())
        return Finished(process.returncode, out.decode(), err.decode())

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path
