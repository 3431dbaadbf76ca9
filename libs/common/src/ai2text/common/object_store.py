"""The object store: whatever speaks S3. Blocking; called from threads.

Every foreign error is translated here; see `store_errors.py`.
"""

import hashlib
import io
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol

import urllib3
from minio import Minio
from minio.commonconfig import ComposeSource
from minio.error import S3Error

from ai2text.common.errors import Misconfigured, ObjectChanged, ObjectNotFound, StoreUnavailable
from ai2text.common.settings import S3Settings
from ai2text.common.store_errors import translated

PART_BYTES = 8 << 20
"""One part of a large upload is in memory at a time; 10,000 parts make 80 GB."""
FENCE_CHECK_KEY = ".ai2text/fence-check"
CONFLICT_RETRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    key: str
    size_bytes: int
    etag: str
    modified_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfinishedUpload:
    """Parts that were sent and never made an object: its writer is at it, or died."""

    key: str
    upload_id: str
    begun_at: datetime


class Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class ObjectStore:
    """One bucket. Keys begin with the tenant."""

    def __init__(self, settings: S3Settings) -> None:
        self._bucket = settings.bucket
        self._http = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=settings.connect_timeout_seconds, read=settings.read_timeout_seconds),
            retries=urllib3.Retry(total=2, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504]),
            maxsize=16,
        )
        self._client = Minio(
            settings.endpoint,
            access_key=settings.access_key,
            secret_key=settings.secret_key.get_secret_value(),
            secure=settings.secure,
            region=settings.region,
            http_client=self._http,
        )

    @property
    def bucket(self) -> str:
        return self._bucket

    def make_ready(self) -> None:
        """Makes the bucket if it is missing; raises Misconfigured for a store that cannot fence outcomes."""
        with translated("make_bucket"):
            if not self._client.bucket_exists(self._bucket):
                self._make_bucket()
        self.put(FENCE_CHECK_KEY, b"first")
        if self.put_first(FENCE_CHECK_KEY, b"second"):
            raise Misconfigured(
                "This S3 server overwrites an object although the request says If-None-Match: *, "
                "so two workers could both write an outcome. Use one with conditional writes."
            )
        if self.put_over(FENCE_CHECK_KEY, b"third", etag="another"):
            raise Misconfigured(
                "This S3 server overwrites an object although the request says If-Match with another ETag, "
                "so two workers could both change a training run. Use one with conditional writes."
            )

    def _make_bucket(self) -> None:
        try:
            self._client.make_bucket(self._bucket)
        except S3Error as exc:
            if exc.code not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
                raise

    def put(self, key: str, content: bytes, content_type: str = "application/json") -> None:
        with translated("put"):
            self._client.put_object(self._bucket, key, io.BytesIO(content), len(content), content_type=content_type)

    def put_verified(self, key: str, source: Readable, size_bytes: int, sha256: str, content_type: str) -> None:
        """Streams `source`; raises ObjectChanged, and stores nothing, when its bytes are not the ones hashed before."""
        self.put_stream(key, _HashChecked(source, size_bytes, sha256), size_bytes, content_type)

    def put_stream(self, key: str, source: Readable, size_bytes: int, content_type: str) -> None:
        """Exactly `size_bytes` of `source`; what that raises reaches the caller, and nothing is stored."""
        with translated("put_stream"):
            self._client.put_object(
                self._bucket,
                key,
                source,  # type: ignore[arg-type]
                size_bytes,
                content_type=content_type,
                part_size=PART_BYTES,
                num_parallel_uploads=1,
            )

    def compose(self, key: str, sources: Sequence[StoredObject], bucket: str | None = None) -> None:
        """Copies within the server: `sources` one after the other, from this bucket or another one on it.

        All but the last have at least 5 MiB, which S3 wants of a part. Raises ObjectChanged when one is no longer
        what it was, ObjectNotFound when it has gone.
        """
        place = bucket or self._bucket
        parts = [ComposeSource(place, source.key, match_etag=source.etag) for source in sources]
        with translated("compose"):
            self._client.compose_object(self._bucket, key, parts)

    def put_first(self, key: str, content: bytes) -> bool:
        """Whether this was the first write to `key`; what stood there before is left alone.

        The fence of every outcome: one single-part PUT with `If-None-Match: *`. minio-py has no public call for
        it (given as metadata the header becomes `X-Amz-Meta-If-None-Match` and fences nothing), so a presigned PUT
        is sent with the header. An empty object counts as none: SeaweedFS keeps one of a writer that was killed.
        """
        if self._put_if(key, content, "If-None-Match", "*"):
            return True
        etag = self._etag_if_empty(key)
        return bool(content) and etag is not None and self.put_over(key, content, etag)

    def put_over(self, key: str, content: bytes, etag: str) -> bool:
        """Whether the object was still the one of `etag`, in whose place this one stands now; otherwise it is left."""
        return self._put_if(key, content, "If-Match", f'"{etag}"')

    def _put_if(self, key: str, content: bytes, header: str, value: str) -> bool:
        for _ in range(CONFLICT_RETRIES):
            with translated("put_first"):
                url = self._client.presigned_put_object(self._bucket, key, timedelta(minutes=15))
                answer = self._http.request("PUT", url, body=content, headers={header: value})
            if answer.status == 200:  # noqa: PLR2004
                return True
            if answer.status == 412:  # noqa: PLR2004
                return False
            if answer.status != 409:  # noqa: PLR2004 - a rival is writing at this moment: S3 asks to try again
                break
            time.sleep(0.1)
        raise StoreUnavailable(f"Conditional write of {key} answered {answer.status}.")

    def _etag_if_empty(self, key: str) -> str | None:
        try:
            found = self.stat(key)
        except ObjectNotFound:
            return None
        return found.etag if found.size_bytes == 0 else None

    def get(self, key: str) -> bytes:
        """A whole small object, as it was at one moment.

        Raises ObjectNotFound, also for an empty one: what is left of a killed writer.
        """
        with translated("get"):
            response = self._client.get_object(self._bucket, key)
            content = _body(response)
        found = _described(key, response.headers) if "Content-Length" in response.headers else self.stat(key)
        if len(content) != found.size_bytes:
            raise StoreUnavailable(f"{key} ended after {len(content)} of {found.size_bytes} bytes.")
        if not content:
            raise ObjectNotFound(key)
        return content

    def read(self, key: str, offset: int, length: int, etag: str | None = None) -> bytes:
        """Exactly `length` bytes from `offset`; raises ObjectChanged when the object is no longer the one of `etag`.

        A body that ends early is an error, also where the server closes the connection without one.
        """
        if length == 0:
            return b""
        with translated("read"):
            response = self._client.get_object(
                self._bucket,
                key,
                offset=offset,
                length=length,
                request_headers={"If-Match": f'"{etag}"'} if etag else None,
            )
            content = _body(response)
        if len(content) != length:
            raise StoreUnavailable(f"{key} ended after {len(content)} of {length} bytes.")
        return content

    def read_head(self, key: str, length: int) -> tuple[StoredObject, bytes]:
        """What it is and how it begins, in one request; all of one that is shorter. Raises ObjectNotFound."""
        with translated("read_head"):
            try:
                response = self._client.get_object(self._bucket, key, offset=0, length=length)
            except S3Error as exc:
                if exc.code != "InvalidRange":
                    raise
                return self.stat(key), b""  # of nothing there is no range
            content = _body(response)
        found = _described(key, response.headers)
        if len(content) != min(length, found.size_bytes):
            raise StoreUnavailable(f"{key} ended after {len(content)} of {min(length, found.size_bytes)} bytes.")
        return found, content

    def stat(self, key: str) -> StoredObject:
        """Raises ObjectNotFound."""
        with translated("stat"):
            found = self._client.stat_object(self._bucket, key)
        return StoredObject(
            key=key,
            size_bytes=found.size or 0,
            etag=(found.etag or "").strip('"'),
            modified_at=found.last_modified,
        )

    def exists(self, key: str) -> bool:
        """Whether `get` would find it."""
        try:
            return self.stat(key).size_bytes > 0
        except ObjectNotFound:
            return False

    def list(self, prefix: str, after: str | None = None) -> Iterator[StoredObject]:
        """Everything below `prefix`, in the order of the keys, a page at a time; of keys after `after`."""
        with translated("list"):
            for found in self._client.list_objects(self._bucket, prefix, recursive=True, start_after=after):
                yield StoredObject(
                    key=str(found.object_name),
                    size_bytes=found.size or 0,
                    etag=(found.etag or "").strip('"'),
                    modified_at=found.last_modified,
                )

    def written(self, prefix: str, after: str | None = None) -> Iterator[StoredObject]:
        """Of what `list` finds that which `get` would find."""
        return (found for found in self.list(prefix, after) if found.size_bytes)

    def folders(self, prefix: str) -> Iterator[str]:
        """What follows `prefix` up to the next slash, each with that slash, as whole prefixes."""
        with translated("folders"):
            for found in self._client.list_objects(self._bucket, prefix):
                if found.is_dir:
                    yield str(found.object_name)

    def unfinished(self) -> Iterator[UnfinishedUpload]:
        """The first thousand: abort some, ask again. minio-py has no public call for it."""
        with translated("unfinished"):
            found = self._client._list_multipart_uploads(self._bucket)  # noqa: SLF001
        for upload in found.uploads:
            if upload.upload_id is not None and upload.initiated_time is not None:
                yield UnfinishedUpload(
                    key=upload.object_name, upload_id=upload.upload_id, begun_at=upload.initiated_time
                )

    def abort(self, upload: UnfinishedUpload) -> None:
        """Nor for this."""
        with translated("abort"):
            self._client._abort_multipart_upload(self._bucket, upload.key, upload.upload_id)  # noqa: SLF001

    def presign_get(self, key: str, lifetime: timedelta) -> str:
        with translated("presign"):
            return str(self._client.presigned_get_object(self._bucket, key, lifetime))

    def delete(self, key: str) -> None:
        """Succeeds also when there is nothing to delete."""
        with translated("delete"):
            self._client.remove_object(self._bucket, key)

    def erase(self, key: str, etag: str | None = None) -> None:
        """Deletes every version of it there is, where the bucket keeps them; may be repeated.

        With `etag` only the versions of that content, and the marks of deletions once they stand for nothing.
        """
        with translated("erase"):
            listed = self._client.list_objects(self._bucket, key, recursive=True, include_version=True)
            found = [each for each in listed if each.object_name == key]
            contents = [each for each in found if not each.is_delete_marker]
            kept = [each for each in contents if etag is not None and (each.etag or "").strip('"') != etag]
            for each in found:
                if each not in kept and not (kept and each.is_delete_marker):
                    self._client.remove_object(self._bucket, key, version_id=each.version_id)


