"""A text as HTML in which what was found stands between marks."""

import html
from collections.abc import Iterator
from itertools import groupby

BEGIN, END = "\ue000", "\ue001"
"""Around a hit in what PostgreSQL answers. Characters for private use: what is searched has none of them."""


def highlight(text: str, *headlines: str | None) -> str:
    """`headlines` are the text in lower case, character for character, with BEGIN and END around hits.

    Where a language writes a small letter as two, nothing can be marked.
    """
    marked = [False] * len(text)
    for headline in headlines:
        hits = list(_hits(headline or ""))
        if len(hits) == len(text):
            marked = [one or other for one, other in zip(marked, hits, strict=True)]
    pieces = groupby(zip(text, marked, strict=True), key=lambda pair: pair[1])
    return "".join(_piece("".join(character for character, _ in piece), hit=hit) for hit, piece in pieces)


def _hits(headline: str) -> Iterator[bool]:
    hit = False
    for character in headline:
        if character in {BEGIN, END}:
            hit = character == BEGIN
        else:
            yield hit


def _piece(text: str, *, hit: bool) -> str:
    """The text was never HTML."""
    escaped = html.escape(text)
    return f"<mark>{escaped}</mark>" if hit else escaped
