"""Secrets are found however they are written."""

import json

import pytest

from ringback.domain.secret import MASK, Redactor, secrets_of_url


@pytest.mark.parametrize("secret", ["pass-word", 'quo"ted', "back\\slash", "a/b/c", "caf\u00e9s"])
def test_a_secret_is_masked_in_text_and_in_json(secret: str) -> None:
    redactor = Redactor([secret])
    assert redactor.clean(f"it is {secret}.") == f"it is {MASK}."
    assert redactor.clean(json.dumps({"it": secret})) == f'{{"it": "{MASK}"}}'
    assert redactor.clean(json.dumps({"it": secret}).replace("/", "\\/")) == f'{{"it": "{MASK}"}}'


def test_the_longer_of_two_secrets_is_masked_whole() -> None:
    assert Redactor(["secret", "secret-key"]).clean("secret-key") == MASK


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Token", "Basic"])
def test_a_credential_is_masked_without_its_scheme_too(scheme: str) -> None:
    redactor = Redactor([f"{scheme} t0ken/x"])
    assert redactor.clean("'t0ken/x' is wrong") == f"'{MASK}' is wrong"
    assert redactor.clean(f"{scheme} t0ken/x is wrong") == f"{MASK} is wrong"


def test_short_values_are_left_alone() -> None:
    assert Redactor(["abc"]).clean("abc") == "abc"


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("ws://host/path", set[str]()),
        ("ws://me:pa%2Fss@host/", {"pa/ss", "pa%2Fss", "bWU6cGEvc3M="}),
        ("ws://me@host/", {"bWU6"}),
        ("ws://host/?token=a%20b&language=english", {"a b", "a%20b"}),
        ("ws://host/?x=0123456789abcdef", {"0123456789abcdef"}),
        ("ws://[host/", set[str]()),
    ],
)
def test_a_url_carries_passwords_and_tokens(url: str, secrets: set[str]) -> None:
    assert set(secrets_of_url(url)) == secrets
