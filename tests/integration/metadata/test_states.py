"""The states that the database lets in are those of the contracts, and its ranks are theirs."""

import re
from enum import StrEnum

import psycopg
import pytest

from ai2text.common.contracts.states import JOB_ENDS, JobStatus, RecordingStatus, ReviewStatus


@pytest.mark.lesson("L47")
@pytest.mark.parametrize(
    ("table", "column", "states"),
    [
        ("recordings", "status", RecordingStatus),
        ("recordings", "review", ReviewStatus),
        ("jobs", "status", JobStatus),
    ],
)
def test_l47_a_column_of_states_takes_those_of_the_contracts_and_no_others(
    owner: psycopg.Connection, table: str, column: str, states: type[StrEnum]
) -> None:
    checks = owner.execute(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c' AND conrelid = %s::regclass", [table]
    ).fetchall()
    (check,) = (text for (text,) in checks if re.search(rf"\({column} = ANY", text))
    assert set(re.findall(r"'(\w+)'::text", check)) == set(states)


@pytest.mark.lesson("L47")
def test_l47_the_databases_ranks_end_where_the_contracts_end(owner: psycopg.Connection) -> None:
    ranks = {
        status: rank
        for status in JobStatus
        for (rank,) in owner.execute("SELECT job_rank(%s)", [status.value]).fetchall()
    }
    assert {status for status, rank in ranks.items() if rank == max(ranks.values())} == JOB_ENDS
    assert ranks[JobStatus.QUEUED] < ranks[JobStatus.RUNNING] < max(ranks.values())
