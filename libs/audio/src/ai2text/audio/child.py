"""The life of a decoding child: confined at birth, one job, and the end."""

import io
import itertools
import json
import os
from collections.abc import Iterator
from dataclasses import asdict

import av.error
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer

from ai2text.audio import claims, judgement, protocol, recording, sound, tags
from ai2text.audio.confinement import CONNECTION, confine
from ai2text.audio.connection import Connection
from ai2text.audio.level import Meter
from ai2text.audio.protocol import Job, Verdict
from ai2text.audio.recording import Tally, UnusableError
from ai2text.audio.sound_digest import SoundDigest

NOTE_MAX_CHARACTERS = 1000
HEAD_BYTES = 1 << 16


def serve(descriptor: int, memory_bytes: int) -> int:
    """The exit status. One job is all, so that no recording is ever decoded where another one has been."""
    filtered = confine(descriptor, memory_bytes)
    connection = Connection(CONNECTION)
    connection.send(protocol.READY + bytes([filtered]))
    try:
        order = connection.receive(protocol.JOB_MAX_BYTES)
    except (EOFError, OSError):
        return 0
    connection.send(answer(connection, Job.decode(order)))
    return 0


def answer(connection: Connection, job: Job) -> bytes:
    """The last message."""
    try:
        return protocol.MEDIA + json.dumps(measure(connection, job)).encode()
    except UnusableError as exc:
        verdict = exc.verdict
    except MemoryError:
        verdict = Verdict(code="out_of_memory")
    except av.error.FFmpegError as exc:
        verdict = Verdict(code="decode_failed", note=str(exc))
    except Exception as exc:  # noqa: BLE001 - nobody else can tell the parent
        verdict = Verdict(code="failed", note=repr(exc)[:NOTE_MAX_CHARACTERS])
    return protocol.VERDICT + json.dumps(asdict(verdict)).encode()


def measure(connection: Connection, job: Job) -> dict[str, object]:
    """Decodes the whole recording and returns the fields of a `Media`; samples and progress go out on the way."""
    file = RemoteFile(connection, job.size_bytes)
    share = claims.promised_share(file, job.size_bytes)
    cut = claims.ends_inside_page(file, job.size_bytes)
    file.seek(0, io.SEEK_SET)
    container, guessed = recording.open_recording(file)
    with container:
        stream = recording.audio_stream(container)
        tally = Tally()
        digest = SoundDigest(stream.codec_context.codec.canonical_name) if is_probing(job) else None
        frames = recording.decoded(container, stream, tally, job.max_duration_seconds, digest)
        meter = Meter()
        if job.sound is not None:
            hand_out_sound(connection, reported(connection, frames, tally), stream, job.sound)
        elif job.sample_rate_hz is None:
            listen(reported(connection, frames, tally), meter)
        else:
            hand_out(connection, reported(connection, frames, tally), job.sample_rate_hz, job.channel)
        claimed = judgement.claimed_seconds(container, stream, tally.seconds, share, guessed=guessed)
        judgement.judge(container, tally, claimed, cut=cut)
        return described(container, stream, tally, meter) | {"sound_sha256": digest and digest.hexdigest()}


def is_probing(job: Job) -> bool:
    return job.sample_rate_hz is None and job.sound is None


def reported(connection: Connection, frames: Iterator[AudioFrame], tally: Tally) -> Iterator[AudioFrame]:
    due = protocol.PROGRESS_SECONDS
    for frame in frames:
        if tally.seconds >= due:
            due = tally.seconds + protocol.PROGRESS_SECONDS
            connection.send(protocol.PROGRESS + protocol.SECONDS.pack(tally.seconds))
        yield frame


def listen(frames: Iterator[AudioFrame], meter: Meter) -> None:
    for frame in frames:
        meter.add(frame)


def hand_out(connection: Connection, frames: Iterator[AudioFrame], sample_rate_hz: int, channel: int | None) -> None:
    for samples in recording.resampled(frames, sample_rate_hz, channel):
        send_samples(connection, samples, protocol.PCM_MAX_BYTES)


def hand_out_sound(
    connection: Connection, frames: Iterator[AudioFrame], stream: AudioStream, wanted: protocol.Sound
) -> None:
    first = next(frames, None)
    if first is None:
        return
    pcm = sound.pcm_format(first, wanted, lossless=stream.codec_context.codec.lossless)
    connection.send(protocol.FORMAT + protocol.PCM_FORMAT.pack(pcm.sample_rate_hz, pcm.channels, pcm.sample_bytes))
    whole_frames = protocol.PCM_MAX_BYTES // pcm.frame_bytes * pcm.frame_bytes
    for samples in sound.interleaved(itertools.chain([first], frames), first.layout.name, pcm):
        send_samples(connection, samples, whole_frames)


def send_samples(connection: Connection, samples: bytes, max_bytes: int) -> None:
    for start in range(0, len(samples), max_bytes):
        connection.send(protocol.PCM + samples[start : start + max_bytes])


def described(container: InputContainer, stream: AudioStream, tally: Tally, meter: Meter) -> dict[str, object]:
    return {
        "container": container.format.name,
        "codec": stream.codec_context.codec.canonical_name,
        "duration_seconds": tally.duration_seconds(),
        "sample_rate_hz": tally.sample_rate_hz,
        "channels": tally.channels,
        "bit_rate_bps": tally.bit_rate_bps(),
        "peak_dbfs": meter.peak_dbfs(),
        "loudness_lufs": meter.loudness_lufs(),
        "tags": tags.cleaned(stream.metadata | container.metadata),
    }


class RemoteFile:
    """Read by FFmpeg, answered by the parent; its beginning, which is looked at again and again, is kept."""

    def __init__(self, connection: Connection, size_bytes: int) -> None:
        self._connection = connection
        self._size = size_bytes
        self._position = 0
        self._head = self._asked(min(size_bytes, HEAD_BYTES))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int) -> bytes:
        length = min(size, self._size - self._position, protocol.READ_MAX_BYTES)
        if length <= 0:
            return b""
        content = self._head[self._position : self._position + length]
        if len(content) < length:
            content = self._asked(length)
        self._position += len(content)
        return content

    def _asked(self, length: int) -> bytes:
        try:
            self._connection.send(protocol.READ + protocol.RANGE.pack(self._position, length))
            return self._connection.receive(length)
        except (EOFError, OSError):
            os._exit(0)  # the parent is gone; FFmpeg would only see a broken file

    def seek(self, offset: int, whence: int) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        return self._position
