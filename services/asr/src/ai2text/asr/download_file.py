"""One file of a model, over a network that breaks off: resumed where it was, also by the next process."""

import os
from pathlib import Path

import structlog

from ai2text.asr.cache_folder import PARTIAL, size_of
from ai2text.asr.model_files import Body, ModelUnavailable, RemoteFile
from ai2text.asr.model_progress import Progress
from ai2text.common import metrics
from ai2text.common.errors import Unavailable

log = structlog.get_logger()

PAUSES_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0)
"""After each break-off in a row that brought nothing; when they are spent, the job waits."""


def download_file(
    file: RemoteFile, folder: Path, progress: Progress, pauses: tuple[float, ...] = PAUSES_SECONDS
) -> None:
    """Returns when the whole file is on the disk under its name. Raises ModelUnavailable, Refused, Stopped."""
    partial = folder / (file.name + PARTIAL)
    before, tried = progress.done_bytes, 0
    while True:
        had = size_of(partial)
        progress.reach(before + had)
        try:
            _take(file, partial, progress, before)
        except Unavailable as exc:
            tried = tried + 1 if size_of(partial) <= had else 0
            if tried >= len(pauses):
                raise
            metrics.MODEL_DOWNLOAD_RETRIES.inc()
            log.warning("model_download_broken_off", file=file.name, error=str(exc), delay_seconds=pauses[tried])
            progress.pause(pauses[tried])
        else:
            partial.replace(folder / file.name)
            return


def _take(file: RemoteFile, partial: Path, progress: Progress, before: int) -> None:
    """What is missing of the partial file, to the disk and checked; a wrong one is removed."""
    if size_of(partial) < file.size_bytes:
        with file.open(size_of(partial)) as body:
            _write(body, partial, progress, before)
    try:
        _check(file, partial)
    except ModelUnavailable:
        if size_of(partial) >= file.size_bytes:
            partial.unlink()
        raise


def _write(body: Body, partial: Path, progress: Progress, before: int) -> None:
    with partial.open("ab") as draft:
        draft.truncate(body.offset)
        draft.seek(body.offset)
        for block in body.blocks:
            draft.write(block)
            draft.flush()
            metrics.MODEL_DOWNLOADED_BYTES.inc(len(block))
            progress.reach(before + draft.tell())
        os.fsync(draft.fileno())


def _check(file: RemoteFile, partial: Path) -> None:
    if size_of(partial) != file.size_bytes:
        raise ModelUnavailable(f"{file.name} ended after {size_of(partial)} of {file.size_bytes} bytes.")
    file.check(partial)
