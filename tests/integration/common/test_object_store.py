"""The adapter against the real server."""

import hashlib
import io
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
from minio import Minio
from minio.commonconfig import ENABLED
from minio.versioningconfig import VersioningConfig

from ai2text.common.errors import Misconfigured, ObjectChanged, ObjectNotFound, StoreDenied, StoreUnavailable
from ai2text.common.object_store import PART_BYTES, ObjectStore
from ai2text.common.settings import S3Settings
from tests.fixtures.fault_proxy import FaultProxy


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def client_of(settings: S3Settings) -> Minio:
    return Minio(
        settings.endpoint,
        access_key=settings.access_key,
        secret_key=settings.secret_key.get_secret_value(),
        secure=False,
    )


def put_verified(store: ObjectStore, key: str, content: bytes, promised: bytes | None = None) -> None:
    digest = sha256(content if promised is None else promised)
    store.put_verified(key, io.BytesIO(content), len(content), digest, "audio/wav")


def test_what_was_put_can_be_read_whole_and_in_ranges(object_store: ObjectStore) -> None:
    put_verified(object_store, "t/audio/ä ö+ü", b"0123456789")
    assert object_store.get("t/audio/ä ö+ü") == b"0123456789"
    assert object_store.read("t/audio/ä ö+ü", 3, 4) == b"3456"
    assert object_store.stat("t/audio/ä ö+ü").size_bytes == 10


@pytest.mark.parametrize("size", [0, 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES + 5])
def test_a_stream_of_any_number_of_parts_arrives_whole(object_store: ObjectStore, size: int) -> None:
    content = bytes(size)
    put_verified(object_store, "t/audio/x", content)
    assert object_store.stat("t/audio/x").size_bytes == size
    assert sha256(object_store.read("t/audio/x", 0, size)) == sha256(content)


@pytest.mark.lesson("L13")
@pytest.mark.parametrize("size", [10, PART_BYTES + 10])
def test_bytes_that_are_not_the_ones_hashed_before_store_nothing(object_store: ObjectStore, size: int) -> None:
    with pytest.raises(ObjectChanged):
        put_verified(object_store, "t/audio/x", b"a" * size, promised=b"b" * size)
    assert not object_store.exists("t/audio/x")


def test_a_file_that_became_shorter_stores_nothing(object_store: ObjectStore) -> None:
    with pytest.raises(ObjectChanged):
        object_store.put_verified("t/audio/x", io.BytesIO(b"abc"), 10, sha256(b"abc"), "audio/wav")
    assert not object_store.exists("t/audio/x")


def test_only_the_first_write_to_an_outcome_counts(object_store: ObjectStore) -> None:
    assert object_store.put_first("t/outcomes/1.json", b"first")
    assert not object_store.put_first("t/outcomes/1.json", b"second")
    assert object_store.get("t/outcomes/1.json") == b"first"


def test_of_sixteen_writers_at_once_one_wins_and_its_bytes_stand(object_store: ObjectStore) -> None:
    start = threading.Barrier(16)

    def write(number: int) -> int | None:
        start.wait()
        return number if object_store.put_first("t/outcomes/race.json", b"%d" % number) else None

    with ThreadPoolExecutor(16) as pool:
        winners = [number for number in pool.map(write, range(16)) if number is not None]
    assert len(winners) == 1
    assert object_store.get("t/outcomes/race.json") == b"%d" % winners[0]


def test_what_a_killed_writer_left_empty_is_nobodys_outcome_and_one_of_many_takes_its_place(
    object_store: ObjectStore,
) -> None:
    object_store.put("t/outcomes/left.json", b"")
    with pytest.raises(ObjectNotFound):
        object_store.get("t/outcomes/left.json")
    start = threading.Barrier(16)

    def write(number: int) -> int | None:
        start.wait()
        return number if object_store.put_first("t/outcomes/left.json", b"%d" % number) else None

    with ThreadPoolExecutor(16) as pool:
        winners = [number for number in pool.map(write, range(16)) if number is not None]
    assert len(winners) == 1
    assert object_store.get("t/outcomes/left.json") == b"%d" % winners[0]


def test_what_is_overwritten_while_it_is_read_is_the_one_or_the_other(object_store: ObjectStore) -> None:
    contents = [b"1" * 10, b"2" * 100_000]
    object_store.put("t/changing", contents[0])
    done = threading.Event()

    def write() -> None:
        while not done.is_set():
            for content in contents:
                object_store.put("t/changing", content)

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        try:
            read = [object_store.get("t/changing") for _ in range(200)]
        finally:
            done.set()
        writing.result()
    assert set(read) <= set(contents)


def test_a_store_that_does_not_fence_is_refused_at_start(s3_settings: S3Settings) -> None:
    class Unfenced(ObjectStore):
        def put_first(self, key: str, content: bytes) -> bool:
            self.put(key, content)
            return True

    with pytest.raises(Misconfigured, match="If-None-Match"):
        Unfenced(s3_settings).make_ready()


def test_an_object_overwritten_in_between_is_noticed(object_store: ObjectStore) -> None:
    object_store.put("t/audio/x", b"old bytes")
    etag = object_store.stat("t/audio/x").etag
    object_store.put("t/audio/x", b"new bytes")
    with pytest.raises(ObjectChanged):
        object_store.read("t/audio/x", 0, 3, etag)


