"""What SIP's statuses and the stack's words mean for a run, and addresses without secrets."""

import pytest

from ringback.channels.sip.call import Closed
from ringback.channels.sip.outcome import closed_of, no_call, plain_address
from ringback.channels.wire_reading import cleaner
from ringback.domain.secret import Redactor
from ringback.errors import CallFailed, ChannelError, NotConnected, Refused

PLAIN = cleaner(None)


def failure(text: str, **more: object) -> ChannelError:
    return no_call(closed_of({"text": text, **more}, 1.0, PLAIN), "sip:agent@host", ringing=None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("486 Busy Here", "busy"),
        ("600 Busy Everywhere", "busy"),
        ("408 Request Timeout", "no_answer"),
        ("480 Temporarily Unavailable", "no_answer"),
        ("487 Request Terminated", "no_answer"),
        ("401 Unauthorized", "credentials_refused"),
        ("407 Proxy Authentication Required", "credentials_refused"),
        ("488 Not Acceptable Here", "call_failed"),
        ("500 Server Internal Error", "call_failed"),
        ("302 Moved Temporarily", "call_failed"),
        ("Bad message [74]", "call_failed"),
    ],
)
def test_a_refusal_has_the_reason_of_its_status(text: str, reason: str) -> None:
    error = failure(text)
    assert isinstance(error, CallFailed)
    assert error.reason == reason
    assert not error.retryable


@pytest.mark.parametrize("text", ["403 Forbidden", "603 Decline"])
def test_a_call_that_is_rejected_is_refused(text: str) -> None:
    error = failure(text)
    assert isinstance(error, Refused)
    assert error.status == int(text[:3])
    rang = no_call(Closed(at=1.0, status=error.status, reason=""), "sip:a@b", ringing=2.5)
    assert rang.ringing == 2.5


@pytest.mark.parametrize("text", ["404 Not Found", "410 Gone", "484 Address Incomplete", "503 Service Unavailable"])
def test_a_number_that_is_nobody_s_cannot_be_reached(text: str) -> None:
    error = failure(text)
    assert isinstance(error, NotConnected)
    assert text in str(error)
    assert not error.retryable


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Connection refused [111]", "Connection refused."),
        ("Destination address required", "its host name could not be found"),
        ("Connection timed out [110]", "nothing was heard from there"),
        ("Protocol error [71]", "TLS with it failed"),
    ],
)
def test_what_the_network_says_is_told_in_words(text: str, words: str) -> None:
    error = failure(text)
    assert isinstance(error, NotConnected)
    assert words in str(error)


def test_the_death_of_the_process_is_its_own_reason() -> None:
    error = no_call(
        Closed(at=1.0, status=None, reason="The process died.", cause="telephone_failed"), "sip:a@b", ringing=2.0
    )
    assert isinstance(error, CallFailed)
    assert (error.reason, error.ringing, str(error)) == ("telephone_failed", 2.0, "The process died.")


def test_sound_that_never_came_is_not_sound_that_stopped() -> None:
    ended = {"text": "rtp stream error", "established": True}
    assert closed_of(ended, 1.0, PLAIN).cause == "no_media"
    assert closed_of({**ended, "heard": 5}, 1.0, PLAIN).cause == "media_stopped"
    assert closed_of({**ended, "text": "Connection reset by peer [104]"}, 1.0, PLAIN).cause == ""


def test_reasons_are_without_secrets_and_control_characters() -> None:
    clean = cleaner(Redactor(["open-sesame"]))
    closed = closed_of({"text": "486 Busy\x1b[31m open-sesame\r\n" + "x" * 900}, 1.0, clean)
    assert closed.reason.startswith("Busy [31m [secret] xxx")
    assert len(closed.reason) <= 200


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("sip:bob:password@host:5060;transport=tcp?Replaces=x", "sip:bob@host:5060"),
        ('"Bob" <sips:bob@host;x=1>;tag=5', "sips:bob@host"),
        ("tel:+15550100", "tel:+15550100"),
        ("bob@host", "bob@host"),
        ("sip:host", "sip:host"),
        ("", ""),
        ("<sip:a\x00b@c>", "sip:a b@c"),
    ],
)
def test_addresses_are_shown_without_what_may_be_secret(text: str, plain: str) -> None:
    assert plain_address(text) == plain
