"""`python -m ringback.demo --report DIR`: callers talk to a demo agent, and one of them finds its fault.

With `--voice` they call a demo agent that speaks, and the report plays the recordings.

The agent runs in a process of its own, the suite through the command line, as a user would run both. Exit code 0 when
the planted fault was found and everything else passed; 1 when not; else what `ringback run` ended with.
"""

import argparse
import contextlib
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Generator
from importlib.resources import as_file, files
from pathlib import Path

from ringback.demo.finding import CHAT, VOICE, Demo, Verdict, read_verdict
from ringback.wiring.collector import load_without_collecting

_STOPPED = 130
_COMMAND = "from ringback.cli.main import main; main()"


class CannotDemonstrate(Exception):
    """The demo cannot run; the message is a sentence."""


def main() -> int:
    """Run the demo and say what it means; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m ringback.demo", description="Show Ringback at work.")
    parser.add_argument("--report", type=Path, help="folder for the reports (demo-report, or demo-voice-report)")
    parser.add_argument("--voice", action="store_true", help="call an agent that speaks, without a key or a telephone")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        load_without_collecting()
        from ringback.demo.server import run_forever  # noqa: PLC0415 - the parent needs no server

        run_forever(port=0, while_stdin_is_open=True)
        return 0
    try:
        demo = VOICE if options.voice else CHAT
        return _demonstrate(demo, options.report or Path(demo.report))
    except CannotDemonstrate as error:
        _say(str(error))
        return 1
    except KeyboardInterrupt:
        return _STOPPED


def _demonstrate(demo: Demo, folder: Path) -> int:
    report, page = folder / "report.json", folder / "index.html"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        report.unlink(missing_ok=True)
        lines = _known_lines(folder) if demo is VOICE else None
    except OSError as error:
        raise CannotDemonstrate(f"{folder} cannot be written: {error.strerror}. Choose another --report.") from None
    with _agent(demo) as url, as_file(files("ringback.demo") / demo.suite) as suite:
        _say(f"A demo agent, a clinic's front desk, answers at {url}. {demo.begins}\n")
        command = [*_ringback(), "run", str(suite), "--agent", url]
        command += ["--html", str(page), "--junit", str(folder / "junit.xml"), "--json", str(report)]
        if lines is not None:
            command += ["--channel", "media-streams", "--known-lines", str(lines), "--verbose"]
        code = subprocess.call(command)  # noqa: S603 - our own
    if not report.exists():
        _say("\nThe demo did not come to its end: the sentences above say why.")
        return code or 1
    verdict = read_verdict(demo, report.read_text(encoding="utf-8"))
    _say(_meaning(demo, verdict, page))
    return 0 if verdict.as_planned else _STOPPED if code == _STOPPED else 1


def _known_lines(folder: Path) -> Path:
    """What the spoken agent can say, for what hears it."""
    from ringback.demo.known_lines import KNOWN_LINES  # noqa: PLC0415 - only speech is heard

    path = folder / "known-lines.txt"
    path.write_text("\n".join(KNOWN_LINES) + "\n", encoding="utf-8")
    return path


def _ringback() -> list[str]:
    installed = Path(sys.executable).with_name("ringback")
    return [str(installed)] if installed.exists() else [sys.executable, "-c", _COMMAND]


def _as_typed() -> str:
    """The command as it can be typed here: in a fresh clone it is not on the search path."""
    installed = Path(sys.executable).with_name("ringback")
    if shutil.which("ringback") or not installed.exists():
        return "ringback"
    return shlex.quote(os.path.relpath(installed))


@contextlib.contextmanager
def _agent(demo: Demo) -> Generator[str]:
    """The demo agent in a process of its own; gives its URL."""
    command = [sys.executable, "-m", "ringback.demo", "--serve"]
    if demo is VOICE:
        command = [sys.executable, "-m", "ringback.cli.voice_demo"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    # It ends with our end of its standard input, however this process ends.
    with subprocess.Popen(  # noqa: S603 - our own program
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True
    ) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            url = next((word for word in line.split() if word.startswith("ws://")), None)
            if url is None:
                raise CannotDemonstrate("The demo agent did not start: the lines above say why.")
            yield url
        finally:
            process.terminate()


def _meaning(demo: Demo, verdict: Verdict, page: Path) -> str:
    ringback = _as_typed()
    if not verdict.as_planned:
        return f"\nThis is not how the demo should end: {verdict.surprise}\nThe report: {page}"
    return (
        f"\nAll callers but one got what they came for; that one found a real fault: {verdict.fault}\n"
        f"Open {shlex.quote(str(page))} to {demo.look}.\n"
        f"Next: `{ringback} init` writes a suite to start from, and `{ringback} run SUITE --agent ws://…"
        f"{demo.flags}` runs it against an agent of yours."
    )


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
