"""A recording as it sounds: at its own rate, with its channels and bits, or as they are wanted."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from ai2text.audio.protocol import PcmFormat, Sound
from ai2text.audio.sandbox import MAX_DURATION_SECONDS, Sandbox
from ai2text.audio.source import AudioSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    pcm: PcmFormat
    blocks: Iterator[bytes]
    """Of whole frames, at most 1 MiB each."""


@contextmanager
def samples(
    sandbox: Sandbox, source: AudioSource, sound: Sound, *, max_duration_seconds: float = MAX_DURATION_SECONDS
) -> Iterator[Samples]:
    """Of the first sound track, from its beginning; a child is held until the end of the context.

    16 bits of what has no more or is lossy, else 24. At its own rate every sample is the one that was recorded, or,
    of a lossy codec, the one that FFmpeg decodes. Raises what `probe` raises, `truncated` and the like only after the
    last block.
    """
    with closing(sandbox.run(source, sound=sound, max_duration_seconds=max_duration_seconds)) as said:
        (pcm,) = (word for word in [next(said)] if isinstance(word, PcmFormat))
        yield Samples(pcm=pcm, blocks=(word for word in said if isinstance(word, bytes)))
