"""API keys: their form, and what the gateway asks the catalogue about one. No secret is in any of it."""

import hashlib
import re
from dataclasses import dataclass

PREFIX = "a2t_"
ID_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
ID_LENGTH = 8
_KEY = re.compile(rf"{PREFIX}([a-z0-9]{{{ID_LENGTH}}})_([A-Za-z0-9_-]{{32,128}})")


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentedKey:
    """What the catalogue is told of a key that somebody came with: its public part, and the hash of the rest."""

    key_id: str
    secret_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHolder:
    """Whom a valid key stands for."""

    tenant: str
    subject: str
    scopes: frozenset[str]


def written(key_id: str, secret: str) -> str:
    """As people copy it."""
    return f"{PREFIX}{key_id}_{secret}"


def presented(key: str) -> PresentedKey | None:
    """None for what is no key by its form.

    A plain hash is enough: unlike a password the secret is too long and too random to be guessed.
    """
    match = _KEY.fullmatch(key)
    if match is None:
        return None
    return PresentedKey(key_id=match[1], secret_sha256=hashlib.sha256(match[2].encode()).hexdigest())
