"""What goes wrong with the object store, in our words; see `errors.py` for what happens next."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from minio.error import InvalidResponseError, MinioException, S3Error
from urllib3.exceptions import HTTPError

from ai2text.common import metrics
from ai2text.common.errors import ObjectChanged, ObjectNotFound, StoreDenied, StoreUnavailable


@contextmanager
def translated(operation: str) -> Iterator[None]:
    began = time.monotonic()
    try:
        yield
    except S3Error as exc:
        if exc.code in {"NoSuchKey", "NoSuchObject", "ResourceNotFound"}:
            raise ObjectNotFound(str(exc.object_name)) from exc
        if exc.code == "PreconditionFailed":
            raise ObjectChanged(f"{exc.object_name} is no longer what it was.") from exc
        metrics.STORE_FAILURES.labels(operation).inc()
        kind = StoreDenied if exc.code == "AccessDenied" else StoreUnavailable
        raise kind(f"{operation}: {exc.code}: {exc.message}") from exc
    except (MinioException, InvalidResponseError, HTTPError, OSError) as exc:
        metrics.STORE_FAILURES.labels(operation).inc()
        raise StoreUnavailable(f"{operation}: {exc!r}") from exc
    finally:
        metrics.STORE_SECONDS.labels(operation).observe(time.monotonic() - began)
