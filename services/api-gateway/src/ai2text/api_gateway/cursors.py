"""Places in a stream, as they are given to callers: sealed, for they would tell how much happens in all tenants."""

import hashlib

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from ai2text.common.cursors import from_cursor, to_cursor
from ai2text.common.errors import Refused

HALF_BYTES = 8
LENGTH = 22


class Cursors:
    """The same place of a tenant has the same cursor, at every replica: one block holds both."""

    def __init__(self, key: str) -> None:
        own = hashlib.sha256(f"ai2text cursors {key}".encode()).digest()
        self._cipher = Cipher(AES(own), ECB())  # noqa: S305 - of a single block, which never holds anything else

    def seal(self, tenant: str, place: int) -> str:
        sealed = self._cipher.encryptor().update(_mark(tenant) + place.to_bytes(HALF_BYTES))
        return to_cursor(sealed)

    def open(self, tenant: str, cursor: str) -> int | None:
        """None for what was never given to this tenant."""
        try:
            sealed = from_cursor(cursor)
        except Refused:
            return None
        if len(sealed) != 2 * HALF_BYTES:
            return None
        opened = self._cipher.decryptor().update(sealed)
        return int.from_bytes(opened[HALF_BYTES:]) if opened[:HALF_BYTES] == _mark(tenant) else None


def _mark(tenant: str) -> bytes:
    return hashlib.sha256(tenant.encode()).digest()[:HALF_BYTES]
