"""Spans of one recording become files of their own, to the sample, and the same bytes whenever that is done again."""

import tempfile
from collections import deque
from collections.abc import Generator, Iterable, Sequence
from typing import BinaryIO

from ai2text.audio.encode import Encoder
from ai2text.audio.protocol import PcmFormat, Sound
from ai2text.audio.samples import Samples, samples
from ai2text.audio.sandbox import Sandbox
from ai2text.audio.source import AudioSource
from ai2text.common.errors import Refused
from ai2text.training_orchestrator.audio_spans import AudioForm, Span, in_one_decode
from ai2text.training_orchestrator.hashed_file import HashedFile

LEFT_OVER_SECONDS = 0.002
"""How much a resampler may leave at the end of a recording; made up for with silence."""


def cut_audio(
    sandbox: Sandbox, source: AudioSource, spans: Sequence[Span], form: AudioForm
) -> Generator[tuple[Span, HashedFile], None, None]:
    """In the order of the spans, which may overlap; a file is gone when the next one is asked for.

    The recording is decoded once, no further than to the last sample that is wanted. A child of the sandbox is held
    until then, so whoever stops earlier closes the generator. Blocking; may be used by several threads at once.

    Raises Refused with a code of `refusals.GROUNDS`, `not_as_known` where the recording is not what the rows say, and
    `not_encodable`; Unavailable; and whatever the source raises.
    """
    left = sorted(spans)
    while left:
        number = in_one_decode(left)
        yield from _cut(sandbox, source, left[:number], form)
        left = left[number:]


def _cut(
    sandbox: Sandbox, source: AudioSource, spans: Sequence[Span], form: AudioForm
) -> Generator[tuple[Span, HashedFile], None, None]:
    wanted = Sound(sample_rate_hz=form.sample_rate_hz, mono=form.channels == 1)
    begun: deque[_Cut] = deque()
    try:
        with samples(sandbox, source, wanted) as decoded:
            yield from _follow(decoded, deque(spans), begun, form)
    finally:
        for one in begun:
            one.close()


def _follow(
    decoded: Samples, waiting: deque[Span], begun: "deque[_Cut]", form: AudioForm
) -> Generator[tuple[Span, HashedFile], None, None]:
    pcm, position = decoded.pcm, 0
    if pcm.channels != form.channels:
        raise _not_as_known(f"has {pcm.channels} channels and not {form.channels}")
    for block in _with_end(decoded.blocks, pcm, last=max(span.beyond for span in waiting)):
        reached = position + len(block) // pcm.frame_bytes
        while waiting and waiting[0].first < reached:
            begun.append(_Cut(waiting.popleft(), form, pcm))
        for one in begun:
            one.take(block, position)
        position = reached
        while begun and begun[0].complete:
            yield begun[0].span, HashedFile.of(begun[0].file)
            begun.popleft().close()
        if not (waiting or begun):
            return


def _with_end(blocks: Iterable[bytes], pcm: PcmFormat, last: int) -> Generator[bytes, None, None]:
    """Then what is missing of the `last` sample."""
    position = 0
    for block in blocks:
        position += len(block) // pcm.frame_bytes
        yield block
    missing = last - position
    if missing > LEFT_OVER_SECONDS * pcm.sample_rate_hz:
        raise _not_as_known(f"ends {missing} samples too early at {pcm.sample_rate_hz} Hz")
    yield bytes(missing * pcm.frame_bytes)


class _Cut:
    """A span on its way into a file that has no name."""

    def __init__(self, span: Span, form: AudioForm, pcm: PcmFormat) -> None:
        self.span = span
        self.file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - `close` does
        self._frame_bytes = pcm.frame_bytes
        self._next = span.first
        try:
            self._encoder = Encoder(self.file, form.codec, pcm, span.samples)
        except Refused:
            self.file.close()
            raise

    @property
    def complete(self) -> bool:
        return self._next == self.span.beyond

    def take(self, block: bytes, position: int) -> None:
        """What belongs to it of samples that begin at `position`."""
        end = min(self.span.beyond, position + len(block) // self._frame_bytes)
        if end <= self._next:
            return
        first, beyond = ((at - position) * self._frame_bytes for at in (self._next, end))
        self._encoder.write(memoryview(block)[first:beyond])
        self._next = end
        if end == self.span.beyond:
            self._encoder.finish()

    def close(self) -> None:
        self._encoder.close()
        self.file.close()


def _not_as_known(what: str) -> Refused:
    return Refused("not_as_known", f"The recording {what}, as the catalogue says: send it again.")
