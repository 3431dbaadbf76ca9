"""What we write keeps the rules of its readers, and what does not is named with file and line."""

import gzip
import io
import json
import sys
import tarfile
import wave
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai2text.cli.check_dataset import READERS_PYTHON, check_format
from ai2text.cli.folder_content import FolderContent
from ai2text.common.contracts.definition import Audio, Codec, Format, Segmentation
from ai2text.common.errors import Misconfigured
from ai2text.training_orchestrator.formats import (
    common_voice,
    hf_parquet,
    hugging_face,
    kaldi,
    lhotse,
    nemo,
    nemo_tarred,
    webdataset,
)
from ai2text.training_orchestrator.formats.packing import Audio as Packed
from ai2text.training_orchestrator.formats.packing import Shard
from ai2text.training_orchestrator.row_file import RowFile
from ai2text.training_orchestrator.rules.check_format import check_format as check_by_rules
from tests.fixtures.made_files import made
from tests.fixtures.transcribed import transcribed

RECORDINGS = [transcribed(f"r{n}", [(0, 2, f"Text {n}.", "Ada" if n % 2 else None)]) for n in range(3)]
SHARD = Shard(split="train", number=0, of=1)


def two_seconds() -> bytes:
    with io.BytesIO() as file, wave.open(file, "wb") as sound:
        sound.setparams((1, 2, 16_000, 0, "NONE", "NONE"))
        sound.writeframes(bytes(2 * 2 * 16_000))
        return file.getvalue()


SOUND = two_seconds()


def everything(made_rows: RowFile) -> Iterator[tuple[str, Iterable[bytes]]]:
    rows, by_voice = made_rows.of("train"), made_rows.by_voice("train")
    yield nemo.manifest("train"), nemo.lines(rows())
    yield from kaldi.files("train", rows, by_voice)
    yield from lhotse.files("train", rows)
    yield from hugging_face.files("train", rows)
    for pack in (webdataset.pack, nemo_tarred.pack, hf_parquet.pack):
        yield from pack(SHARD, rows, lambda _: Packed(size_bytes=len(SOUND), blocks=lambda: iter([SOUND])))
    yield from nemo_tarred.files("train", [(0, rows)])
    yield from common_voice.files({"train": rows})
    for row in rows():
        for path in (row.audio, hugging_face.audio_path(row), common_voice.audio_path(row)):
            yield path, [SOUND]


