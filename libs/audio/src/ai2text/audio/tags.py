"""What a file says about itself, made fit for logs, JSON and a database."""

import itertools
import unicodedata
from collections.abc import Mapping

TAGS_MAX = 64
KEY_MAX_CHARACTERS = 64
VALUE_MAX_CHARACTERS = 1000


def cleaned(tags: Mapping[str, str]) -> dict[str, str]:
    """Lower-case keys, one line of printable text each, at most `TAGS_MAX` of them; empty ones are left out."""
    pairs = ((line(key.lower(), KEY_MAX_CHARACTERS), line(value, VALUE_MAX_CHARACTERS)) for key, value in tags.items())
    return dict(itertools.islice((pair for pair in pairs if all(pair)), TAGS_MAX))


def line(text: str, max_characters: int) -> str:
    """Without control characters and lone surrogates, which databases and terminals choke on."""
    printable = (" " if unicodedata.category(c) in {"Cc", "Cs"} else c for c in text[: 4 * max_characters])
    return " ".join("".join(printable).split())[:max_characters]
