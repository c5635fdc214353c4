"""What commands say of flags and files, carried out in this process."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ringback.cli.connecting import header_warnings
from ringback.cli.main import app
from ringback.cli.results_command import list_newest, with_store
from ringback.domain.run import Provenance
from ringback.errors import UsageError

SUITE = 'version: "1"\nscenarios: [{name: Greets, script: [Hello]}]\n'


@pytest.fixture(autouse=True)
def _folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction] - a fixture
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RINGBACK_HOME", str(tmp_path / "home"))
    (tmp_path / "suite.yaml").write_text(SUITE, encoding="utf-8")


def ringback(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def test_an_agent_that_there_is_not_is_told_by_a_dry_run_too() -> None:
    known = ringback("run", "suite.yaml", "--agent", "ws://127.0.0.1:1/", "--dry-run", "--no-store")
    assert known.exit_code == 0, known.output
    unknown = ringback("run", "suite.yaml", "--agent", "nope", "--dry-run", "--no-store")
    assert isinstance(unknown.exception, UsageError)
    assert "There is no agent 'nope'" in str(unknown.exception)


def test_quiet_and_verbose_at_once_are_refused() -> None:
    done = ringback("run", "suite.yaml", "--quiet", "--verbose")
    assert done.exit_code == 2
    assert "--quiet, --verbose: give one of the two." in done.stderr


def test_headers_that_are_never_sent_are_named_without_their_values() -> None:
    given = ["X-Plan=gold", "x-vocera-secret=hush", "X-VOCERA-RUN-ID=7"]
    said = list(header_warnings(given))
    assert [sentence.split(" is not sent")[0] for sentence in said] == [
        "--header X-VOCERA-SECRET",
        "--header X-VOCERA-RUN-ID",
    ]
    assert said[0].endswith("For the secret use --secret env:NAME.")
    assert "hush" not in "".join(said)


def test_a_run_warns_of_headers_that_are_never_sent(unused_tcp_port: int) -> None:
    agent = f"ws://127.0.0.1:{unused_tcp_port}/"
    done = ringback("run", "suite.yaml", "--agent", agent, "--no-store", "--header", "X-VOCERA-RUN-ID=7")
    assert done.exit_code == 3, done.output
    assert "warning: --header X-VOCERA-RUN-ID is not sent" in done.stdout


def test_a_list_of_results_says_that_there_are_older_ones(capsys: pytest.CaptureFixture[str]) -> None:
    def told(limit: int) -> list[str]:
        list_newest(limit)
        return capsys.readouterr().out.splitlines()

    for name in ("one", "two", "three"):
        with_store(
            lambda store, name=name: store.add_result(
                name=name,
                agent_name="agent",
                agent_url="ws://agent",
                provenance=Provenance(ringback_version="test"),
                specifications=(),
            )
        )
    assert told(2)[-1] == "and older ones: `ringback results list --limit 4`"
    assert len(told(2)) == 4
    assert len(told(3)) == 4
    assert "older" not in "".join(told(3))
