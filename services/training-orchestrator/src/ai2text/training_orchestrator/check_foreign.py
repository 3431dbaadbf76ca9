"""Whether what a plan has measured in archives lies there unchanged. Blocking."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from ai2text.common.errors import ObjectNotFound, Refused
from ai2text.training_orchestrator.archives import Archives
from ai2text.training_orchestrator.making import Making
from ai2text.training_orchestrator.plan import SourceAudio, sources_of
from ai2text.training_orchestrator.version_files import VersionFiles

AT_ONCE = 8
TOGETHER = 1000
NAMED = 20


@dataclass(frozen=True, slots=True)
class CheckForeign:
    """The use case with what it needs."""

    archives: Archives
    files: VersionFiles

    def check_foreign(self, making: Making) -> None:
        """Raises Refused, naming what is missing or was overwritten; Unavailable."""
        if not making.claim.definition.foreign:
            return
        found = list(islice(self._changed(making), NAMED + 1))
        if found:
            more = " and more" if len(found) > NAMED else ""
            raise Refused(
                "foreign_changed",
                f"{', '.join(found[:NAMED])}{more} {'is' if len(found) == 1 else 'are'} no longer what the version "
                "was made of: build a new one.",
            )

    def _changed(self, making: Making) -> Iterator[str]:
        foreign = (one for one in sources_of(self.files.blocks(making.plan.sources)) if one.etag is not None)

        def unchanged(source: SourceAudio) -> bool:
            return self._is_unchanged(making.claim.tenant, source)

        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="check-foreign") as threads:
            while some := list(islice(foreign, TOGETHER)):
                for source, same in zip(some, threads.map(unchanged, some), strict=True):
                    if not same:
                        yield source.file.key

    def _is_unchanged(self, tenant: str, source: SourceAudio) -> bool:
        place = self.archives.find(tenant, source.file.key)
        try:
            found = place.store.stat(place.key)
        except ObjectNotFound:
            return False
        return (found.etag, found.size_bytes) == (source.etag, source.file.bytes)
