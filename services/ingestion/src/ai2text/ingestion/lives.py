"""Which life of a recording begins or goes on with bytes that are taken in; see `identity`."""

import structlog

from ai2text.audio import refusals
from ai2text.common.contracts import identity
from ai2text.common.contracts.recordings import Source
from ai2text.common.object_store import ObjectStore
from ai2text.common.tombstones import present_life

log = structlog.get_logger()


def life_of(store: ObjectStore, tenant: str, source: Source, sha256: str) -> int:
    """Blocking. 0 for what was never erased.

    Only somebody who uploads it begins another life of what was erased; a file or an object that lies in a watched
    place joins that one, and raises Refused before. Audio of the first life is left by nobody but a killed process.
    """
    recording = identity.recording_id(tenant, sha256)
    life = present_life(store, tenant, recording)
    if life == 0:
        return 0
    store.erase(identity.audio_key(tenant, sha256))
    if source.kind != "upload" and not store.exists(identity.audio_key(tenant, sha256, life)):
        raise refusals.refused("erased")
    log.debug("another_life", recording_id=recording, life=life)
    return life
