"""Where a result comes from: the state of the user's repository and what was run with what."""

import asyncio
from pathlib import Path


async def git_state(directory: Path) -> tuple[str | None, str | None]:
    """Commit and branch of the repository around a directory; None where there is none (or no git).

    A detached head, usual in CI, has a commit and no branch.
    """
    answer = await _git(directory, "rev-parse", "HEAD", "--abbrev-ref", "HEAD")
    if answer is None:
        return None, None
    commit, branch = answer.split("\n")[:2]
    return commit, None if branch == "HEAD" else branch


async def _git(directory: Path, *arguments: str) -> str | None:
    try:
        process = await asyncio.create_subprocess_exec(
            "git",
            *arguments,
            cwd=directory,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return None
    output, _ = await process.communicate()
    return output.decode(errors="replace").strip() if process.returncode == 0 else None
