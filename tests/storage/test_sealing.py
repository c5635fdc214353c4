"""What is sealed opens as it was sealed, and in no other way."""

import pytest

from ringback.errors import StorageError
from ringback.storage.sealing import Seal, new_key


@pytest.mark.parametrize("text", ["", "a", "ab", "abc", "x" * 40])
def test_what_is_sealed_opens_unless_a_sign_of_it_was_changed_or_added(text: str) -> None:
    seal = Seal(new_key())
    sealed = seal.close(text)
    assert seal.open(sealed) == text
    for other in (
        f"{sealed}x",
        f"{sealed}=",
        f"{sealed}\n",
        f" {sealed}",
        sealed[:-1],
        f"{sealed[:-4]}AAA=",
        "",
        "ü",
        "=",
    ):
        with pytest.raises(StorageError, match="another encryption key"):
            seal.open(other)
