"""A recording of which only a few pieces are looked at."""

from ai2text.audio.headers.length import Unsettled
from ai2text.audio.source import AudioSource

PIECE_MIN_BYTES = 4096
PIECE_SHARE = 256
"""A piece is at least so small a part of the recording: a few KiB more cost less than another request."""
PIECES_MAX = 24
"""Fetched of one recording: no container that is told by its head has its parts strewn about further."""
PIECE_MAX_BYTES = 1 << 16


class Window:
    """Each piece that was fetched is kept, so that what stands close together is one request."""

    def __init__(self, source: AudioSource, head: bytes) -> None:
        self.size_bytes = source.size_bytes
        self._source = source
        self._pieces = [(0, head)]

    def at(self, position: int, length: int) -> bytes:
        """Exactly `length` bytes. Raises Unsettled where the recording has not so many, and what the source raises."""
        if position < 0 or position + length > self.size_bytes:
            raise Unsettled
        for start, piece in self._pieces:
            if start <= position and position + length <= start + len(piece):
                return piece[position - start : position - start + length]
        return self._fetched(position, length)[:length]

    def tail(self, length: int) -> bytes:
        """The last bytes, fewer where there are not so many."""
        wanted = min(length, self.size_bytes)
        return self.at(self.size_bytes - wanted, wanted)

    def number(self, position: int, length: int) -> int:
        """Big-endian."""
        return int.from_bytes(self.at(position, length))

    def little(self, position: int, length: int) -> int:
        return int.from_bytes(self.at(position, length), "little")

    def _fetched(self, position: int, length: int) -> bytes:
        if len(self._pieces) == PIECES_MAX or length > PIECE_MAX_BYTES:
            raise Unsettled
        usual = min(max(PIECE_MIN_BYTES, self.size_bytes // PIECE_SHARE), PIECE_MAX_BYTES)
        piece = self._source.read(position, min(max(length, usual), self.size_bytes - position))
        self._pieces.append((position, piece))
        return piece
