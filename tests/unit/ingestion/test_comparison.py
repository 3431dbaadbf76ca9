from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ai2text.ingestion.comparison import BATCH, Comparison
from ai2text.ingestion.ledger import Disposal, Entry, Ledger, Stage
from ai2text.ingestion.recording import Signature
from ai2text.ingestion.scan import Seen

SIGNATURE = Signature(size_bytes=1, modified_ns=2, inode=3)
ENTRY = Entry(name="a.wav", signature=SIGNATURE, stage=Stage.DONE, recording_id="r", written={"a.txt": "x"})


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    kept = Ledger(tmp_path / "ledger ?#%.sqlite3")
    yield kept
    kept.close()


def seen(*names: str) -> list[Seen]:
    return [Seen(name, SIGNATURE if name.endswith(".wav") else None) for name in names]


def test_what_is_known_and_unchanged_is_no_difference(ledger: Ledger) -> None:
    ledger.put(ENTRY)
    with Comparison(ledger.path) as comparison:
        comparison.add(seen("a.wav", "a.txt"))
        assert not [*comparison.unknown(), *comparison.gone(), *comparison.without_sidecar()]
        assert comparison.recordings == 1


def test_new_changed_and_unreadable_files_are_unknown(ledger: Ledger) -> None:
    ledger.put(replace(ENTRY, name="changed.wav", signature=replace(SIGNATURE, inode=9)))
    ledger.put(replace(ENTRY, name="locked.wav", stage=Stage.UNREADABLE))
    with Comparison(ledger.path) as comparison:
        comparison.add(seen("new.wav", "changed.wav", "locked.wav", "notes.txt"))
        assert sorted(comparison.unknown()) == [(n, SIGNATURE) for n in ("changed.wav", "locked.wav", "new.wav")]


def test_files_that_were_not_seen_are_gone_unless_we_took_them_away(ledger: Ledger) -> None:
    ledger.put(replace(ENTRY, name="gone.wav"))
    ledger.put(replace(ENTRY, name="done/moved.wav", disposal=Disposal.FINISHED))
    ledger.put(replace(ENTRY, name="moving.wav", disposal=Disposal.MOVE, target="done/moving.wav"))
    with Comparison(ledger.path) as comparison:
        assert list(comparison.gone()) == ["gone.wav"]


def test_a_missing_sidecar_is_found_by_its_recording(ledger: Ledger) -> None:
    ledger.put(ENTRY)
    ledger.put(replace(ENTRY, name="b.wav", written={}))
    with Comparison(ledger.path) as comparison:
        comparison.add(seen("a.wav", "b.wav", "other.txt"))
        assert list(comparison.without_sidecar()) == ["a.wav"]


def test_more_than_one_batch_is_compared(ledger: Ledger) -> None:
    with Comparison(ledger.path) as comparison:
        comparison.add(seen(*(f"{number}.wav" for number in range(BATCH + 1))))
        assert len(list(comparison.unknown())) == comparison.recordings == BATCH + 1
