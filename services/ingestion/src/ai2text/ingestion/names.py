"""What files are called in the ledger, in messages and in logs: always valid text, and always the way back.

A name that is UTF-8 stands for itself. Another one is its bytes, percent-encoded, behind `bytes://`; no path below
a folder has an empty part, so neither can be taken for the other.
"""

import hashlib
from pathlib import PurePosixPath
from urllib.parse import quote_from_bytes, unquote_to_bytes

NOT_UTF8 = "bytes://"
NAME_MOST_BYTES = 255


def to_name(path: str) -> str:
    """`path` as `os` hands it out, with surrogates for bytes that are no UTF-8."""
    raw = path.encode("utf-8", "surrogateescape")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return NOT_UTF8 + quote_from_bytes(raw, safe="/ ()[]{}&'!,;=+@")


def to_path(name: str) -> str:
    """What `os` wants; the inverse of `to_name`."""
    if not name.startswith(NOT_UTF8):
        return name
    return unquote_to_bytes(name.removeprefix(NOT_UTF8)).decode("utf-8", "surrogateescape")


def with_ending(path: str, ending: str) -> str:
    """`path` with `ending`; too long a last part is cut and told apart by a piece of its hash."""
    whole = PurePosixPath(path)
    raw = f"{whole.name}{ending}".encode("utf-8", "surrogateescape")
    if len(raw) <= NAME_MOST_BYTES:
        return f"{path}{ending}"
    mark = f"~{hashlib.sha256(raw).hexdigest()[:8]}{ending}"
    kept = raw[: NAME_MOST_BYTES - len(mark.encode())].decode("utf-8", "ignore")
    return str(whole.with_name(f"{kept}{mark}"))
