"""What the sidecars of a recording have to say: a machine's outcome or, once people have corrected it, what they see.

The bucket knows whether they have, so that the metadata service is asked for corrected recordings only, and everything
else goes on without it.
"""

import asyncio
from dataclasses import replace
from typing import Protocol

import structlog

from ai2text.common.contracts import identity
from ai2text.common.contracts.codec import decode, decode_outcome
from ai2text.common.contracts.recordings import RecordingIngested
from ai2text.common.errors import ObjectNotFound
from ai2text.common.inside_client import ServiceUnavailable
from ai2text.common.object_store import ObjectStore
from ai2text.ingestion.catalogue import Catalogue
from ai2text.ingestion.corrected import Corrected, Shown

log = structlog.get_logger()


class Known(Protocol):
    """A ledger's entry, of whichever place."""

    @property
    def recording_id(self) -> str | None: ...
    @property
    def facts_key(self) -> str | None: ...
    @property
    def life(self) -> int: ...


class ReadShownText:
    """The use case with what it needs, for the recordings of one tenant."""

    def __init__(self, store: ObjectStore, catalogue: Catalogue, tenant: str) -> None:
        self._store = store
        self._catalogue = catalogue
        self._tenant = tenant

    async def read_shown_text(self, known: Known, outcome_key: str | None) -> Shown | None:
        """None without a key, where nobody has corrected anything.

        Raises ObjectNotFound when no outcome stands there yet, ServiceUnavailable for a text that cannot be had now,
        StoreUnavailable, Poison.
        """
        if await asyncio.to_thread(self._is_corrected, known):
            return await self._corrected(known)
        return decode_outcome(await asyncio.to_thread(self._store.get, outcome_key)) if outcome_key else None

    async def read_what_there_is(self, known: Known, outcome_key: str | None) -> Shown | None:
        """For a comparison, which comes again: None too while an outcome, or a corrected text, cannot be had."""
        try:
            return await self.read_shown_text(known, outcome_key)
        except ObjectNotFound:
            return None
        except ServiceUnavailable as exc:
            log.info("corrected_text_waits", recording_id=known.recording_id, error=str(exc))
            return None

    def _is_corrected(self, known: Known) -> bool:
        revisions = identity.revisions_of(self._tenant, str(known.recording_id), known.life)
        return next(self._store.written(revisions), None) is not None

    async def _corrected(self, known: Known) -> Corrected:
        seen = await self._catalogue.transcript(self._tenant, str(known.recording_id))
        facts = decode(RecordingIngested, await asyncio.to_thread(self._store.get, str(known.facts_key)))
        log.debug("corrected_text_read", recording_id=known.recording_id, revision=seen.revision)
        return replace(seen, duration_seconds=facts.media.duration_seconds)
