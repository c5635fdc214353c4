import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from command_line import CommandLine

MAIN_JOB = Path(__file__).parents[1] / "storage" / "data" / "main_job.sql"


def old_file(folder: Path) -> Path:
    """A database as the first Ringback left it."""
    path = folder / ".ringback" / "ringback.db"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(MAIN_JOB.read_text())
    return path


async def test_nothing_yet_is_pending_and_then_made(ringback: CommandLine) -> None:
    looked = await ringback("db", "check")
    assert (looked.code, looked.err) == (1, "")
    assert "found    nothing yet" in looked.out
    assert not (ringback.folder / ".ringback").exists(), "looking makes nothing"
    made = await ringback("db", "upgrade")
    assert (made.code, made.err) == (0, "")
    assert "was empty: its tables were made (schema 2)" in made.out
    again = await ringback("db", "check")
    assert (again.code, again.err) == (0, "")
    assert again.out.splitlines()[1:] == ["found    schema 2", "known    schema 2"]
    assert "is up to date" in (await ringback("db", "upgrade")).out


@pytest.mark.measured
async def test_an_old_file_is_checked_and_brought_up_to_date(ringback: CommandLine) -> None:
    path = old_file(ringback.folder)
    looked = await ringback("db", "check")
    assert looked.code == 1
    assert "found    schema 1" in looked.out
    assert "pending  schema 2: The service" in looked.out
    done = await ringback.alone("db", "upgrade")
    assert done.code == 0
    assert done.out.endswith("was brought from schema 1 to 2.\n")
    assert done.err.endswith(f"The file as it was: {path.relative_to(ringback.folder)}.schema-1\n")
    assert (await ringback("db", "check")).code == 0
    assert "Front desk" in (await ringback("results", "list")).out


async def test_any_command_brings_an_old_file_up_to_date_with_a_line(ringback: CommandLine) -> None:
    old_file(ringback.folder)
    listed = await ringback("results", "show", 1)
    assert listed.code == 0
    assert "Ask for the opening hours" in listed.out
    assert listed.err.count("\n") == 1
    assert "The file as it was" in listed.err
    assert (await ringback("results", "show", 1)).err == ""


async def test_a_server_is_brought_up_to_date_when_told(ringback: CommandLine, postgresql_url: str) -> None:
    made = await ringback("db", "upgrade", RINGBACK_DATABASE_URL=postgresql_url)
    assert made.code == 0, made.err
    with psycopg.connect(postgresql_url) as connection:
        connection.execute("update ringback_schema set version = 99")
    for command in ("check", "upgrade"):
        refused = await ringback("db", command, RINGBACK_DATABASE_URL=postgresql_url)
        assert (refused.code, refused.out) == (2, "")
        assert "newer Ringback (schema 99; this one knows 2)" in refused.err
    assert "results list" not in (await ringback("results", "list", RINGBACK_DATABASE_URL=postgresql_url)).err


async def test_a_database_that_cannot_be_reached_is_a_sentence_without_its_password(ringback: CommandLine) -> None:
    for command in ("check", "upgrade"):
        failed = await ringback("db", command, RINGBACK_DATABASE_URL="postgresql://me:planted@127.0.0.1:1/x")
        assert (failed.code, failed.out) == (2, "")
        assert failed.err.startswith("Nobody answers for the database x on 127.0.0.1:1")
        assert "planted" not in failed.text
        assert "Traceback" not in failed.err


async def test_results_are_kept_in_postgresql(ringback: CommandLine, postgresql_url: str) -> None:
    ringback.write("suite.yaml", "scenarios:\n  - name: Hello\n    script: [Hello]\n")
    ran = await ringback("run", "suite.yaml", "--agent", "ws://127.0.0.1:1", RINGBACK_DATABASE_URL=postgresql_url)
    assert ran.code == 3, ran.text
    listed = await ringback("results", "list", RINGBACK_DATABASE_URL=postgresql_url)
    assert "ws://127.0.0.1:1" in listed.out
    assert not (ringback.folder / ".ringback").exists()
