"""The files of a version in the object store, as rules see them. Blocking."""

import io
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from types import TracebackType
from typing import BinaryIO, Self, cast

from ai2text.common.contracts.codec import decode, encode
from ai2text.common.contracts.definition import Codec, Definition
from ai2text.common.errors import Unavailable
from ai2text.common.object_store import ObjectStore
from ai2text.training_orchestrator.dataset import DatasetFile
from ai2text.training_orchestrator.rules.seen import Seen
from ai2text.training_orchestrator.rules.sound_header import HEADER_BYTES, Sound, sound_of

BUFFER_BYTES = 1 << 17
"""Of headers in tar files most lie closer together than that."""


class StoreContent:
    """Whose `own` and `audio` files a version lists. The header of each `every`-th audio is read that is asked for."""

    def __init__(
        self,
        store: ObjectStore,
        own: Iterable[DatasetFile],
        definition: Definition,
        every: int,
        stopped: Callable[[], bool],
    ) -> None:
        self.reference = definition.audio.reference
        self.names_archives = bool(definition.foreign) and definition.audio.codec is Codec.SOURCE
        self._store = store
        self._own = {file.path: file for file in own}
        self._audio = Seen()
        self._every = every
        self._asked = 0
        self._stopped = stopped

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._audio.close()

    def list_audio(self, files: Iterable[DatasetFile]) -> None:
        for file in files:
            self._audio.add("audio", file.path, encode(file).decode())

    def paths(self, pattern: str) -> list[str]:
        return sorted(path for path in self._own if fnmatchcase(path, pattern))

    def open(self, path: str) -> BinaryIO:
        raw = StoredFile(self._store, self._own[path], self._stopped)
        return cast("BinaryIO", io.BufferedReader(raw, BUFFER_BYTES))

    def has(self, path: str) -> bool:
        return path in self._own or self._audio.find("audio", path) is not None

    def sound(self, path: str) -> Sound | None:
        self._asked += 1
        listed = self._audio.find("audio", path)
        if listed is None or (self._asked - 1) % self._every:
            return None
        with StoredFile(self._store, decode(DatasetFile, listed.encode()), self._stopped) as file:
            return sound_of(file.read(HEADER_BYTES))


class StoredFile(io.RawIOBase):
    """Read by ranges. Raises ObjectNotFound, Unavailable also when the service stops."""

    def __init__(self, store: ObjectStore, file: DatasetFile, stopped: Callable[[], bool]) -> None:
        super().__init__()
        self._store = store
        self._file = file
        self._stopped = stopped
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._file.bytes}[whence]
        if start + offset < 0:
            raise ValueError("that is before the file begins")
        self._place = start + offset
        return self._place

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override] # any buffer, as RawIOBase gives it
        if self._stopped():
            raise Unavailable("The service is stopping.")
        length = max(min(len(buffer), self._file.bytes - self._place), 0)
        buffer[:length] = self._store.read(self._file.key, self._place, length)
        self._place += length
        return length
