"""Keeps secrets in the database so that the database alone does not tell them.

Fernet (https://github.com/fernet/spec): AES-128-CBC with an HMAC-SHA256 and a fresh initialisation vector each time.
"""

import base64
import contextlib
import hashlib
import hmac
import os
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from ringback.errors import StorageError, UsageError


class Seal:
    """Encrypts and decrypts with one key, which is never in the database."""

    def __init__(self, key: str) -> None:
        """Raises `UsageError` where the key is none of Fernet's."""
        try:
            self._fernet = Fernet(key)
        except ValueError:
            raise UsageError(
                "The encryption key has to be 32 bytes in URL-safe base64, as `ringback keys encryption` prints it."
            ) from None
        self._key = base64.urlsafe_b64decode(key)

    def close(self, text: str) -> str:
        """The text, encrypted."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """What `close` was given. Raises `StorageError` where it was closed with another key, or changed in any way."""
        with contextlib.suppress(InvalidToken, ValueError):
            # Python's decoder passes over what stands behind the padding.
            if base64.urlsafe_b64encode(base64.urlsafe_b64decode(sealed)) == sealed.encode():
                return self._fernet.decrypt(sealed).decode()
        raise StorageError(
            "What is sealed in the database was sealed with another encryption key. Every server and worker of one"
            " database needs the same RINGBACK_ENCRYPTION_KEY."
        )

    def derived(self, purpose: str) -> bytes:
        """A key of 32 bytes for another purpose, from which this one cannot be told."""
        return hmac.new(self._key, purpose.encode(), hashlib.sha256).digest()


def new_key() -> str:
    """A fresh key."""
    return Fernet.generate_key().decode()


def key_of_home(home: Path) -> str:
    """The key that lies in a home folder; made, for its owner's eyes only, where there is none.

    Raises:
        UsageError: the file can be neither read nor made.
    """
    path = home / "encryption.key"
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            # Whole or not at all: another process may look for it at this moment.
            with tempfile.NamedTemporaryFile("w", dir=home, encoding="ascii") as draft:
                draft.write(new_key() + "\n")
                draft.flush()
                with contextlib.suppress(FileExistsError):
                    os.link(draft.name, path)
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise UsageError(
            f"{path} cannot be used: {error.strerror}. Set RINGBACK_ENCRYPTION_KEY, or RINGBACK_HOME to a folder that"
            " can be written."
        ) from None