def test_what_is_not_there_is_not_found(object_store: ObjectStore) -> None:
    with pytest.raises(ObjectNotFound):
        object_store.get("t/nothing")
    assert not object_store.exists("t/nothing")
    object_store.delete("t/nothing")


def test_listing_gives_everything_below_a_prefix_and_nothing_else(object_store: ObjectStore) -> None:
    for key in ("a/audio/1", "a/audio/2", "a/facts/1/x.json", "b/audio/1"):
        object_store.put(key, b"x")
    assert [found.key for found in object_store.list("a/")] == ["a/audio/1", "a/audio/2", "a/facts/1/x.json"]
    assert [found.key for found in object_store.list("a/", "a/audio/1")] == ["a/audio/2", "a/facts/1/x.json"]
    assert list(object_store.list("a/facts/", "a/facts/1/x.json")) == []


def test_a_presigned_address_reads_without_keys(object_store: ObjectStore) -> None:
    object_store.put("t/audio/x", b"abc")
    url = object_store.presign_get("t/audio/x", timedelta(minutes=1))
    assert httpx.get(url).content == b"abc"


@pytest.fixture
def proxied(s3_settings: S3Settings, object_store: ObjectStore) -> Iterator[tuple[ObjectStore, FaultProxy]]:
    """The store behind a wire that can fail."""
    host, _, port = s3_settings.endpoint.partition(":")
    with FaultProxy(host, int(port)) as proxy:
        settings = s3_settings.model_copy(update={"endpoint": proxy.address, "read_timeout_seconds": 1.0})
        yield ObjectStore(settings), proxy


@pytest.mark.lesson("L12")
def test_a_store_that_is_away_is_unavailable_and_comes_back(proxied: tuple[ObjectStore, FaultProxy]) -> None:
    store, proxy = proxied
    store.put("t/x", b"1")
    proxy.refuse()
    with pytest.raises(StoreUnavailable):
        store.get("t/x")
    with pytest.raises(StoreUnavailable):
        store.put_first("t/y", b"1")
    proxy.resume()
    assert store.get("t/x") == b"1"


@pytest.mark.lesson("L10")
def test_a_store_that_goes_deaf_is_unavailable_after_the_time_out(proxied: tuple[ObjectStore, FaultProxy]) -> None:
    store, proxy = proxied
    proxy.go_deaf()
    with pytest.raises(StoreUnavailable):
        store.stat("t/x")


def test_of_one_content_only_its_own_versions_are_erased(object_store: ObjectStore, s3_settings: S3Settings) -> None:
    client, bucket = client_of(s3_settings), s3_settings.bucket
    client.set_bucket_versioning(bucket, VersioningConfig(ENABLED))

    def left() -> list[bool]:
        found = client.list_objects(bucket, "t/talk.wav", recursive=True, include_version=True)
        return [bool(each.is_delete_marker) for each in found]

    for content in (b"first", b"second", b"first"):
        object_store.put("t/talk.wav", content)
    first, second = (hashlib.md5(content, usedforsecurity=False).hexdigest() for content in (b"first", b"second"))
    object_store.delete("t/talk.wav")
    object_store.erase("t/talk.wav", first)
    assert sorted(left()) == [False, True]
    object_store.erase("t/talk.wav", second)
    assert left() == []


def test_what_the_credentials_do_not_allow_is_told_from_a_store_that_is_away(s3_settings: S3Settings) -> None:
    class Forbidden(BaseHTTPRequestHandler):
        def do_DELETE(self) -> None:
            said = b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>"
            self.send_response(403)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Not to the tests' output."""

    with HTTPServer(("127.0.0.1", 0), Forbidden) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        endpoint = f"127.0.0.1:{server.server_address[1]}"
        store = ObjectStore(s3_settings.model_copy(update={"endpoint": endpoint}))
        with pytest.raises(StoreDenied, match="AccessDenied"):
            store.delete("t/x")
        server.shutdown()


@pytest.mark.parametrize("versioned", [False, True])
def test_what_is_erased_has_no_version_left_and_its_neighbour_all(
    object_store: ObjectStore, s3_settings: S3Settings, *, versioned: bool
) -> None:
    client, bucket = client_of(s3_settings), s3_settings.bucket
    if versioned:
        client.set_bucket_versioning(bucket, VersioningConfig(ENABLED))
    for content in (b"first", b"second"):
        object_store.put("t/drafts/1.json", content)
        object_store.put("t/drafts/1.json.1", content)
    object_store.delete("t/drafts/1.json")
    object_store.erase("t/drafts/1.json")
    object_store.erase("t/drafts/1.json")
    left = [found.object_name for found in client.list_objects(bucket, "t/", recursive=True, include_version=True)]
    assert left == ["t/drafts/1.json.1"] * (2 if versioned else 1)


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 5000])
def test_the_head_of_an_object_tells_what_it_is(object_store: ObjectStore, size: int) -> None:
    content = bytes(number % 251 for number in range(size))
    object_store.put("default/head", content)
    found, head = object_store.read_head("default/head", 100)
    known = object_store.stat("default/head")
    assert (found.key, found.size_bytes, found.etag) == (known.key, size, known.etag)
    assert head == content[:100]
    assert found.modified_at is not None
    with pytest.raises(ObjectNotFound):
        object_store.read_head("default/none", 100)
