"""The buckets from which a tenant may make datasets: `[[archive]]` tables of the file AI2TEXT_SOURCES_FILE.

Nothing that lies elsewhere is ever read, whatever a manifest says.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import ConfigDict, Field

from ai2text.common.bucket_settings import ReachedBucket, s3_settings_of
from ai2text.common.errors import Misconfigured, Refused
from ai2text.common.object_store import ObjectStore
from ai2text.common.settings import S3Settings
from ai2text.common.sources import Tenant, filed

URL = re.compile(r"s3://([^/]+)/(.+)", re.DOTALL)
NO_NAMES = {"", ".", ".."}


class Archive(ReachedBucket):
    """Only read."""

    model_config = ConfigDict(frozen=True)

    tenant: Tenant = Field("default", description="Who may make datasets of it.")


@dataclass(frozen=True, slots=True)
class Place:
    """An object in an archive, whether it is there or not."""

    archive: str
    store: ObjectStore
    key: str

    @property
    def url(self) -> str:
        return f"s3://{self.store.bucket}/{self.key}"


def load_archives(own: S3Settings) -> "Archives":
    """Raises Misconfigured: one sentence with the file, the archive and the field."""
    return Archives(filed("archive", Archive), own)


class Archives:
    """Safe to use from many threads. Raises Misconfigured."""

    def __init__(self, archives: Iterable[Archive], own: S3Settings) -> None:
        self._archives = tuple(archives)
        reached = {one.name: s3_settings_of(one, own) for one in self._archives}
        for number, one in enumerate(self._archives):
            _check(one, self._archives[:number], own, reached[one.name])
        self._stores = {name: ObjectStore(settings) for name, settings in reached.items()}

    def find(self, tenant: str, url: str) -> Place:
        """Raises Refused for what the tenant may not read."""
        parts = URL.fullmatch(url)
        if parts is None or not NO_NAMES.isdisjoint(parts[2].split("/")) or not url.isprintable():
            raise Refused("invalid_location", f"{url!r} does not name an object: write s3://bucket/key.")
        bucket, key = parts.groups()
        for one in self._archives:
            if (one.tenant, one.bucket) == (tenant, bucket) and key.startswith(one.prefix):
                return Place(one.name, self._stores[one.name], key)
        raise Refused("not_in_archive", f"{url} is in no archive of this tenant: the operator lists those that are.")


def _check(one: Archive, earlier: Iterable[Archive], own: S3Settings, reached: S3Settings) -> None:
    """Nobody reads what belongs to other tenants by way of the installation's own bucket."""
    if (reached.endpoint, reached.bucket) == (own.endpoint, own.bucket):
        raise Misconfigured(f"The archive {one.name!r} is the installation's own bucket: all tenants' data lie there.")
    for other in earlier:
        if other.name == one.name:
            raise Misconfigured(f"Two archives have the name {one.name!r}.")
        same = (other.tenant, other.bucket) == (one.tenant, one.bucket)
        if same and other.endpoint != one.endpoint:
            raise Misconfigured(
                f"The archives {other.name!r} and {one.name!r} have the bucket {one.bucket!r} on two servers."
            )
