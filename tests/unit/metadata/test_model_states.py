from dataclasses import replace
from typing import Any

from ai2text.common.presence import Heard
from ai2text.metadata.model_states import model_states
from tests.fixtures.examples import PRESENCE

READY = {"name": "small", "state": "ready", "device": "cuda", "compute_type": "float16", "revision": "abc"}
COMING = {"name": "small", "state": "downloading", "progress": 0.42, "device": "cuda", "compute_type": "float16"}


def heard(*workers: list[dict[str, Any]]) -> list[Heard]:
    return [
        Heard(presence=replace(PRESENCE, instance=f"gpu/{number}", facts={"models": models}), seconds_ago=1)
        for number, models in enumerate(workers)
    ]


def test_a_model_is_shown_as_the_worker_has_it_that_is_furthest() -> None:
    (model,) = model_states(heard([COMING], [READY], [READY]))
    assert (model["state"], model["workers"], model["revision"], model["progress"]) == ("ready", 2, "abc", None)


def test_a_model_on_its_way_tells_how_far_it_is() -> None:
    (model,) = model_states(heard([COMING], [{"name": "small", "state": "failed", "reason": "gone"}]))
    assert (model["state"], model["workers"], model["progress"], model["reason"]) == ("downloading", 1, 0.42, None)


def test_workers_without_models_and_of_older_releases_are_understood() -> None:
    (model,) = model_states(heard([], [{"name": "small", "device": "cpu", "compute_type": "int8"}]))
    assert (model["name"], model["state"], model["workers"]) == ("small", "ready", 1)
