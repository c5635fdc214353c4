"""Processes are told apart, dead or alive."""

import asyncio
import os
import socket
import sys
from dataclasses import replace

from ringback.storage.owner import Owner


def test_this_process_is_alive_and_reads_back_as_itself() -> None:
    mine = Owner.this_process("cli")
    assert mine.pid == os.getpid()
    assert mine.is_alive()
    assert Owner.parse(str(mine)) == mine


def test_a_number_that_was_used_again_is_another_process() -> None:
    assert not replace(Owner.this_process("cli"), started="long ago").is_alive()


def test_of_another_machine_nothing_is_known() -> None:
    elsewhere = replace(Owner.this_process("cli"), host=socket.gethostname() + "-other", started="long ago")
    assert elsewhere.is_alive()


async def test_a_process_is_dead_once_it_ended() -> None:
    program = "from ringback.storage.owner import Owner; print(Owner.this_process('cli')); input()"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    owner = Owner.parse((await process.stdout.readline()).decode().strip())
    assert owner.is_alive()
    await process.communicate(b"\n")
    assert not owner.is_alive()
