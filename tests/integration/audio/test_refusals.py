import http.server
import io
import os
import struct
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream

from ai2text.audio.probe import probe
from ai2text.audio.sandbox import Sandbox
from ai2text.common.errors import Refused
from tests.fixtures.memory_source import MemorySource
from tests.integration.audio.media import MUXERS, EndlessSource, Wishes, make, sound, write


def av_made(muxer: str) -> bytes:
    """A tenth of a second in a container that is not accepted."""
    file = io.BytesIO()
    with av.open(file, "w", format=muxer) as container:
        stream = container.add_stream(muxer, rate=48_000, layout="mono")
        assert isinstance(stream, AudioStream)
        frame = AudioFrame.from_ndarray(sound(0.1, 48_000)[None], format="s16", layout="mono")
        frame.sample_rate = 48_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def refusal(sandbox: Sandbox, content: bytes, max_duration_seconds: float = 86_400) -> Refused:
    with pytest.raises(Refused) as caught:
        probe(sandbox, MemorySource(content), max_duration_seconds=max_duration_seconds)
    assert caught.value.detail.endswith(".")
    return caught.value


def test_a_file_without_content_is_empty(sandbox: Sandbox) -> None:
    assert refusal(sandbox, b"").code == "empty"


@pytest.mark.parametrize(
    "content",
    [
        b"Dear all,\n\nplease find attached the minutes of the meeting.\n" * 50,
        b"<html><body>404</body></html>",
        b"1\n00:00:01,000 --> 00:00:02,000\nHello.\n\n",
        b"WEBVTT\n\n00:01.000 --> 00:02.000\nHello.\n",
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
        b"\x89PNG\r\n\x1a\n" + bytes(200),
        b"GIF89a\x40\x00\x40\x00" + bytes(200),
        b"PK\x03\x04" + bytes(500),
        b"x",
        np.random.default_rng(1).bytes(200_000),
        bytes(200_000),
    ],
    ids=["letter", "html", "srt", "vtt", "sdp", "png", "gif", "zip", "one byte", "random", "zeros"],
)
@pytest.mark.lesson("L35")
def test_what_is_no_recording_is_not_audio_whatever_it_is_called(sandbox: Sandbox, content: bytes) -> None:
    assert refusal(sandbox, content).code == "not_audio"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b".RMF\0\0\0\x12", "RealMedia"),
        (b"DSD " + (28).to_bytes(8, "little"), "DSD audio"),
        (b"FLV\x01\x05\0\0\0\x09", "Flash video"),
        (b"MAC \x96\x0f", "Monkey's Audio"),
        (b"RIFF\0\0\0\0QLCMfmt ", "QCP"),
        (av_made("ac3"), "AC-3"),
        (av_made("tta"), "TTA audio"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_sound_in_another_container_is_told_from_what_is_no_sound(sandbox: Sandbox, content: bytes, kind: str) -> None:
    error = refusal(sandbox, content + bytes(2000))
    assert error.code == "unsupported_container"
    assert kind in error.detail


def test_sounds_in_an_archive_are_not_found_by_their_frames(sandbox: Sandbox) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("song.mp3", make("mp3", 10.0))
    error = refusal(sandbox, file.getvalue())
    assert error.code == "not_audio"
    assert "ZIP" in error.detail


@pytest.fixture
def visited() -> Iterator[tuple[int, list[str]]]:
    """The port of an HTTP server, and the paths that it was asked for."""
    paths: list[str] = []

    class Visitors(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_error(404)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Visitors) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield server.server_port, paths
        server.shutdown()
        serving.join()


def test_a_playlist_makes_no_request(sandbox: Sandbox, visited: tuple[int, list[str]]) -> None:
    port, paths = visited
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1:{port}/secret.ts\n#EXT-X-ENDLIST\n"
    assert refusal(sandbox, playlist.encode()).code == "not_audio"
    assert paths == []


def test_a_dash_manifest_makes_no_request(sandbox: Sandbox, visited: tuple[int, list[str]]) -> None:
    port, paths = visited
    manifest = (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet>'
        f"<Representation><BaseURL>http://127.0.0.1:{port}/secret.mp4</BaseURL></Representation>"
        "</AdaptationSet></Period></MPD>"
    )
    assert refusal(sandbox, manifest.encode()).code == "not_audio"
    assert paths == []


@pytest.mark.lesson("L19")
def test_a_script_that_names_a_neighbouring_file_reads_nothing(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    neighbour = tmp_path / "neighbour.wav"
    neighbour.write_bytes(make("wav"))
    monkeypatch.chdir(tmp_path)
    for name in ("neighbour.wav", str(neighbour)):
        assert refusal(sandbox, f"ffconcat version 1.0\nfile {name}\n".encode()).code == "not_audio"


def test_a_picture_without_sound_has_no_audio_track(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "silent.mp4"
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=25)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        for _ in range(10):
            container.mux(video.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        container.mux(video.encode(None))
    assert refusal(sandbox, path.read_bytes()).code == "no_audio_track"


# In the others nothing tells how long they are but their bytes.
TELLING = sorted(set(MUXERS) - {"mpeg", "mpg", "mpga", "ts"})


@pytest.mark.parametrize("share", [0.5, 0.9])
@pytest.mark.parametrize("extension", TELLING)
def test_a_cut_recording_is_truncated(sandbox: Sandbox, extension: str, share: float) -> None:
    content = make(extension, 20.0)
    assert refusal(sandbox, content[: int(len(content) * share)]).code == "truncated"


def test_the_sentence_about_a_cut_recording_tells_both_durations(sandbox: Sandbox) -> None:
    content = make("wav", 10.0)
    detail = refusal(sandbox, content[: len(content) // 2]).detail
    assert "5.0 of the 10.0 seconds" in detail


@pytest.mark.parametrize("extension", ["aac", "amr"])
def test_a_stream_of_frames_that_ends_with_a_whole_one_is_taken_as_it_is(sandbox: Sandbox, extension: str) -> None:
    content = make(extension, 20.0)
    frame = 32 * round(len(content) * 0.7 / 32) + 6 if extension == "amr" else content.rindex(b"\xff\xf1")
    assert probe(sandbox, MemorySource(content[:frame])).duration_seconds > 10


def test_a_cut_fast_start_mp4_is_truncated(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "fast.mp4"
    write(str(path), "mp4", 20.0, Wishes(options={"movflags": "faststart"}))
    content = path.read_bytes()
    assert refusal(sandbox, content[: len(content) // 2]).code == "truncated"


def test_a_cut_video_is_truncated(sandbox: Sandbox) -> None:
    content = make("mkv", 20.0, picture_seconds=20.0)
    assert refusal(sandbox, content[: len(content) // 2]).code == "truncated"


def test_a_wav_that_announces_more_than_there_is_is_truncated(sandbox: Sandbox) -> None:
    content = bytearray(make("wav", 4.0))
    at = content.index(b"data") + 4
    content[at : at + 4] = struct.pack("<I", 10 * 32_000)
    assert refusal(sandbox, bytes(content)).code == "truncated"


@pytest.mark.parametrize("placeholder", [0, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000])
def test_a_wav_whose_recorder_could_not_seek_back_is_taken_as_it_is(sandbox: Sandbox, placeholder: int) -> None:
    content = bytearray(make("wav", 4.0))
    at = content.index(b"data") + 4
    content[at : at + 4] = struct.pack("<I", placeholder)
    assert probe(sandbox, MemorySource(bytes(content))).duration_seconds == pytest.approx(4.0)


def test_a_variable_rate_mp3_without_frame_count_is_taken_as_it_is(sandbox: Sandbox) -> None:
    """FFmpeg only guesses its duration, from the size and the first frames' bit rate: here about twice too long."""
    bare = {"write_xing": "0", "id3v2_version": "0"}
    content = make("mp3", 10.0, options=bare, bits_per_second=32_000) + make(
        "mp3", 10.0, options=bare, bits_per_second=128_000
    )
    assert probe(sandbox, MemorySource(content)).duration_seconds == pytest.approx(20.0, abs=0.2)


def test_a_stream_dump_that_never_knew_its_length_is_taken_as_it_is(sandbox: Sandbox) -> None:
    live = make("webm", 5.0, options={"live": "1"})
    assert probe(sandbox, MemorySource(live)).duration_seconds == pytest.approx(5.0, abs=0.1)


def test_a_few_broken_packets_are_skipped_as_players_do(sandbox: Sandbox) -> None:
    content = bytearray(make("mka", 20.0))
    middle = len(content) // 2
    content[middle : middle + 200] = os.urandom(200)
    assert probe(sandbox, MemorySource(bytes(content))).duration_seconds == pytest.approx(20.0, abs=0.5)


def test_a_recording_broken_from_end_to_end_fails_to_decode(sandbox: Sandbox) -> None:
    content = bytearray(make("m4a", 20.0))
    start = content.index(b"mdat") + 8
    end = content.index(b"moov") - 4
    content[start:end] = np.random.default_rng(2).bytes(end - start)
    assert refusal(sandbox, bytes(content)).code == "decode_failed"


def test_a_header_without_sound_fails_to_decode(sandbox: Sandbox) -> None:
    header = make("wav")[:78]
    data = header.index(b"data")
    assert refusal(sandbox, header[: data + 4] + bytes(4)).code == "decode_failed"


def test_a_recording_beyond_the_limit_is_too_long(sandbox: Sandbox) -> None:
    error = refusal(sandbox, make("flac", 20.0), max_duration_seconds=10)
    assert error.code == "too_long"
    assert "0.00277778 hours" in error.detail


def test_a_recording_of_exactly_the_limit_is_accepted(sandbox: Sandbox) -> None:
    content = MemorySource(make("flac", 10.0))
    assert probe(sandbox, content, max_duration_seconds=10).duration_seconds == 10.0


def test_decoding_stops_at_the_limit_instead_of_going_to_the_end(sandbox: Sandbox) -> None:
    size = 1 << 40
    chunks = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 7, 1, 8000, 8000, 1, 8) + b"data" + b"\xff" * 4
    endless = EndlessSource(b"RIFF" + b"\xff" * 4 + chunks, size, b"\xff")
    with pytest.raises(Refused, match="too_long"):
        probe(sandbox, endless, max_duration_seconds=3600)


def test_a_seldom_sample_rate_is_no_trap(sandbox: Sandbox) -> None:
    samples = sound(1.0, 16_000).tobytes()
    chunks = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 1, 2, 2, 16) + b"data" + struct.pack("<I", len(samples))
    content = b"RIFF" + struct.pack("<I", len(chunks) + len(samples)) + chunks + samples
    assert probe(sandbox, MemorySource(content)).duration_seconds == 16_000
