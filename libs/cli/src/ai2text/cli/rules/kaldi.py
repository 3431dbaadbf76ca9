"""Kaldi's data directories: what `validate_data_dir.sh` wants."""

from collections.abc import Iterator
from pathlib import Path

from ai2text.cli.rules.violation import Violation

UTTERANCES = ("text", "utt2spk", "utt2dur", "segments")
FORBIDDEN = {"<s>", "</s>", "#0"}
Table = dict[str, str]


def violations(folder: Path) -> Iterator[Violation]:
    for directory in sorted(folder.glob("kaldi/*/")):
        tables: dict[str, Table] = {}
        for name in ("wav.scp", "reco2dur", "spk2utt", *UTTERANCES):
            path = f"kaldi/{directory.name}/{name}"
            if not (directory / name).is_file():
                yield Violation(path=path, why="this file is missing.")
                return
            tables[name] = {}
            yield from _read(directory / name, path, tables[name])
        yield from _agreement(f"kaldi/{directory.name}", tables)


def rows(folder: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in folder.glob("kaldi/*/text"))


def _read(file: Path, path: str, table: Table) -> Iterator[Violation]:
    content = file.read_bytes()
    if content and not content.endswith(b"\n"):
        yield Violation(path=path, why="the last line has no end.")
    before = b""
    for number, line in enumerate(content.split(b"\n")[: content.count(b"\n")], 1):
        key, _, value = line.partition(b" ")
        if key <= before:
            yield Violation(path=path, line=number, why=f"{key.decode()} is out of the order of bytes, or there twice.")
        if not value.strip():
            yield Violation(path=path, line=number, why=f"there is nothing of {key.decode()}.")
        before = key
        table[key.decode()] = value.decode()


def _agreement(folder: str, tables: dict[str, Table]) -> Iterator[Violation]:
    utterances = set(tables["text"])
    for name in UTTERANCES:
        for one in sorted(utterances ^ set(tables[name])):
            yield Violation(path=f"{folder}/{name}", why=f"{one} is here or in text, and not in both.")
    for one, text in tables["text"].items():
        words = text.split(" ")
        if not text.isprintable() or not FORBIDDEN.isdisjoint(words) or "" in words:
            yield Violation(path=f"{folder}/text", why=f"{one} has signs that Kaldi does not take.")
    yield from _voices(folder, tables)
    recordings = set(tables["wav.scp"])
    for one, span in tables["segments"].items():
        recording, start, end = span.split()
        if recording not in recordings or not 0 <= float(start) < float(end):
            yield Violation(path=f"{folder}/segments", why=f"{one} is no stretch of a recording in wav.scp.")


def _voices(folder: str, tables: dict[str, Table]) -> Iterator[Violation]:
    for one, voice in tables["utt2spk"].items():
        if not one.startswith(voice):
            yield Violation(path=f"{folder}/utt2spk", why=f"{one} does not begin with its speaker {voice}.")
    if list(tables["utt2spk"].values()) != sorted(tables["utt2spk"].values()):
        yield Violation(path=f"{folder}/utt2spk", why="speakers are not in the order of their utterances.")
    if {one: voice for voice, own in tables["spk2utt"].items() for one in own.split()} != tables["utt2spk"]:
        yield Violation(path=f"{folder}/spk2utt", why="it says otherwise than utt2spk.")
