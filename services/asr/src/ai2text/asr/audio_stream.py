"""A recording in the object store as blocks of samples, read ahead and decoded in a confined child."""

from collections.abc import Generator
from contextlib import closing

from ai2text.asr.voice_detector import Samples
from ai2text.audio.decode import decode
from ai2text.audio.ranged_reader import RangedReader
from ai2text.audio.sandbox import Sandbox
from ai2text.common.contracts.transcription import TranscriptionRequested
from ai2text.common.object_store import ObjectStore

BLOCK_BYTES = 1 << 20


def audio_stream(
    store: ObjectStore, sandbox: Sandbox, job: TranscriptionRequested, channel: int | None, skip: int
) -> Generator[Samples, None, None]:
    """Mono at 16 kHz, one channel or all of them mixed, without the first `skip` samples.

    Raises what `decode` raises, and ObjectChanged when the audio is no longer what it was at the beginning.
    """
    etag = store.stat(job.audio_key).etag if job.size_bytes > BLOCK_BYTES else None  # one request reads one state
    with (
        RangedReader(store, job.audio_key, job.size_bytes, etag, block_bytes=BLOCK_BYTES) as source,
        closing(decode(sandbox, source, channel=channel)) as blocks,
    ):
        for block in blocks:
            rest = block[skip:]
            skip = max(0, skip - len(block))
            if len(rest):
                yield rest
