"""Encryption at rest: a key ring for values, a blind index for looking numbers up.

Values are sealed with AES-256-GCM under the first key of the ring; every key of the ring opens. The sealed
form is ``version byte | key id (4) | nonce (12) | ciphertext and tag``; the column's name is bound in as
associated data, so that a value moved to another column no longer opens.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from checkin.store.lot import Lot

_VERSION = b"\x01"
KEY_BYTES = 32


class VaultError(Exception):
    """A sealed value does not open: its key can't be had, is not in the ring, or the value was altered."""


_NONCES = Lot(12)


class Vault:
    """Seals and opens values with a ring of keys, and computes blind indexes.

    `keys` are 32 bytes each; the first seals, all open. `index_key` is another 32 bytes, kept in the database
    under seal, so that keys can be rotated without touching an index.
    """

    def __init__(self, keys: Sequence[bytes], index_key: bytes | None = None) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise ValueError("a key ring needs at least one key, and every key is 32 bytes")
        self._ring = {_key_id(key): AESGCM(key) for key in keys}
        self._first_id = _key_id(keys[0])
        self._first = self._ring[self._first_id]
        self._header = _VERSION + self._first_id
        self._index_key = index_key

    def with_index_key(self, index_key: bytes) -> Vault:
        """Return a vault with the same ring that can compute blind indexes."""
        vault = Vault.__new__(Vault)
        vault._ring, vault._first_id, vault._first = self._ring, self._first_id, self._first
        vault._header = self._header
        vault._index_key = index_key
        return vault

    def seal(self, column: str, text: str) -> bytes:
        """Seal a text for this column."""
        return self._seal(column, text.encode())

    def open(self, column: str, sealed: bytes) -> str:
        """Open a text that was sealed for this column.

        Raises VaultError when no key of the ring opens it.
        """
        return self._open(column, sealed).decode()

    def _seal(self, column: str, plain: bytes) -> bytes:
        nonce = _NONCES.draw()
        return self._header + nonce + self._first.encrypt(nonce, plain, column.encode())

    def _open(self, column: str, sealed: bytes) -> bytes:
        cipher = self._ring.get(sealed[1:5])
        if cipher is None or sealed[:1] != _VERSION:
            raise VaultError(f"{column}: sealed with a key that is not in CHECKIN_SECRET_KEYS")
        try:
            return cipher.decrypt(sealed[5:17], sealed[17:], column.encode())
        except InvalidTag:
            raise VaultError(f"{column}: altered, or sealed for another column") from None

    def seal_json(self, column: str, value: Any) -> bytes:
        """Seal a plain JSON value for this column."""
        return self._seal(column, orjson.dumps(value))

    def open_json(self, column: str, sealed: bytes) -> Any:
        """Open a plain JSON value that was sealed for this column."""
        return orjson.loads(self._open(column, sealed))

    def index(self, text: str) -> bytes:
        """Return the blind index of a text: 16 bytes that are equal exactly for equal texts."""
        if self._index_key is None:
            raise VaultError("the index key has not been read from the database yet")
        return hmac.digest(self._index_key, text.encode(), "sha256")[:16]


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"checkin key id" + key).digest()[:4]


def new_key() -> bytes:
    """Return a new random key of 32 bytes."""
    return os.urandom(KEY_BYTES)


def key_from_text(text: str) -> bytes:
    """Return the key that a line of base64 (standard or URL-safe alphabet) spells.

    Raises ValueError when it is not 32 bytes of base64.
    """
    key = base64.b64decode(text.strip().replace("-", "+").replace("_", "/") + "==", validate=False)
    if len(key) != KEY_BYTES:
        raise ValueError("not 32 bytes of base64")
    return key


def keys_of_dev(path: Path) -> list[bytes]:
    """Return the keys kept in this file, making the file with one new key where there is none.

    For development only: a real deployment keeps its keys in CHECKIN_SECRET_KEYS. The file is readable by
    its owner alone. Raises VaultError where it holds no key, or something else: what was sealed with a key
    that is gone must not be met with a new one.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(base64.b64encode(new_key()).decode() + "\n")
    try:
        keys = [key_from_text(line) for line in path.read_text().splitlines() if line.strip()]
    except ValueError:
        raise VaultError(f"{path} has a line that is no key: 32 bytes of base64") from None
    if not keys:
        raise VaultError(f"{path} has no key in it")
    return keys
