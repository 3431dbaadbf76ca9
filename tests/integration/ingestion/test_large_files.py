"""Files of more than one part go into the store while they are decoded; what is refused becomes no object."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from ai2text.audio.sandbox import Sandbox
from ai2text.common.ask import UploadSettings
from ai2text.common.clock import utc_now
from ai2text.common.errors import ObjectChanged, Refused
from ai2text.common.object_store import PART_BYTES, ObjectStore, StoredObject
from ai2text.common.settings import S3Settings
from ai2text.ingestion.receive_upload import ask_of
from ai2text.ingestion.recording import source_of
from ai2text.ingestion.settings import IngestionSettings
from ai2text.ingestion.store_recording import Stored, StoreRecording
from tests.fixtures.wide_wave import wide_wave

LARGE = 3 * PART_BYTES
Store = Callable[[Path], Stored]


class Watched(ObjectStore):
    """Somebody writes to the file as soon as its hash is looked for."""

    def __init__(self, settings: S3Settings, written: Path) -> None:
        super().__init__(settings)
        self._written = written

    def stat(self, key: str) -> StoredObject:
        with self._written.open("r+b") as writer:
            writer.seek(-1, 2)
            writer.write(b"\1")
        return super().stat(key)


def storing_into(store: ObjectStore, sandbox: Sandbox, state: Path) -> Store:
    storing = StoreRecording(IngestionSettings(state_dir=state), store, sandbox, utc_now)
    ask = ask_of(UploadSettings(), "t", "somebody", {})

    def stored(path: Path) -> Stored:
        with path.open("rb") as file:
            source = source_of(ask, "hot_folder", path.name, utc_now())
            return storing.store_recording(ask, source, file, path.stat().st_size)

    return stored


@pytest.fixture
def store_file(object_store: ObjectStore, shared_sandbox: Sandbox, tmp_path: Path) -> Store:
    return storing_into(object_store, shared_sandbox, tmp_path)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.wav"
    path.write_bytes(b"".join(wide_wave(LARGE)))
    return path


def nothing_stands(store: ObjectStore) -> bool:
    return not [*store.list("t/"), *store.unfinished()]


def test_a_large_file_is_stored_as_it_is_and_known_again(
    store_file: Store, object_store: ObjectStore, large: Path
) -> None:
    content = large.read_bytes()
    stored = store_file(large)
    assert stored.new
    assert stored.facts.sha256 == hashlib.sha256(content).hexdigest()
    assert object_store.get(stored.facts.audio_key) == content
    again = store_file(large)
    assert (again.new, again.facts) == (False, stored.facts)


def test_of_a_large_file_that_is_refused_nothing_is_stored(
    store_file: Store, object_store: ObjectStore, large: Path
) -> None:
    large.write_bytes(large.read_bytes()[: 2 * PART_BYTES])  # its header promises more
    with pytest.raises(Refused) as refusal:
        store_file(large)
    assert refusal.value.code == "truncated"
    assert nothing_stands(object_store)


def test_of_a_large_file_that_changes_after_it_was_hashed_nothing_is_stored(
    object_store: ObjectStore, s3_settings: S3Settings, shared_sandbox: Sandbox, large: Path
) -> None:
    store_file = storing_into(Watched(s3_settings, large), shared_sandbox, large.parent)
    with pytest.raises(ObjectChanged):
        store_file(large)
    assert nothing_stands(object_store)
