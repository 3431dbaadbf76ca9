"""How long a recording is, by its head and tail alone.

Plain Python: none of this is handed to FFmpeg, so it needs no child.
"""

from collections.abc import Callable

from ai2text.audio.headers.big_endian import aiff_length, au_length
from ai2text.audio.headers.flac import flac_length
from ai2text.audio.headers.length import Length, Unsettled
from ai2text.audio.headers.mp3 import mp3_length
from ai2text.audio.headers.mp4 import mp4_length
from ai2text.audio.headers.ogg import ogg_length
from ai2text.audio.headers.wave import wave64_length, wave_length
from ai2text.audio.headers.window import Window
from ai2text.audio.source import AudioSource

LENGTHS: dict[bytes, Callable[[Window], Length]] = {
    b"RIFF": wave_length,
    b"RF64": wave_length,
    b"BW64": wave_length,
    b"riff": wave64_length,
    b"FORM": aiff_length,
    b".snd": au_length,
    b"fLaC": flac_length,
    b"OggS": ogg_length,
}
FILE_TYPE_AT = 4


def read_length(source: AudioSource, head: bytes = b"") -> Length | None:
    """Exactly what decoding all of it would give, or None where head and tail do not settle it.

    `head` is what is known of its beginning. Damage in the middle stays unseen. Raises what `source.read` raises.
    """
    window = Window(source, head)
    try:
        return _length(window)
    except Unsettled:
        return None


def _length(window: Window) -> Length:
    head = window.at(0, FILE_TYPE_AT + 4)
    if head[FILE_TYPE_AT:] == b"ftyp":
        return mp4_length(window)
    return LENGTHS.get(head[:4], mp3_length)(window)