def _body(response: urllib3.BaseHTTPResponse) -> bytes:
    """All of it; the connection is given back."""
    try:
        return response.read()
    finally:
        response.close()
        response.release_conn()


def _described(key: str, headers: Mapping[str, str]) -> StoredObject:
    """As the headers of an answer say it, with a range or without."""
    _, _, size = headers.get("Content-Range", "").rpartition("/")
    modified = headers.get("Last-Modified")
    return StoredObject(
        key=key,
        size_bytes=int(size or headers.get("Content-Length", "0")),
        etag=headers.get("ETag", "").strip('"'),
        modified_at=parsedate_to_datetime(modified) if modified else None,
    )


class _HashChecked:
    """Hands out the last bytes only when all of them hash to what was promised.

    The client reads a part whole before it sends it, so a mismatch aborts the upload before it is completed.
    """

    def __init__(self, source: Readable, size_bytes: int, sha256: str) -> None:
        self._source = source
        self._left = size_bytes
        self._expected = sha256
        self._hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self._source.read(self._left if size < 0 else min(size, self._left))
        self._hash.update(block)
        self._left -= len(block)
        if (not block and self._left) or (self._left == 0 and self._hash.hexdigest() != self._expected):
            raise ObjectChanged("The bytes changed between being hashed and being stored.")
        return block
