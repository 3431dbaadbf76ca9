"""What a file is by its first bytes, where that settles the matter before FFmpeg meets it.

Accepted containers are not listed: FFmpeg knows them better, and raw streams among them begin with anything.
"""

from dataclasses import dataclass

from ai2text.audio import refusals
from ai2text.common.errors import Refused

HEAD_BYTES = 32


@dataclass(frozen=True, slots=True)
class Signature:
    kind: str
    start: bytes
    form: bytes = b""
    """Of RIFF and IFF files, at byte 8."""


SOUND_NOT_ACCEPTED = (
    Signature("RealMedia", b".RMF"),
    Signature("RealAudio", b".ra\xfd"),
    Signature("DSD audio", b"DSD "),
    Signature("DSD audio", b"FRM8"),
    Signature("Monkey's Audio", b"MAC "),
    Signature("Musepack", b"MPCK"),
    Signature("Musepack", b"MP+"),
    Signature("TTA audio", b"TTA1"),
    Signature("TTA audio", b"TTA2"),
    Signature("TAK audio", b"tBaK"),
    Signature("OptimFROG", b"OFR "),
    Signature("Shorten", b"ajkg"),
    Signature("Flash video", b"FLV\x01"),
    Signature("AC-3", b"\x0b\x77"),
    Signature("DTS", b"\x7f\xfe\x80\x01"),
    Signature("MXF", bytes.fromhex("060e2b34020501010d0102")),
    Signature("NUT", b"nut/multimedia container\0"),
    Signature("Windows recorded TV", bytes.fromhex("b7d800203749da11a64e0007e95ead8d")),
    Signature("NIST SPHERE", b"NIST_1A\n"),
    Signature("Creative Voice", b"Creative Voice File\x1a"),
    Signature("SILK", b"#!SILK_V3"),
    Signature("SILK", b"\x02#!SILK_V3"),
    Signature("multichannel AMR", b"#!AMR_MC1.0\n"),
    Signature("multichannel AMR", b"#!AMR-WB_MC1.0\n"),
    Signature("QCP", b"RIFF", b"QLCM"),
    Signature("xWMA", b"RIFF", b"XWMA"),
    Signature("8SVX", b"FORM", b"8SVX"),
)
NO_SOUND = (
    Signature("MIDI notes", b"MThd"),
    Signature("MIDI notes", b"RIFF", b"RMID"),
    Signature("a playlist", b"#EXTM3U"),
    Signature("a playlist", b"\xef\xbb\xbf#EXTM3U"),
    Signature("a playlist", b"[playlist]"),
    Signature("a script", b"ffconcat version"),
    Signature("XML or HTML", b"<?xml"),
    Signature("XML or HTML", b"<!DOCTYPE"),
    Signature("XML or HTML", b"<html"),
    Signature("a ZIP archive or an office document", b"PK\x03\x04"),
    Signature("a RAR archive", b"Rar!\x1a\x07"),
    Signature("a 7z archive", b"7z\xbc\xaf\x27\x1c"),
    Signature("a gzip archive", b"\x1f\x8b\x08"),
    Signature("an xz archive", b"\xfd7zXZ\0"),
    Signature("a bzip2 archive", b"BZh"),
    Signature("a zstd archive", b"\x28\xb5\x2f\xfd"),
    Signature("a PDF document", b"%PDF-"),
    Signature("an office document", bytes.fromhex("d0cf11e0a1b11ae1")),
    Signature("a PNG picture", b"\x89PNG\r\n\x1a\n"),
    Signature("a JPEG picture", b"\xff\xd8\xff"),
    Signature("a GIF picture", b"GIF8"),
    Signature("a WebP picture", b"RIFF", b"WEBP"),
    Signature("a program", b"\x7fELF"),
    Signature("a database", b"SQLite format 3\0"),
)


def refusal(head: bytes) -> Refused | None:
    """Why a recording that begins so is refused, if its first bytes tell."""
    if kind := _kind(head, SOUND_NOT_ACCEPTED):
        return refusals.refused("unsupported_container", f"The file is {kind}, which is not accepted")
    if kind := _kind(head, NO_SOUND):
        return refusals.refused("not_audio", f"Whatever its name says, the content is {kind}")
    return None


def _kind(head: bytes, signatures: tuple[Signature, ...]) -> str | None:
    return next(
        (known.kind for known in signatures if head.startswith(known.start) and head[8:].startswith(known.form)), None
    )
