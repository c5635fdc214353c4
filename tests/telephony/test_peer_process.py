"""Peers of tests get ports of their own, whatever chance and whoever else there is."""

import random
import socket
import subprocess
import sys
from pathlib import Path

import baresip_peer
import peer_process
import pytest
from baresip_peer import DOOR, BaresipPeer

SAME_CHANCE = """\
import random, peer_process
peer_process.chance = random.Random(6)
print(peer_process.free_port())
"""


def test_ports_are_given_once_here_and_in_other_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    for _ in range(3):
        monkeypatch.setattr(peer_process, "chance", random.Random(6))  # noqa: S311 - the same choice each time
        given.append(peer_process.free_port())
    own_folder = str(Path(peer_process.__file__).parent)
    other = subprocess.run(
        [sys.executable, "-c", SAME_CHANCE], env={"PYTHONPATH": own_folder}, capture_output=True, text=True, check=True
    )
    given.append(int(other.stdout))
    assert len(set(given)) == len(given)
    assert all(port % peer_process.BLOCK == peer_process.FIRST_PORT % peer_process.BLOCK for port in given)


async def test_a_phone_whose_door_somebody_else_has_taken_tries_other_ports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = peer_process.free_port()
    choices = iter([taken, peer_process.free_port()])
    monkeypatch.setattr(baresip_peer, "free_port", lambda: next(choices))
    with socket.create_server(("127.0.0.1", taken + DOOR)):
        async with BaresipPeer(tmp_path) as phone:
            assert phone.port != taken
            await phone.ask("listcalls")  # its door answers
