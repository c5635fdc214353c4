"""Where SIP and sound are heard: as it is written, taken, held, and said in words where it cannot be."""

import re
import socket

import pytest
from real_calls import CALLER, NewTelephone, soon
from rtp_peer import RtpPeer

from ringback.channels.sip.call import Established
from ringback.channels.sip.heard_at import address_of, free_port, host_and_port, is_held, port_range
from ringback.errors import UsageError


def test_an_address_is_a_host_and_a_port() -> None:
    assert host_and_port("0.0.0.0:5060") == ("0.0.0.0", 5060)  # noqa: S104 - nobody binds it
    assert host_and_port(" localhost:0 ") == ("localhost", 0)
    assert host_and_port("[::1]:5060") == ("[::1]", 5060)
    assert host_and_port(":5060") == ("0.0.0.0", 5060)  # noqa: S104 - nobody binds it


@pytest.mark.parametrize(
    "written", ["nonsense", "127.0.0.1", "127.0.0.1:99999", "127.0.0.1:65535", "::1:5060", "a b:1"]
)
def test_what_is_no_address_is_told_in_words(written: str) -> None:
    with pytest.raises(ValueError, match=rf"'{re.escape(written)}' is no HOST:PORT"):
        host_and_port(written)


def test_ports_of_sound_begin_with_an_even_one() -> None:
    assert port_range("20000-29999") == (20000, 29999)
    assert port_range("20001 - 20005") == (20002, 20005)


@pytest.mark.parametrize("written", ["", "20000", "80-90", "29999-20000", "20001-20002", "20000-70000", "a-b"])
def test_what_is_no_range_of_ports_is_told_in_words(written: str) -> None:
    with pytest.raises(ValueError, match="no range of ports"):
        port_range(written)


def test_an_interface_has_an_address() -> None:
    assert address_of("lo") == "127.0.0.1"
    assert address_of("192.0.2.1") == "192.0.2.1"
    assert address_of("::1") == "[::1]"
    assert address_of("no-such-interface") == ""


def test_a_port_that_is_held_is_not_free_and_why_is_told_in_words() -> None:
    found = free_port("127.0.0.1", 0)
    assert not is_held("127.0.0.1", found)
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            with pytest.raises(ValueError, match=rf"port {port} is taken already.*RINGBACK_SIP_LISTEN"):
                free_port("127.0.0.1", port)
            assert kind is socket.SOCK_STREAM or is_held("127.0.0.1", port)
    with pytest.raises(ValueError, match=r"192\.0\.2\.77 is no address of this machine"):
        free_port("192.0.2.77", 0)


@pytest.mark.parametrize(
    ("listen", "words"),
    [
        ("nonsense", "'nonsense' is no HOST:PORT"),
        ("no-such-name:5060", "no-such-name could not be found"),
        ("127.0.0.2:0", "hears nothing there"),
    ],
)
async def test_a_telephone_that_would_hear_nothing_does_not_start(
    new_telephone: NewTelephone, listen: str, words: str
) -> None:
    telephone = new_telephone(listen=listen, interface=None)
    with pytest.raises(UsageError, match=words):
        await soon(telephone.start())
    assert not telephone.alive
    assert (telephone.address, telephone.pid) == ("", 0)


async def test_a_port_that_is_taken_is_told_before_any_call(new_telephone: NewTelephone) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(UsageError, match=rf"on {address}: port .* is taken already"):
            await soon(new_telephone(listen=address).start())


@pytest.mark.parametrize("listen", ["localhost:0", "127.0.0.1:0"])
async def test_loopback_is_heard_without_being_named_as_an_interface(new_telephone: NewTelephone, listen: str) -> None:
    telephone = new_telephone(listen=listen, interface=None)
    await soon(telephone.start())
    host, _, port = telephone.address.rpartition(":")
    assert host == "127.0.0.1"
    assert is_held(host, int(port))


async def test_sound_keeps_to_its_ports(new_telephone: NewTelephone) -> None:
    telephone = new_telephone(media_ports=(21000, 21063))
    async with RtpPeer() as peer:
        calls = [await soon(telephone.dial(peer.uri, {}, identity=CALLER)) for _ in range(3)]
        for call in calls:
            events = call.events()
            while not isinstance(await soon(anext(events)), Established):
                pass
        ports = {
            int(re.findall(r"^m=audio (\d+) ", text, re.MULTILINE)[0]) for text in peer.requests if "m=audio" in text
        }
        assert len(ports) == 3
        assert all(21000 <= port < 21063 and port % 2 == 0 for port in ports)
        for call in calls:
            await call.hang_up()
