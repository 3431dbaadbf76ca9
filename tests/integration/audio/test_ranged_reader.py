"""The reader and the decoder against the real object store."""

import hashlib

import numpy as np
import pytest

from ai2text.audio.decode import decode
from ai2text.audio.probe import probe
from ai2text.audio.ranged_reader import RangedReader
from ai2text.audio.sandbox import Sandbox
from ai2text.common.errors import ObjectChanged, ObjectNotFound
from ai2text.common.object_store import ObjectStore
from tests.fixtures.memory_source import MemorySource
from tests.integration.audio.media import SAMPLES, make

KEY = "default/audio/recording"


def stored(object_store: ObjectStore, content: bytes) -> RangedReader:
    object_store.put(KEY, content, "application/octet-stream")
    found = object_store.stat(KEY)
    return RangedReader(object_store, KEY, found.size_bytes, found.etag, block_bytes=1 << 16)


def test_an_object_read_in_ranges_is_the_object(object_store: ObjectStore) -> None:
    content = np.random.default_rng(0).bytes(300_000)
    with stored(object_store, content) as source:
        pieces = [source.read(offset, 10_007) for offset in range(0, len(content), 10_007)]
    assert hashlib.sha256(b"".join(pieces)).digest() == hashlib.sha256(content).digest()


@pytest.mark.parametrize("name", ["long-two-minutes.flac", "05-ignorance-is-strength.m4a", "04-a-throw-him-a.ogg"])
def test_a_recording_in_the_store_is_decoded_like_a_local_one(
    object_store: ObjectStore, sandbox: Sandbox, name: str
) -> None:
    content = (SAMPLES / name).read_bytes()
    with stored(object_store, content) as source:
        media = probe(sandbox, source)
        samples = np.concatenate(list(decode(sandbox, source)))
    assert media == probe(sandbox, MemorySource(content))
    assert np.array_equal(samples, np.concatenate(list(decode(sandbox, MemorySource(content)))))


def test_an_object_replaced_while_it_is_read_has_changed(object_store: ObjectStore, sandbox: Sandbox) -> None:
    with stored(object_store, make("wav", 60.0)) as source:
        source.read(0, 10)
        object_store.put(KEY, make("wav", 61.0), "application/octet-stream")
        with pytest.raises(ObjectChanged):
            probe(sandbox, source)


def test_an_object_that_is_gone_is_not_found(object_store: ObjectStore, sandbox: Sandbox) -> None:
    with RangedReader(object_store, "default/audio/nowhere", 1000) as source, pytest.raises(ObjectNotFound):
        probe(sandbox, source)
