"""The secrets of one embedded stack, made once."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from ai2text.cli.files import write_atomically


def _secret() -> str:
    return secrets.token_hex(32)  # hex needs no quoting in URLs, configuration files and environments


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    nats_user: str = "ai2text"
    nats_password: str = field(default_factory=_secret, repr=False)
    postgres_password: str = field(default_factory=_secret, repr=False)
    s3_access_key: str = "ai2text"
    s3_secret_key: str = field(default_factory=_secret, repr=False)
    jwt_key: str = field(default_factory=_secret, repr=False)
    caller_key: str = field(default_factory=_secret, repr=False)


_adapter = TypeAdapter(Credentials)


def path_in(data: Path) -> Path:
    return data / "credentials.json"


def make_or_load(data: Path) -> Credentials:
    path = path_in(data)
    if not path.exists():
        write_atomically(path, _adapter.dump_json(Credentials(), indent=1))
    return load(data)


def load(data: Path) -> Credentials:
    """Raises FileNotFoundError when no stack was ever started there."""
    return _adapter.validate_json(path_in(data).read_bytes())
