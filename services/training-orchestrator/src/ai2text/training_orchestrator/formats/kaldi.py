"""Kaldi's data directories, one for each split; paths in `wav.scp` are relative to the version. No I/O here.

What `validate_data_dir.sh` wants: sorted by bytes, unique, the same utterances everywhere, each beginning with its
speaker. Speakers are hashes of one length: `a` and `a-b` would put utterances into another order than speakers.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

from ai2text.training_orchestrator.rows import Row, Rows, voice_of

Told = Callable[[Row], str]
FORBIDDEN = {"<s>", "</s>", "#0", "<eps>"}
INVISIBLE = {"Cc", "Cf", "Co", "Cn", "Cs"}
DECODED = "ffmpeg -nostdin -loglevel error -i {} -f wav -acodec pcm_s16le -ac 1 -"
"""For every container and any number of channels; Kaldi itself reads plain 16-bit wave files only."""


def files(split: str, rows: Rows, rows_by_voice: Rows) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Paths, and lines in them."""
    folder = f"kaldi/{split}"
    yield f"{folder}/wav.scp", _recordings(rows(), lambda row: DECODED.format(row.audio) + " |")
    yield f"{folder}/reco2dur", _recordings(rows(), lambda row: f"{row.file_seconds:.3f}")
    yield f"{folder}/segments", _utterances(rows_by_voice(), _span)
    yield f"{folder}/text", _utterances(rows_by_voice(), lambda row: plain_text(row.text))
    yield f"{folder}/utt2spk", _utterances(rows_by_voice(), voice_of)
    yield f"{folder}/utt2dur", _utterances(rows_by_voice(), lambda row: f"{row.duration:.3f}")
    yield f"{folder}/utt2lang", _utterances(rows_by_voice(), lambda row: row.language)
    yield f"{folder}/spk2utt", _voices(rows_by_voice())


def utterance_id(row: Row) -> str:
    return f"{voice_of(row)}-{row.id}"


def plain_text(text: str) -> str:
    """On one line, with single spaces, and without what Kaldi means something by."""
    words = text.split()
    if not text.isprintable():
        words = "".join(sign for sign in " ".join(words) if unicodedata.category(sign) not in INVISIBLE).split()
    return " ".join(words if FORBIDDEN.isdisjoint(words) else (word for word in words if word not in FORBIDDEN))


def _kept(rows: Iterable[Row]) -> Iterator[Row]:
    """A text of nothing but signs that Kaldi forbids is no utterance."""
    return (row for row in rows if plain_text(row.text))


def _span(row: Row) -> str:
    return f"{row.file_id} {row.offset:.3f} {row.offset + row.duration:.3f}"


def _utterances(rows: Iterable[Row], told: Told) -> Iterator[bytes]:
    return (f"{utterance_id(row)} {told(row)}\n".encode() for row in _kept(rows))


def _recordings(rows: Iterable[Row], told: Told) -> Iterator[bytes]:
    """Once for each; rows of one follow one another."""
    for file_id, own in groupby(_kept(rows), lambda row: row.file_id):
        yield f"{file_id} {told(next(own))}\n".encode()


def _voices(rows: Iterable[Row]) -> Iterator[bytes]:
    for voice, own in groupby(_kept(rows), voice_of):
        yield f"{voice} {' '.join(map(utterance_id, own))}\n".encode()
