"""Identity is content: the same ask always has the same id, wherever and whenever it is computed.

A recording that was erased can be uploaded again: it has the same id then, and another life. The life is the
generation of its first jobs: 0, later what the tombstone says. No job, and with `life` no key, belongs to two lives.
"""

import re
from dataclasses import asdict
from uuid import UUID, uuid5

from pydantic import TypeAdapter

from ai2text.common.contracts.states import Task
from ai2text.common.contracts.transcription import TranscriptionOptions
from ai2text.common.errors import Refused

NAMESPACE = UUID("6a2e87c3-3f0c-5c0b-9f0e-5a1d6c0d8b51")
"""Fixed for ever: every id in every catalogue and key derives from it."""

TENANT_PATTERN = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_options = TypeAdapter(TranscriptionOptions)


def checked_tenant(tenant: str) -> str:
    """The tenant itself; tenants stand at the start of every object key, so their form is narrow."""
    if not TENANT_PATTERN.fullmatch(tenant):
        raise Refused(
            "invalid_tenant",
            f"{tenant!r} is no tenant name: use 1 to 63 lower-case letters, digits and hyphens.",
        )
    return tenant


def _identify(*parts: str) -> str:
    return str(uuid5(NAMESPACE, "\x1f".join(parts)))


def recording_id(tenant: str, sha256: str) -> str:
    return _identify("recording", tenant, sha256)


def foreign_recording_id(tenant: str, url: str, etag: str) -> str:
    """Of one that lies in an archive: nobody has hashed its bytes."""
    return str(uuid5(NAMESPACE, f"{tenant}/{url}/{etag}"))


def source_id(tenant: str, kind: str, place: str, name: str) -> str:
    return _identify("source", tenant, kind, place, name)


def rejection_id(tenant: str, source: str, fingerprint: str) -> str:
    """`fingerprint` tells apart the different bytes that were refused under one source."""
    return _identify("rejection", tenant, source, fingerprint)


def job_id(recording: str, model: str, task: Task, options: TranscriptionOptions, generation: int) -> str:
    """Defaults are left out of the ask, so that a new option leaves the ids of old asks as they are."""
    normalised = _options.validate_python(asdict(options))
    asked = _options.dump_json(normalised, exclude_defaults=True).decode()
    return _identify("job", recording, model, task, asked, str(generation))


def outcome_key(tenant: str, job: str) -> str:
    """Where the one outcome of a job stands; whoever requests a job decides it, workers only read it."""
    return f"{outcomes_prefix(tenant)}{job}.json"


def outcomes_prefix(tenant: str) -> str:
    return f"{tenant}/outcomes/"


def audio_key(tenant: str, sha256: str, life: int = 0) -> str:
    return f"{tenant}/audio/{sha256}{_of_life(life)}"


def cuts_of(tenant: str, recording: str, life: int = 0) -> str:
    """Before all that was cut out of a recording, or made of all of it."""
    return f"{cuts_prefix(tenant)}{recording}{_of_life(life)}/"


def cuts_prefix(tenant: str) -> str:
    return f"{tenant}/cuts/"


def tombstone_key(tenant: str, recording: str) -> str:
    return f"{tombstones_prefix(tenant)}{recording}.json"


def tombstones_prefix(tenant: str) -> str:
    return f"{tenant}/tombstones/"


def revision_key(tenant: str, recording: str, revision: int, life: int = 0) -> str:
    """What people changed: the first one written under a number is the truth."""
    return f"{revisions_of(tenant, recording, life)}{revision:06}.json"


def revisions_of(tenant: str, recording: str, life: int = 0) -> str:
    """Before all of them."""
    return f"{revisions_prefix(tenant)}{recording}{_of_life(life)}/"


def recording_and_life(revision_key: str) -> tuple[str, int]:
    """Whose revision stands under a key."""
    recording, _, life = revision_key.rsplit("/", 2)[1].partition(".")
    return recording, int(life or 0)


def _of_life(life: int) -> str:
    return f".{life}" if life else ""


def revisions_prefix(tenant: str) -> str:
    return f"{tenant}/revisions/"


def draft_key(tenant: str, job: str) -> str:
    """Where a worker leaves what it has of a long recording, until there is an outcome."""
    return f"{tenant}/drafts/{job}.json"


def facts_key(tenant: str, sha256: str, source: str, job: str) -> str:
    """Beside the audio, one for each source and ask: with these the catalogue and the queue can be made again."""
    return f"{facts_prefix(tenant)}{sha256}/{source}/{job}.json"


def facts_prefix(tenant: str) -> str:
    return f"{tenant}/facts/"


def assembled_key(tenant: str, name: str, version: int) -> str:
    """What was announced of a dataset's version: with these the catalogue knows again what was made from what."""
    return f"{assembled_prefix(tenant)}{name}/{version:06}.json"


def assembled_prefix(tenant: str) -> str:
    return f"{tenant}/datasets-assembled/"
