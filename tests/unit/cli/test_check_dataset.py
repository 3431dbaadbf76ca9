"""What we write keeps the rules of its readers, and what does not is named with file and line."""

import gzip
import io
import sys
import tarfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from ai2text.cli.check_dataset import READERS_PYTHON, RULES, check_format
from ai2text.common.contracts.definition import Format
from ai2text.common.errors import Misconfigured
from ai2text.training_orchestrator.formats import hugging_face, kaldi, lhotse, nemo, webdataset
from ai2text.training_orchestrator.formats.packing import Audio, Shard
from ai2text.training_orchestrator.row_file import RowFile
from tests.fixtures.made_files import made
from tests.fixtures.transcribed import transcribed

RECORDINGS = [transcribed(f"r{n}", [(0, 2, f"Text {n}.", "Ada" if n % 2 else None)]) for n in range(3)]
SOUND = b"sound"
SHARD = Shard(split="train", number=0, of=1)


def everything(made_rows: RowFile) -> Iterator[tuple[str, Iterable[bytes]]]:
    rows, by_voice = made_rows.of("train"), made_rows.by_voice("train")
    yield nemo.manifest("train"), nemo.lines(rows())
    yield from kaldi.files("train", rows, by_voice)
    yield from lhotse.files("train", rows)
    yield from hugging_face.files("train", rows)
    yield from webdataset.pack(SHARD, rows, lambda _: Audio(size_bytes=5, blocks=lambda: iter([SOUND])))
    for row in rows():
        yield row.audio, [SOUND]
        yield hugging_face.audio_path(row), [SOUND]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A version of three rows in every format; no reader."""
    monkeypatch.delenv(READERS_PYTHON, raising=False)
    for path, content in made(everything, RECORDINGS).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    return tmp_path


@pytest.mark.parametrize("form", RULES)
def test_what_is_written_keeps_the_rules_and_nobody_says_ok_who_has_not_read_it(folder: Path, form: Format) -> None:
    found = check_format(folder, form, 3)
    assert (found.rows, found.violations, found.result) == (3, (), "rules checked, reader not installed")


@pytest.mark.parametrize("form", RULES)
def test_a_row_too_few_is_a_violation(folder: Path, form: Format) -> None:
    assert check_format(folder, form, 4).violations == (f"{form}: there are 3 rows, and the version has 4.",)


Break = Callable[[bytes], bytes]


def packed(break_: Break) -> Break:
    return lambda content: gzip.compress(break_(gzip.decompress(content)))


def dotted(content: bytes) -> bytes:
    """The same samples, with a dot in each key: readers would merge them."""
    again = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(content)) as tar, tarfile.open(fileobj=again, mode="w") as written:
        for member in tar:
            opened = tar.extractfile(member)
            member.name = f"all.{member.name}"
            written.addfile(member, opened)
    return again.getvalue()


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
        ("kaldi", "kaldi/train/text", lambda c: c[:-1], "kaldi/train/text: the last line has no end"),
        (
            "kaldi",
            "kaldi/train/text",
            lambda c: b"\n".join([*c.split(b"\n")[-2::-1], b""]),
            "out of the order of bytes",
        ),
        ("kaldi", "kaldi/train/text", lambda c: c.replace(b"Text", b"<s>", 1), "signs that Kaldi does not take"),
        ("kaldi", "kaldi/train/utt2spk", lambda c: c[c.index(b"\n") + 1 :], "is here or in text, and not in both"),
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
        ("lhotse", "lhotse/train/cuts.jsonl.gz", lambda c: c[:-20], "so damaged that no rule can be applied"),
        ("hf", "hf/train/metadata.jsonl", lambda c: c.replace(b'"Ada"', b"null", 1), "speaker: null has no type"),
        ("hf", "hf/train/metadata.jsonl", lambda c: c.replace(b"file_name", b"file", 1), "None is no file beside it"),
        ("webdataset", "webdataset/train-000000.tar", dotted, "the sample all has"),
        ("webdataset", "webdataset/train-000000.tar", lambda c: c[:700], "so damaged that no rule can be applied"),
    ],
)
def test_l02_what_a_reader_would_stumble_over_is_named(
    folder: Path, form: str, path: str, damage: Break, said: str
) -> None:
    file = folder / path
    file.write_bytes(damage(file.read_bytes()))
    found = check_format(folder, Format(form), 3)
    assert any(said in line for line in found.violations), found.violations


def test_a_python_without_the_reader_is_no_reader(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(READERS_PYTHON, sys.executable)
    assert check_format(folder, Format.WEBDATASET, 3).result == "rules checked, reader not installed"


def test_a_python_that_cannot_be_run_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(READERS_PYTHON, str(folder / "python"))
    with pytest.raises(Misconfigured, match="which cannot be run"):
        check_format(folder, Format.WEBDATASET, 3)