def written(folder: Path, **definition: Any) -> Path:
    for path, content in made(everything, RECORDINGS, **definition).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A version of three rows in every format; no reader."""
    monkeypatch.delenv(READERS_PYTHON, raising=False)
    return written(tmp_path)


CUT = {"segmentation": Segmentation.SEGMENTS, "audio": Audio(codec=Codec.WAV)}


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("definition", [{}, CUT], ids=["whole", "cut"])
def test_what_is_written_keeps_the_rules_and_nobody_says_ok_who_has_not_read_it(
    folder: Path, form: Format, definition: dict[str, Any]
) -> None:
    found = check_format(FolderContent(written(folder, **definition)), form, 3)
    assert (found.rows, found.violations, found.result) == (3, (), "rules checked, reader not installed")


@pytest.mark.parametrize(("reference", "named"), [("/data/", "/data/audio/"), ("store", "s3://bucket/")])
def test_audio_that_is_referred_to_is_named_by_its_reference(folder: Path, reference: str, named: str) -> None:
    manifest = folder / "train_manifest.json"
    assert check_format(FolderContent(folder, reference), Format.NEMO, 3).violation_count == 3
    manifest.write_bytes(manifest.read_bytes().replace(b'"audio/', f'"{named}'.encode()))
    assert (
        check_format(FolderContent(folder, reference), Format.NEMO, 3).result
        == "rules checked, its audio lies elsewhere"
    )
    assert check_format(FolderContent(folder), Format.NEMO, 3).violation_count == 3


def test_audio_of_archives_is_named_by_where_it_lies(folder: Path) -> None:
    manifest = folder / "train_manifest.json"
    first, *others = manifest.read_text().splitlines(keepends=True)
    elsewhere = json.dumps(json.loads(first) | {"audio_filepath": "s3://corpora/one.wav"}) + "\n"
    manifest.write_text("".join([elsewhere, *others]))
    mixed = FolderContent(folder, names_archives=True)
    assert check_format(mixed, Format.NEMO, 3).result == "rules checked, its audio lies elsewhere"
    assert check_format(FolderContent(folder), Format.NEMO, 3).violation_count == 1


@pytest.mark.parametrize("form", Format)
def test_a_row_too_few_is_a_violation(folder: Path, form: Format) -> None:
    assert check_format(FolderContent(folder), form, 4).violations == (
        f"{form}: there are 3 rows, and the version has 4.",
    )


Break = Callable[[bytes], bytes]


def packed(break_: Break) -> Break:
    return lambda content: gzip.compress(break_(gzip.decompress(content)))


def rewritten(content: bytes, name: Callable[[str], str]) -> bytes:
    """The same tar, with other names."""
    again = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(content)) as tar, tarfile.open(fileobj=again, mode="w") as written:
        for member in tar:
            opened = tar.extractfile(member)
            member.name = name(member.name)
            written.addfile(member, opened)
    return again.getvalue()


def dotted(content: bytes) -> bytes:
    """A dot in each key: readers would merge the samples."""
    return rewritten(content, lambda name: f"all.{name}")


TAR = "nemo-tarred/train/audio_0.tar"
MANIFEST = "nemo-tarred/train/sharded_manifests/manifest_0.json"
PARQUET = "hf-parquet/data/train-00000-of-00001.parquet"
VALIDATED = "common-voice/en/validated.tsv"


@pytest.mark.lesson("L02")
@pytest.mark.parametrize(
    ("form", "path", "damage", "said"),
    [
        (
            "nemo",
            "train_manifest.json",
            lambda c: c.replace(b"{", b"", 1),
            "train_manifest.json, line 1: this is no JSON",
        ),
        ("nemo", "train_manifest.json", lambda c: c.replace(b"audio/", b"../audio/", 1), "line 1: audio_filepath"),
        ("nemo", "train_manifest.json", lambda c: c.replace(b'"duration": 2.0', b'"duration": 0', 1), "duration 0"),
        ("nemo", "train_manifest.json", lambda c: c.replace(b'"text"', b'"test"', 1), "line 1: there is no text"),
        (
            "nemo",
            "train_manifest.json",
            lambda c: c.replace(b'"duration"', b'"offset": 1, "sampling_rate": 16000, "duration"', 1),
            "sampling_rate beside offset",
        ),
        ("kaldi", "kaldi/train/text", lambda c: c[:-1], "kaldi/train/text, line 3: the last line has no end"),
        (
            "kaldi",
            "kaldi/train/text",
            lambda c: b"\n".join([*c.split(b"\n")[-2::-1], b""]),
            "out of the order of bytes",
        ),
        ("kaldi", "kaldi/train/text", lambda c: c.replace(b"Text", b"<s>", 1), "signs that Kaldi does not take"),
        ("kaldi", "kaldi/train/utt2spk", lambda c: c[c.index(b"\n") + 1 :], "is missing here, and there in"),
        ("kaldi", "kaldi/train/segments", lambda c: c.replace(b" 0.000", b" 9.000", 1), "is no stretch of a recording"),
        (
            "lhotse",
            "lhotse/train/cuts.jsonl.gz",
            packed(lambda c: c.replace(b'"num_samples": 3', b'"num_samples": 4')),
            "num_samples",
        ),
        (
            "lhotse",
            "lhotse/train/cuts.jsonl.gz",
            packed(lambda c: c.replace(b'"duration": 2.0', b'"duration": 9.0', 1)),
            "ends after",
        ),
        ("nemo", "train_manifest.json", lambda c: c.replace(b": 2.0", b": 2.5", 1), "the audio has 2.0000 seconds"),
        ("kaldi", "kaldi/train/reco2dur", lambda c: c.replace(b"2.000", b"2.100", 1), "has 2.100 seconds here"),
        ("kaldi", "kaldi/train/segments", lambda c: c.replace(b" 2.000", b" 2.100", 1), "ends at 2.100"),
        (
            "kaldi",
            "kaldi/train/wav.scp",
            lambda c: c.replace(b" audio/", b" sound/", 1),
            "names no file of the version",
        ),
        ("kaldi", "kaldi/train/spk2utt", lambda c: c[c.index(b"\n") + 1 :], "kaldi/train/spk2utt: "),
        (
            "lhotse",
            "lhotse/train/cuts.jsonl.gz",
            packed(lambda c: c.replace(b'"channels": [0]', b'"channels": [0, 1]')),
            "line 1: the channels are [0, 1]",
        ),
        (
            "lhotse",
            "lhotse/train/cuts.jsonl.gz",
            packed(lambda c: c.replace(b'"recording":', b'"record":', 1)),
            "line 1: a field is missing",
        ),
        ("lhotse", "lhotse/train/cuts.jsonl.gz", lambda c: c[:-20], "so damaged that no rule can be applied"),
        ("hf", "hf/train/metadata.jsonl", lambda c: c.replace(b'"Ada"', b"null", 1), "speaker: null has no type"),
        ("hf", "hf/train/metadata.jsonl", lambda c: c.replace(b": 2.0", b": 1.5", 1), "line 1: duration is 1.5"),
        ("hf", "hf/train/metadata.jsonl", lambda c: c.replace(b"file_name", b"file", 1), "None is no file beside it"),
        ("nemo-tarred", TAR, lambda c: rewritten(c, lambda name: f"x/{name}"), "is no file without folders"),
        ("nemo-tarred", TAR, lambda c: rewritten(c, lambda name: f"x{name}"), "has no row in"),
        ("nemo-tarred", MANIFEST, lambda c: c.replace(b'"shard_id": 0', b'"shard_id": 1', 1), "line 1: shard_id is 1"),
        (
            "nemo-tarred",
            MANIFEST,
            lambda c: c.replace(b'"audio_filepath": "', b'"audio_filepath": "x', 1),
            "is no file of",
        ),
        ("nemo-tarred", MANIFEST, lambda c: c.replace(b": 2.0", b": 1.0", 1), "the audio has 2.0000 seconds"),
        ("nemo-tarred", MANIFEST, lambda c: b"\n".join([c.split(b"\n")[0], c]), "is the name of another row"),
        (
            "nemo-tarred",
            "nemo-tarred/train/tarred_audio_manifest.json",
            lambda c: c[c.index(b"\n") + 1 :],
            "the manifests of shards have 3 rows, those of splits 2",
        ),
        ("hf-parquet", PARQUET, lambda c: c[:-1], "this is no Parquet: it does not begin and end as it should"),
        ("hf-parquet", PARQUET, lambda c: c[:-4] + b"xxxx", "this is no Parquet"),
        (
            "hf-parquet",
            PARQUET,
            lambda c: c.replace(b'"_type": "Audio"', b'"_type": "Bytes"'),
            "readers would give bytes",
        ),
        ("hf-parquet", PARQUET, lambda c: c[:4] + c[len(c) // 2 :], "is not within the file"),
        ("common-voice", VALIDATED, lambda c: c.replace(b"up_votes", b"votes", 1), "line 1: the columns are not"),
        (
            "common-voice",
            "common-voice/en/train.tsv",
            lambda c: c[: c.rindex(b"\n", 0, -1) + 1],
            "is in none of the splits",
        ),
        (
            "common-voice",
            "common-voice/en/train.tsv",
            lambda c: c + c.split(b"\n")[1] + b"\n",
            "is in another table already",
        ),
        (
            "common-voice",
            "common-voice/en/clip_durations.tsv",
            lambda c: c.replace(b"2000", b"1900", 1),
            "has 1900 ms here",
        ),
        ("webdataset", "webdataset/train-000000.tar", dotted, "the sample all has"),
        ("webdataset", "webdataset/train-000000.tar", lambda c: c[:700], "so damaged that no rule can be applied"),
    ],
)
def test_l02_what_a_reader_would_stumble_over_is_named(
    folder: Path, form: str, path: str, damage: Break, said: str
) -> None:
    file = folder / path
    file.write_bytes(damage(file.read_bytes()))
    found = check_format(FolderContent(folder), Format(form), 3)
    assert any(said in line for line in found.violations), found.violations


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_whatever_happened_to_a_file_the_check_comes_to_an_end(data: st.DataObject) -> None:
    files = made(everything, RECORDINGS)
    path = data.draw(st.sampled_from(sorted(path for path in files if not path.endswith(".wav"))))
    content = bytearray(files[path])
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    broken = bytes(content[: data.draw(st.integers(0, len(content)))])
    with TemporaryDirectory() as folder:
        for name, whole in files.items():
            (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / name).write_bytes(broken if name == path else whole)
        for form in Format:
            check_by_rules(FolderContent(Path(folder), None), form, 3)


def test_a_python_without_the_reader_is_no_reader(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(READERS_PYTHON, sys.executable)
    assert check_format(FolderContent(folder), Format.WEBDATASET, 3).result == "rules checked, reader not installed"


def test_a_python_that_cannot_be_run_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(READERS_PYTHON, str(folder / "python"))
    with pytest.raises(Misconfigured, match="which cannot be run"):
        check_format(FolderContent(folder), Format.WEBDATASET, 3)
