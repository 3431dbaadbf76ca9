"""What differs between languages where texts are put together. No I/O here."""

from collections.abc import Iterable

SPACELESS = frozenset({"zh", "yue", "ja", "th", "lo", "km", "my"})
"""Languages that are written without spaces between words."""


def joined(texts: Iterable[str], language: str) -> str:
    return ("" if language in SPACELESS else " ").join(text for text in texts if text)
