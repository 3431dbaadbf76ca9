"""However much audio a version lists, one of its files is found with a handful of short reads."""

import pytest

from ai2text.common.contracts.definition import Definition
from ai2text.common.contracts.states import DatasetStatus
from ai2text.common.object_store import ObjectStore
from ai2text.common.settings import S3Settings
from ai2text.training_orchestrator.audio_listing import AudioListing
from ai2text.training_orchestrator.dataset import Claim, DatasetFile, VersionOutcome
from ai2text.training_orchestrator.version_files import VersionFiles
from ai2text.training_orchestrator.versions import Versions
from tests.fixtures.examples import NOW

CLAIM = Claim(tenant="default", definition=Definition(name="speech"), version=1, requested_by="cli", created_at=NOW)


class CountingStore(ObjectStore):
    """The real one, which tells how much was read."""

    def __init__(self, settings: S3Settings) -> None:
        super().__init__(settings)
        self.reads: list[int] = []

    def read(self, key: str, offset: int, length: int, etag: str | None = None) -> bytes:
        self.reads.append(length)
        return super().read(key, offset, length, etag)


def listed(count: int) -> list[DatasetFile]:
    names = (f"{n * 7919 % 100_003:06}" for n in range(count))
    return [DatasetFile(path=f"audio/{one}.wav", sha256=one * 10, bytes=1, key=f"default/audio/{one}") for one in names]


@pytest.mark.parametrize("count", [0, 1, 2, 300, 20_000])
def test_each_file_is_found_and_no_other(s3_settings: S3Settings, object_store: ObjectStore, count: int) -> None:
    store = CountingStore(s3_settings)
    contents, files = VersionFiles(store, Versions(store)), listed(count)
    with AudioListing() as listing:
        listing.add(files)
        audio = contents.write(CLAIM, "", listing.lines())
    outcome = VersionOutcome(status=DatasetStatus.PUBLISHED, audio=audio, ended_at=NOW)
    assert list(contents.audio(outcome)) == sorted(files, key=lambda file: file.path)
    store.reads.clear()
    for file in files[:: max(count // 20, 1)]:
        assert contents.find(outcome, file.path) == file
    for missing in ("", "audio/", "audio/000000x", "zzz", "audio/999999.wav"):
        assert contents.find(outcome, missing) is None
    assert len(store.reads) <= 25 * 12
    assert max(store.reads, default=0) < 64 << 10
