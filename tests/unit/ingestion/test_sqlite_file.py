import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ai2text.ingestion.bucket_ledger import BucketLedger
from ai2text.ingestion.ledger import Ledger, Stage
from ai2text.ingestion.sqlite_file import LedgerUnavailable


@pytest.mark.parametrize(("kind", "table"), [(Ledger, "files"), (BucketLedger, "objects")])
def test_a_ledger_that_fails_is_tried_again_later_and_names_its_file(
    tmp_path: Path, kind: type[Ledger | BucketLedger], table: str
) -> None:
    path = tmp_path / "ledger.sqlite3"
    with closing(kind(path)) as ledger:
        with closing(sqlite3.connect(path)) as other:
            other.execute(f"DROP TABLE {table}")
        with pytest.raises(LedgerUnavailable, match=r"ledger\.sqlite3"):
            ledger.get("talk.mp3")
        with pytest.raises(LedgerUnavailable):
            ledger.forget("talk.mp3")


def test_a_buckets_ledger_of_an_older_version_is_taken_on(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    with closing(sqlite3.connect(path)) as old:
        old.execute(
            "CREATE TABLE objects (key TEXT PRIMARY KEY, etag TEXT, stage TEXT, recording_id TEXT, job_id TEXT, "
            "outcome_key TEXT, facts_key TEXT, placed TEXT, written TEXT)"
        )
        old.execute("INSERT INTO objects VALUES ('x.wav', 'e', 'done', 'r', 'j', 'o', 'f', NULL, '{}')")
        old.commit()
    with closing(BucketLedger(path)) as ledger:
        (entry,) = ledger.of_recording("r")
        assert (entry.life, entry.revision) == (0, 0)
        ledger.settle(entry, Stage.DONE, {"x.txt": "abc"}, 7)
        (entry,) = ledger.of_recording("r")
        assert (entry.written, entry.revision) == ({"x.txt": "abc"}, 7)
        ledger.put(entry)
        assert ledger.get("x.wav") == entry
