"""The words of a search: what people type, as alternatives of terms.

Words and "phrases", of which all must be there; `or` between alternatives; `-` before what must not be there. That is
PostgreSQL's own grammar for the web, and this one adds `word*`: everything that begins like this.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

TOKEN = re.compile(r'(?P<minus>-?)-*(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')


@dataclass(frozen=True, slots=True)
class Term:
    text: str
    """In PostgreSQL's grammar; of a prefix, letters and digits alone."""
    prefix: bool = False
    without: bool = False


Alternatives = list[list[Term]]


def read_query(query: str) -> Alternatives:
    """Whole to PostgreSQL, when no word ends in a star. Never fails; what has no word gives no alternative."""
    normal = unicodedata.normalize("NFC", query.replace("\0", " "))  # PostgreSQL has no such character
    if not any(_is_prefix(token) for token in TOKEN.finditer(normal)):
        return [[Term(normal)]]
    alternatives: Alternatives = [[]]
    for token in TOKEN.finditer(normal):
        if (token["word"] or "").lower() == "or" and not token["minus"]:
            alternatives.append([])
        else:
            alternatives[-1].extend(_terms(token))
    return [terms for terms in alternatives if terms]


def _is_prefix(token: re.Match[str]) -> bool:
    return (token["word"] or "").endswith("*")


def _terms(token: re.Match[str]) -> Iterator[Term]:
    """A prefix of several parts (`well-kno*`) has all but the last of them as words."""
    without = bool(token["minus"])
    if not _is_prefix(token):
        yield Term(f'"{token["phrase"]}"' if token["word"] is None else token["word"], without=without)
        return
    *words, last = _letters(token["word"]) or [""]
    if words and not without:
        yield Term(" ".join(words))
    if last:
        yield Term(last, prefix=True, without=without)


def _letters(word: str) -> list[str]:
    """Signs that belong to a letter, like the vowels of Hindi, count as letters."""
    return "".join(c if c.isalnum() or unicodedata.category(c).startswith("M") else " " for c in word).split()
