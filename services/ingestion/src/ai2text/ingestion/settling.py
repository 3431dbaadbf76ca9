"""Which files stand still: size, time and inode unchanged for the window. All of them wait side by side."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from ai2text.ingestion.recording import Signature


@dataclass(frozen=True, slots=True)
class _Sighting:
    signature: Signature
    still_since: float


class Settling:
    """Times are seconds, of a monotonic clock and of the wall's."""

    def __init__(
        self,
        quiet_seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._quiet_seconds = quiet_seconds
        self._monotonic = monotonic
        self._wall = wall
        self._seen: dict[str, _Sighting] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def sight(self, name: str, signature: Signature) -> None:
        """A file that is seen for the first time and is older than the window has arrived whole, by a rename."""
        earlier = self._seen.get(name)
        if earlier and earlier.signature == signature:
            return
        old = self._wall() - signature.modified_ns / 1e9 > self._quiet_seconds
        whole = earlier is None and old
        self._seen[name] = _Sighting(signature, self._monotonic() - (self._quiet_seconds if whole else 0))

    def begin_anew(self, name: str, signature: Signature) -> None:
        """However old the file is."""
        self._seen[name] = _Sighting(signature, self._monotonic())

    def due(self) -> list[str]:
        limit = self._monotonic() - self._quiet_seconds
        return [name for name, seen in self._seen.items() if seen.still_since <= limit]

    def take(self, name: str, now: Signature | None) -> bool:
        """Whether the file is still as it was seen; otherwise its window begins anew, unless it has gone."""
        seen = self._seen.pop(name)
        if now is not None and now != seen.signature:
            self.begin_anew(name, now)
        return now == seen.signature
