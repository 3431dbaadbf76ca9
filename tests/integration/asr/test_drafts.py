"""What a worker leaves behind of a long recording, and who goes on with it."""

from dataclasses import replace
from itertools import count

from ai2text.asr.draft import KEEP_SECONDS, DraftKeeper, forget_draft
from ai2text.common.object_store import ObjectStore
from tests.fixtures.examples import REQUESTED, TRANSCRIPT

JOB = replace(REQUESTED, duration_seconds=1800.0)
ENGINE = TRANSCRIPT.engine


def keeper(store: ObjectStore) -> DraftKeeper:
    """Each look at its clock is long after the last."""
    return DraftKeeper(store, JOB, count(0, KEEP_SECONDS).__next__)


def test_a_draft_is_gone_on_with_by_the_same_engine_and_model_only(object_store: ObjectStore) -> None:
    left = keeper(object_store).begin(ENGINE, "a" * 40)
    left.sample = 16_000
    keeper(object_store).keep(left)
    assert keeper(object_store).begin(ENGINE, "a" * 40) == left
    assert keeper(object_store).begin(ENGINE, "b" * 40).sample == 0
    assert keeper(object_store).begin(replace(ENGINE, compute_type="float32"), "a" * 40).sample == 0
    forget_draft(object_store, JOB)
    assert keeper(object_store).begin(ENGINE, "a" * 40).sample == 0
