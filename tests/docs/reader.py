"""A reader who does all that a page says, in an empty folder of their own."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from command_server import CommandServer
from pages import PROJECT, Block, Command, commands
from ruamel.yaml import YAML
from servers import Servers

from ringback.library.files import load_suites
from ringback.library.project import load_project

PORT = "8765"
SIP_PORTS = ("127.0.0.1:5060", "127.0.0.1:5070")
"""Where telephones are on this machine: the agent's, and ours."""
MODEL = "http://localhost:11434/v1"
DATABASE = "postgresql://ringback:change-me@db.example.com/ringback"
TUNNEL = "wss://some-name.example.com"
SCRIPTS = Path(sys.executable).parent
QUICK = {
    "RINGBACK_SETTLE": "0.05",
    "RINGBACK_TOOL_SETTLE": "0.05",
    "RINGBACK_GRACE": "0.05",
    "RINGBACK_OPENING_WAIT": "0.3",
}

RUN_ELSEWHERE = {"docs/reference/testing.md": "tests/testing/test_testing_docs.py"}
"""Pages whose Python is run by a test of their own."""

SERVICE = "127.0.0.1:8000"
_SERVER = re.compile(r"ringback serve|(?:ringback agent demo|python \w+\.py|uv run \S+\.py) .*|python \w+\.py")
_VARIES = (
    (re.compile(r"\d+\.\d+ s\b"), "# s"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d"), "DATE"),
    (re.compile(r"\d+:\d\d(?=  )"), "#:##"),
    (re.compile(r"\s+"), " "),
)


class Reader:
    """Carries out the blocks of one page; raises AssertionError where the page is wrong."""

    def __init__(
        self, folder: Path, model_url: str, database_url: str = "", commands: CommandServer | None = None
    ) -> None:
        """With `commands`, those of a page have loaded already; its servers, too."""
        self._folder = folder
        self._server_of_commands = commands
        self._model_url = model_url
        self._database_url = database_url
        self._servers = Servers(loaded=commands is not None)
        self._port = ""
        self._service = ""
        self._telephones: dict[str, str] = {}
        self._environment = {
            **QUICK,
            "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            "COLUMNS": "100",
            "PYTHONWARNINGS": "error",
            "RINGBACK_CALLER_BASE_URL": model_url,
            "RINGBACK_JUDGE_BASE_URL": model_url,
            "OPENAI_BASE_URL": model_url,
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._servers.close()

    def carry_out(self, block: Block) -> None:
        """Do what one block says."""
        if "file: " in block.marks:
            path = self._folder / block.marks["file: "]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self._here(block.text), encoding="utf-8")
        if "not run: " in block.marks:
            assert "ringback " not in block.text, f"{block.place}: our own commands are run"
            return
        read = {
            "": self._silent,
            "console": self._all,
            "sh": self._all,
            "yaml": self._yaml,
            "toml": self._toml,
            "json": self._json,
            "python": self._python,
        }
        assert block.language in read, f"{block.place}: nobody looks at a block of {block.language}"
        read[block.language](block)

    # Commands

    def _silent(self, block: Block) -> None:
        if line := block.marks.get("before: "):
            self._do(block, Command(line, ()), {0})

    def _all(self, block: Block) -> None:
        *first, last = commands(block)
        for command in first:
            self._do(block, command, {0})
        self._do(block, last, {int(code) for code in block.marks.get("exits ", "0").split(" or ")})

    def _do(self, block: Block, command: Command, expected: set[int]) -> None:
        line = self._here(command.line)
        if line.startswith("make "):
            targets = re.findall(r"^([\w-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
            assert line.split()[1] in targets, f"{block.place}: {line}"
        elif line == ". .venv/bin/activate":
            assert (SCRIPTS / "ringback").exists()
        elif _SERVER.fullmatch(line):
            self._serve(block, line)
        else:
            self._run(block, command, line, expected)

    def _run(self, block: Block, command: Command, line: str, expected: set[int]) -> None:
        after = self._folder / ".environment"
        # Bash, and then what it has exported: a page is one session of its reader.
        script = f"{self._ringback()}{line}\ncode=$?\nenv -0 > '{after}'\nexit $code"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            pass_fds=[self._server_of_commands.fileno()] if self._server_of_commands else [],
            check=False,
        )
        assert done.returncode in expected, f"{block.place}: {line}\nexits {done.returncode}\n{done.stdout}"
        exported = after.read_text().split("\0") if after.exists() else []
        self._environment = dict(pair.split("=", 1) for pair in exported if pair) or self._environment
        self._settle_project_file()
        self._compare(block, command, done.stdout)

    def _ringback(self) -> str:
        """For Bash: where `ringback` is not to be looked for on the path."""
        if not self._server_of_commands:
            return ""
        return f'ringback() {{ {self._server_of_commands.words} "$@"; }}\n'

    def _compare(self, block: Block, command: Command, output: str) -> None:
        if self._port:
            output = output.replace(self._port, PORT)
        if self._service:
            output = output.replace(f"127.0.0.1:{self._service}", SERVICE)
        for address, here in self._telephones.items():
            output = output.replace(here, address)
        # The other tests keep this machine busy, which summaries of latency say.
        there = [_levelled(re.sub(r" +latency not trusted: this.*", "", row)) for row in output.splitlines()]
        for row in command.shown:
            wanted = _levelled(row)
            assert wanted in ("", "…") or wanted in there, f"{block.place}: {row!r} is not in the output:\n{output}"

    def _serve(self, block: Block, line: str) -> None:
        line = line.replace("uv run examples/", f"python {PROJECT}/examples/")
        port = self._port
        if line == "ringback serve":
            port = self._service = self._service or _free_port()
            line += f" --port {port}"
        # Every server of ours says where it listens as soon as it does.
        said = self._servers.start(line, self._folder, self._environment)
        assert port in said, f"{block.place}: {line} does not listen:\n{said}{self._servers.close()}"

    # Files

    def _yaml(self, block: Block) -> None:
        value: Any = YAML(typ="safe").load(block.text)  # pyright: ignore[reportUnknownMemberType] - ruamel has no types
        if isinstance(value, dict) and "scenarios" in value:
            load_suites([self._scratch(block, "suite.yaml")])

    def _toml(self, block: Block) -> None:
        load_project(self._scratch(block, "ringback.toml"))

    def _json(self, block: Block) -> None:
        try:
            json.loads(block.text)
        except ValueError:  # frames, one a line
            for row in block.text.splitlines():
                json.loads(row)

    def _python(self, block: Block) -> None:
        compile(block.text, block.place, "exec")
        if "fragment" in block.marks or "file: " in block.marks:
            return
        if elsewhere := RUN_ELSEWHERE.get(block.page):
            assert Path(block.page).name in (PROJECT / elsewhere).read_text(encoding="utf-8")
            return
        path = self._scratch(block, "block.py")
        done = subprocess.run(
            [sys.executable, str(path)],
            cwd=path.parent,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{block.place}:\n{done.stdout}"

    def _scratch(self, block: Block, name: str) -> Path:
        folder = self._folder / f"block-{block.line}"
        folder.mkdir()
        path = folder / name
        path.write_text(self._here(block.text), encoding="utf-8")
        return path

    # Addresses

    def _here(self, text: str) -> str:
        """The text with the addresses of this machine in place of the page's."""
        text = text.replace(MODEL, self._model_url).replace(TUNNEL, f"ws://localhost:{PORT}")
        text = text.replace(DATABASE, self._database_url)
        if SERVICE in text:
            self._service = self._service or _free_port()
            text = text.replace(SERVICE, f"127.0.0.1:{self._service}")
        for address in SIP_PORTS:
            if address in text and address not in self._telephones:
                self._telephones[address] = _free_telephone()
            text = text.replace(address, self._telephones.get(address, address))
        if PORT in text and not self._port:
            self._port = _free_port()
        return text.replace(PORT, self._port) if self._port else text

    def _settle_project_file(self) -> None:
        """What `ringback init` writes names the usual port."""
        path = self._folder / "ringback.toml"
        if path.exists() and PORT in (text := path.read_text(encoding="utf-8")):
            path.write_text(self._here(text), encoding="utf-8")


def _levelled(row: str) -> str:
    row = row.strip()
    for pattern, instead in _VARIES:
        row = pattern.sub(instead, row)
    return row


_given: set[int] = set()


def _free_telephone() -> str:
    """An address for SIP, which takes the next port for TLS."""
    return f"127.0.0.1:{_free_port(together=2)}"


def _free_port(together: int = 1) -> str:
    """The first of so many ports that nobody has; below those of systems and telephones, so that nobody gets them."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw") or 0)
    for port in range(4_000 + 250 * worker + os.getpid() % 97, 9_000):
        wanted = range(port, port + together)
        if _given.isdisjoint(wanted) and all(map(_is_free, wanted)):
            _given.update(wanted)
            return str(port)
    raise AssertionError("no port is free")


def _is_free(port: int) -> bool:
    with socket.socket() as probe, socket.socket(type=socket.SOCK_DGRAM) as packets:
        try:
            probe.bind(("127.0.0.1", port))
            packets.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
