"""Commit and branch, where there are any."""

import subprocess
from pathlib import Path

import pytest

from ringback.runs.provenance import git_state


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


async def test_a_folder_outside_any_repository_has_neither(tmp_path: Path) -> None:
    assert await git_state(tmp_path) == (None, None)


async def test_a_repository_has_both_and_a_detached_head_no_branch(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "feature/x")
    assert await git_state(tmp_path) == (None, None), "no commit yet"
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "first")
    commit = git(tmp_path, "rev-parse", "HEAD")
    assert await git_state(tmp_path) == (commit, "feature/x")
    git(tmp_path, "checkout", "-q", "--detach")
    assert await git_state(tmp_path) == (commit, None)


async def test_without_git_there_is_neither(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert await git_state(tmp_path) == (None, None)
