"""Programs of the system that are asked for one answer: run, fed, read, and killed when nobody waits any more."""

import asyncio
import contextlib
import tempfile
from collections.abc import Sequence
from typing import IO

from ringback.errors import SpeechUnavailable

_TOLD = 300
"""Characters of what a failed program wrote that are passed on."""


async def answer_of(command: Sequence[str], feed: bytes = b"", *, seconds: float) -> bytes:
    """What a program writes to its standard output.

    Args:
        command: Program and arguments; no shell reads them.
        feed: Its standard input.
        seconds: How long it may take.

    Raises:
        SpeechUnavailable: it is not there, failed or took too long.
    """
    name = command[0].rpartition("/")[2]
    # Files: uvloop would make the standard output a socket, which cannot be opened as /dev/stdout, and fails with a
    # RuntimeError where a program is done before its standard input could be written to.
    with tempfile.TemporaryFile() as input_, tempfile.TemporaryFile() as output:
        input_.write(feed)
        input_.seek(0)
        await _run(command, name, input_, output, seconds)
        output.seek(0)
        return output.read()


async def _run(command: Sequence[str], name: str, feed: IO[bytes], output: IO[bytes], seconds: float) -> None:
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=feed,
            stdout=output,
            stderr=asyncio.subprocess.PIPE,
            # Ctrl-C is for Ringback, which ends its programs itself.
            start_new_session=True,
        )
    except OSError as error:
        raise SpeechUnavailable(f"The program {name} could not be started: {error.strerror}.") from error
    try:
        async with asyncio.timeout(seconds):
            _, complaint = await process.communicate()
    except TimeoutError:
        raise SpeechUnavailable(f"The program {name} took longer than {seconds:g} s for one text.") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await asyncio.shield(process.wait())
    if process.returncode:
        told = complaint.decode(errors="replace").strip()[-_TOLD:]
        raise SpeechUnavailable(f"The program {name} failed with code {process.returncode}: {told or 'no words'}.")
