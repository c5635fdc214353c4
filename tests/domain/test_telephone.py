"""Telephone numbers and SIP users as they are compared."""

import pytest

from ringback.domain.telephone import plain_number


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("+1 (555) 010-0100", "+15550100100"),
        ("sip:+1.555.010.0100@host;transport=udp", "+15550100100"),
        ("tel:+1-555-010-0100;phone-context=example.com", "+15550100100"),
        ("*21#", "*21#"),
        ("sips:alice@example.com", "alice"),
        ("sip:front-desk.2@10.0.0.1:5060", "front-desk.2"),
        (" clinic-tests ", "clinic-tests"),
        ("", ""),
    ],
)
def test_numbers_lose_their_separators_and_names_keep_their_own(written: str, plain: str) -> None:
    assert plain_number(written) == plain
