import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ai2text.ingestion.bucket_ledger import BucketLedger
from ai2text.ingestion.ledger import Ledger
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
