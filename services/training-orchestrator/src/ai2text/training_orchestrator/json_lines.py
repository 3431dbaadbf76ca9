"""JSON lines out of blocks of bytes. No I/O here."""

from collections.abc import Iterable, Iterator


def lines_of(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Without their line feeds."""
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        yield from lines
