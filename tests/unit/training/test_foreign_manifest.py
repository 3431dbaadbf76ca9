"""Lines of manifests that somebody else has written."""

import json

import pytest

from ai2text.common.errors import Misconfigured, Refused
from ai2text.common.settings import S3Settings
from ai2text.training_orchestrator.archives import Archive, Archives
from ai2text.training_orchestrator.foreign_manifest import (
    LINE_MAX_BYTES,
    ForeignLine,
    ForeignLines,
    Placed,
    audio_url,
    numbered,
    parsed,
)

OWN = S3Settings(access_key="a", secret_key="b", bucket="ai2text", endpoint="127.0.0.1:1")
MANIFEST = "s3://corpora/speech/train.jsonl"


def test_lines_are_numbered_wherever_the_blocks_end() -> None:
    content = b"one\n\n  \ntwo\nthree"
    for size in range(1, len(content) + 1):
        blocks = [content[at : at + size] for at in range(0, len(content), size)]
        assert list(numbered(blocks)) == [(1, b"one"), (4, b"two"), (5, b"three")]


@pytest.mark.lesson("L05")
def test_l05_a_line_without_an_end_is_not_collected_and_the_next_one_is_found() -> None:
    long = [b"x" * (LINE_MAX_BYTES // 2)] * 5
    assert list(numbered([b"one\n", *long, b"\ntwo\n"])) == [(1, b"one"), (2, None), (3, b"two")]
    assert list(numbered(long)) == [(1, None)]


def test_a_line_is_read_as_nemo_writes_it_and_other_fields_are_left_alone() -> None:
    line = {"audio_filepath": "a.wav", "text": "007", "speaker": 0, "offset": 0, "duration": 2, "sampling_rate": 8000}
    assert parsed(json.dumps(line).encode()) == ForeignLine(
        audio_filepath="a.wav", text="007", speaker=0, offset=0.0, duration=2.0
    )


@pytest.mark.lesson("L02")
@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("", "not_json"),
        ("[" * 100_000, "not_json"),
        ("\\udc80", "not_json"),
        ('"a.wav"', "not_json"),
        ("{}", "invalid_field"),
        ('{"audio_filepath": ""}', "invalid_field"),
        ('{"audio_filepath": "a.wav", "offset": NaN}', "invalid_field"),
        ('{"audio_filepath": "a.wav", "offset": Infinity}', "invalid_field"),
        ('{"audio_filepath": "a.wav", "duration": 0}', "invalid_field"),
        ('{"audio_filepath": "a.wav", "text": 7}', "invalid_field"),
        ('{"audio_filepath": "a.wav", "lang": "English"}', "invalid_field"),
        ('{"audio_filepath": "a.wav", "_skipme": 1}', "skipme"),
    ],
)
def test_l02_a_broken_line_has_a_named_reason(line: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        parsed(line.encode())
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("a.wav", "s3://corpora/speech/a.wav"),
        ("./deep/a b.wav", "s3://corpora/speech/deep/a b.wav"),
        ("s3://elsewhere/a.wav", "s3://elsewhere/a.wav"),
    ],
)
def test_audio_is_where_the_line_says(path: str, url: str) -> None:
    assert audio_url(MANIFEST, ForeignLine(audio_filepath=path)) == url


@pytest.mark.lesson("L19")
@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("s3://corpora/speech/../private/a.wav", "invalid_location"),
        ("s3://corpora/speech/./a.wav", "invalid_location"),
        ("s3://corpora/speech//a.wav", "invalid_location"),
        ("s3://corpora/speech/", "invalid_location"),
        ("s3://corpora", "invalid_location"),
        ("http://corpora/speech/a.wav", "invalid_location"),
        ("s3://corpora/speech/a\n.wav", "invalid_location"),
        ("s3://corpora/speeches/a.wav", "not_in_archive"),
        ("s3://other/speech/a.wav", "not_in_archive"),
    ],
)
def test_l19_no_location_leads_out_of_the_archive(url: str, code: str) -> None:
    archives = Archives([Archive(name="corpora", bucket="corpora", prefix="speech/")], OWN)
    assert archives.find("default", "s3://corpora/speech/a.wav").key == "speech/a.wav"
    with pytest.raises(Refused) as refused:
        archives.find("default", url)
    assert refused.value.code == code
    with pytest.raises(Refused, match="not_in_archive"):
        archives.find("others", "s3://corpora/speech/a.wav")


def test_a_bucket_on_two_servers_is_no_location(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AI2TEXT_KEY", "x")
    keys = {"access_key": "env:AI2TEXT_KEY", "secret_key": "env:AI2TEXT_KEY"}
    near = Archive(name="near", bucket="corpora")
    far = Archive(name="far", bucket="corpora", endpoint="far:9000", **keys)
    with pytest.raises(Misconfigured, match="on two servers"):
        Archives([near, far], OWN)
    Archives([near, far.model_copy(update={"tenant": "others"})], OWN)


def test_of_two_lines_about_one_stretch_the_first_counts() -> None:
    with ForeignLines() as lines:
        one, other = (ForeignLine(audio_filepath="a", offset=1.0, duration=2.0, text=text) for text in ("one", "other"))
        assert lines.add("s3://b/a", Placed(0, 1, one))
        assert not lines.add("s3://b/a", Placed(1, 1, other))
        assert lines.add("s3://b/a", Placed(1, 2, ForeignLine(audio_filepath="a")))
        assert [placed.line.text for placed in lines.about("s3://b/a")] == ["one", ""]
        assert list(lines.urls()) == ["s3://b/a"]
