"""Secrets are found however they are written."""

import json

import pytest

from ringback.domain.secret import MASK, Redactor


@pytest.mark.parametrize("secret", ["pass-word", 'quo"ted', "back\\slash", "a/b/c", "caf\u00e9s"])
def test_a_secret_is_masked_in_text_and_in_json(secret: str) -> None:
    redactor = Redactor([secret])
    assert redactor.clean(f"it is {secret}.") == f"it is {MASK}."
    assert redactor.clean(json.dumps({"it": secret})) == f'{{"it": "{MASK}"}}'
    assert redactor.clean(json.dumps({"it": secret}).replace("/", "\\/")) == f'{{"it": "{MASK}"}}'


def test_the_longer_of_two_secrets_is_masked_whole() -> None:
    assert Redactor(["secret", "secret-key"]).clean("secret-key") == MASK


def test_short_values_are_left_alone() -> None:
    assert Redactor(["abc"]).clean("abc") == "abc"
