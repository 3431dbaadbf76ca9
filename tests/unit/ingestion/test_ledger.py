import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ai2text.ingestion.ledger import Disposal, Entry, Ledger, Stage
from ai2text.ingestion.recording import Signature

ENTRY = Entry(
    name="a/talk.mp3",
    signature=Signature(size_bytes=10, modified_ns=5, inode=7),
    stage=Stage.STORED,
    recording_id="r1",
    job_id="j1",
    outcome_key="t/outcomes/j1.json",
    facts_key="t/facts/x/y.json",
    written={"a/talk.txt": "abc"},
)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    kept = Ledger(tmp_path / "ledger.sqlite3")
    yield kept
    kept.close()


def test_what_was_written_down_is_there_after_a_restart(ledger: Ledger, tmp_path: Path) -> None:
    ledger.put(ENTRY)
    again = Ledger(tmp_path / "ledger.sqlite3")
    assert again.get("a/talk.mp3") == ENTRY
    assert again.of_recording("r1") == [ENTRY]
    again.close()


def test_an_announcement_moves_a_stored_file_on(ledger: Ledger) -> None:
    ledger.put(ENTRY)
    ledger.announced(ENTRY)
    assert ledger.get(ENTRY.name) == replace(ENTRY, stage=Stage.ANNOUNCED)


def test_an_announcement_does_not_move_a_finished_file_back(ledger: Ledger) -> None:
    ledger.put(replace(ENTRY, stage=Stage.DONE))
    ledger.announced(ENTRY)
    assert ledger.get(ENTRY.name) == replace(ENTRY, stage=Stage.DONE)


def test_stored_and_announced_files_wait_for_their_sidecars(ledger: Ledger) -> None:
    for number, stage in enumerate(Stage):
        ledger.put(replace(ENTRY, name=str(number), stage=stage))
    assert {entry.stage for entry in ledger.waiting(10)} == {Stage.STORED, Stage.ANNOUNCED}
    assert ledger.count_waiting() == 2


def test_a_moved_file_is_the_same_entry_under_its_new_name(ledger: Ledger) -> None:
    ledger.put(ENTRY)
    ledger.rename(replace(ENTRY, disposal=Disposal.FINISHED), "done/talk.mp3")
    moved = replace(ENTRY, name="done/talk.mp3", disposal=Disposal.FINISHED)
    assert ledger.of_recording("r1") == [moved]


def test_files_are_disposed_of_once_they_are_announced(ledger: Ledger) -> None:
    ledger.put(replace(ENTRY, name="stored", disposal=Disposal.MOVE))
    ledger.put(replace(ENTRY, name="announced", disposal=Disposal.MOVE, stage=Stage.ANNOUNCED))
    ledger.put(replace(ENTRY, name="done", disposal=Disposal.DELETE, stage=Stage.DONE))
    ledger.put(replace(ENTRY, name="kept", stage=Stage.ANNOUNCED))
    assert {entry.name for entry in ledger.to_dispose_of(10)} == {"announced", "done"}


def test_a_ledger_of_an_older_version_is_taken_on(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite3"
    old = sqlite3.connect(path)
    old.execute(
        "CREATE TABLE files (name TEXT PRIMARY KEY, size_bytes INTEGER, modified_ns INTEGER, inode INTEGER, "
        "stage TEXT, recording_id TEXT, job_id TEXT, outcome_key TEXT, facts_key TEXT, written TEXT)"
    )
    old.execute("INSERT INTO files VALUES ('x.wav', 1, 2, 3, 'done', 'r', 'j', 'o', 'f', '{}')")
    old.commit()
    old.close()
    ledger = Ledger(path)
    (entry,) = ledger.of_recording("r")
    assert (entry.name, entry.stage, entry.disposal) == ("x.wav", Stage.DONE, Disposal.NONE)
    ledger.put(replace(entry, replaces="r0"))
    assert ledger.get("x.wav") == replace(entry, replaces="r0")
    ledger.close()


def test_a_forgotten_file_is_unknown(ledger: Ledger) -> None:
    ledger.put(ENTRY)
    ledger.forget(ENTRY.name)
    assert ledger.get(ENTRY.name) is None
