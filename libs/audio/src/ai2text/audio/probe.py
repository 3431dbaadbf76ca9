"""What a recording is, found by decoding all of it once."""

from contextlib import closing

from ai2text.audio.sandbox import MAX_DURATION_SECONDS, Sandbox
from ai2text.audio.source import AudioSource
from ai2text.common.contracts.recordings import Media


def probe(sandbox: Sandbox, source: AudioSource, *, max_duration_seconds: float = MAX_DURATION_SECONDS) -> Media:
    """Blocks until all is decoded; `duration_seconds` is what came out, of the first sound track.

    Raises Refused with a code of `refusals.GROUNDS`; Unavailable when the decoder was ended from outside; whatever
    `source.read` raises.

    `truncated` needs a container that tells its length apart from its bytes: WAV, W64, AVI, AIFF, CAF, AU, FLAC, MP3
    with a Xing or Info header, MP4 and its kin, Matroska, WebM, ASF, WavPack. Ogg, raw AAC and AMR are found cut when
    they end inside a page or frame. Raw MP3, MPEG streams, and headers left open by a recorder that could not seek back
    give no such sign; nor does a cut of less than half a second or a fiftieth of the length.
    """
    with closing(sandbox.run(source, max_duration_seconds=max_duration_seconds)) as said:
        (media,) = (word for word in said if isinstance(word, Media))
    return media
