"""Kaldi's data directories: what `validate_data_dir.sh` wants."""

import heapq
import re
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from ai2text.training_orchestrator.rules.content import Content, has_audio, sound_named
from ai2text.training_orchestrator.rules.seen import Seen
from ai2text.training_orchestrator.rules.sound_header import TOLERATED_SECONDS
from ai2text.training_orchestrator.rules.violation import Say, Violation

RECORDINGS = ("wav.scp", "reco2dur")
UTTERANCES = ("text", "utt2spk", "utt2dur", "segments", "spk2utt")
FORBIDDEN = {"<s>", "</s>", "#0"}
AUDIO = re.compile(r"-i (\S+)")


class Line(NamedTuple):
    """In the order by which the files of a directory are laid beside each other."""

    key: str
    name: str
    """Of the file."""
    number: int
    value: str


Told = dict[str, Line]
"""What is said of one recording or utterance, by the name of the file."""


def check(content: Content, say: Say) -> int:
    """How many utterances have a text."""
    folders = sorted({path.rpartition("/")[0] for path in content.paths("kaldi/*/*")})
    return sum(_check_folder(content, folder, say) for folder in folders)


def _check_folder(content: Content, folder: str, say: Say) -> int:
    missing = [name for name in (*RECORDINGS, *UTTERANCES) if not content.has(f"{folder}/{name}")]
    for name in missing:
        say(Violation(path=f"{folder}/{name}", why="this file is missing."))
    if missing:
        return 0
    with Seen() as recordings:
        for one in _merged(content, folder, RECORDINGS, say):
            _check_recording(content, folder, one, recordings, say)
        return _check_utterances(content, folder, recordings, say)


def _merged(content: Content, folder: str, names: tuple[str, ...], say: Say) -> Iterator[Told]:
    """Each key with what the files say of it; what one of them lacks is a violation."""
    beside = heapq.merge(*(_lines(content, folder, name, say) for name in names))
    for key, lines in groupby(beside, lambda line: line.key):
        told = {line.name: line for line in lines}
        for name in names:
            if name not in told:
                known = ", ".join(sorted(told))
                say(Violation(path=f"{folder}/{name}", why=f"{key} is missing here, and there in {known}."))
        yield told


def _lines(content: Content, folder: str, name: str, say: Say) -> Iterator[Line]:
    path, before = f"{folder}/{name}", ""
    with content.open(path) as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                say(Violation(path=path, line=number, why="the last line has no end."))
            key, _, value = line.decode().rstrip("\n").partition(" ")
            if key <= before:
                say(Violation(path=path, line=number, why=f"{key} is out of the order of bytes, or there twice."))
            if not value.strip():
                say(Violation(path=path, line=number, why=f"there is nothing of {key}."))
            before = key
            if name == "spk2utt":
                yield from (Line(one, name, number, key) for one in value.split(" "))
            else:
                yield Line(key, name, number, value)


def _check_recording(content: Content, folder: str, told: Told, recordings: Seen, say: Say) -> None:
    if not told.keys() >= set(RECORDINGS):
        return
    audio, length = (told[name] for name in RECORDINGS)
    recordings.add("recording", audio.key, length.value)
    named = AUDIO.search(audio.value)
    if named is None or not has_audio(content, named[1]):
        say(
            Violation(path=f"{folder}/wav.scp", line=audio.number, why=f"{audio.value!r} names no file of the version.")
        )
        return
    sound = sound_named(content, named[1])
    if sound and not sound.is_as_long_as(float(length.value)):
        why = f"{length.key} has {length.value} seconds here, and its audio {sound.seconds:.4f}."
        say(Violation(path=f"{folder}/reco2dur", line=length.number, why=why))


def _check_utterances(content: Content, folder: str, recordings: Seen, say: Say) -> int:
    rows, voice = 0, ""
    for told in _merged(content, folder, UTTERANCES, say):
        rows += "text" in told
        for name, why in _utterance_faults(told, recordings, voice):
            say(Violation(path=f"{folder}/{name}", line=told[name].number, why=why))
        voice = told["utt2spk"].value if "utt2spk" in told else voice
    return rows


def _utterance_faults(told: Told, recordings: Seen, voice_before: str) -> Iterator[tuple[str, str]]:
    if "text" in told:
        key, _, _, text = told["text"]
        if not text.isprintable() or "" in (words := text.split(" ")) or not FORBIDDEN.isdisjoint(words):
            yield "text", f"{key} has signs that Kaldi does not take."
    if "utt2spk" in told:
        key, _, _, voice = told["utt2spk"]
        if not key.startswith(voice):
            yield "utt2spk", f"{key} does not begin with its speaker {voice}."
        if voice < voice_before:
            yield "utt2spk", "speakers are not in the order of their utterances."
        if "spk2utt" in told and told["spk2utt"].value != voice:
            yield "spk2utt", f"{key} is of {told['spk2utt'].value} here, and of {voice} in utt2spk."
    if "segments" in told:
        yield from (("segments", why) for why in _span_faults(told["segments"], recordings))


def _span_faults(line: Line, recordings: Seen) -> Iterator[str]:
    recording, start, end = line.value.split(" ")
    length = recordings.find("recording", recording)
    if length is None or not 0 <= float(start) < float(end):
        yield f"{line.key} is no stretch of a recording in wav.scp."
    elif float(end) > float(length) + TOLERATED_SECONDS:
        yield f"{line.key} ends at {end}, and its recording at {length}."
