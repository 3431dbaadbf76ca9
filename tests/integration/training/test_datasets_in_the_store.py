"""Versions in a real object store: numbers are taken once, and a version ends once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from ai2text.common.contracts.definition import Definition
from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.states import DatasetStatus
from ai2text.common.object_store import ObjectStore
from ai2text.training_orchestrator.dataset import Claim, Report, VersionOutcome
from ai2text.training_orchestrator.versions import Versions
from tests.fixtures.examples import NOW

CLAIM = Claim(tenant="default", definition=Definition(name="speech"), version=0, requested_by="cli", created_at=NOW)


def test_many_who_ask_at_once_get_a_version_each(object_store: ObjectStore) -> None:
    versions = Versions(object_store)
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda _: versions.claim(CLAIM), range(16)))
    assert sorted(claim.version for claim in claims) == list(range(1, 17))
    assert versions.newest("default") == {"speech": 16}
    assert versions.find_claim("default", "speech", 7) == next(c for c in claims if c.version == 7)


def test_of_two_workers_on_one_version_the_first_outcome_stands(object_store: ObjectStore) -> None:
    versions = Versions(object_store)
    claim = versions.claim(CLAIM)
    published = VersionOutcome(
        status=DatasetStatus.PUBLISHED, report=Report(rows=1, duration_seconds=2.5), ended_at=NOW
    )
    late = VersionOutcome(
        status=DatasetStatus.FAILED, error=Reason(code="x", detail="X."), ended_at=NOW + timedelta(seconds=1)
    )
    assert versions.find_outcome("default", "speech", 1) is None
    assert versions.end(claim, published) == published
    assert versions.end(claim, late) == published
    assert Versions(object_store).find_outcome("default", "speech", 1) == published


def test_what_was_claimed_is_marked_until_it_is_ended(object_store: ObjectStore) -> None:
    versions = Versions(object_store)
    versions.claim(CLAIM)
    assert list(versions.unfinished()) == [("default", "speech", 1, 0)]
    versions.unmark("default", "speech", 1)
    assert list(versions.unfinished()) == []


def test_a_name_that_begins_like_another_is_another_dataset(object_store: ObjectStore) -> None:
    versions = Versions(object_store)
    for name in ("speech", "speech-2", "speech.3"):
        versions.claim(Claim(tenant="a", definition=Definition(name=name), version=0, requested_by="x", created_at=NOW))
    assert versions.newest("a") == {"speech": 1, "speech-2": 1, "speech.3": 1}
    assert versions.numbers("a", "speech") == {1}
    assert versions.newest("default") == {}
