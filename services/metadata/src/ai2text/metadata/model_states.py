"""What the workers say of their models, put together by model."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from ai2text.common.presence import Heard

STATES = ("ready", "loading", "downloading", "waiting", "leaving", "failed")
"""The first of these that a worker is in is shown; `workers` counts those in it."""
ABOUT = ("progress", "device", "compute_type", "revision", "size_bytes", "reason")


def model_states(heard: Iterable[Heard]) -> list[dict[str, Any]]:
    """One entry for each model that any worker knows, by name."""
    told = [model for one in heard for model in one.presence.facts.get("models", ())]
    told.sort(key=lambda model: (model["name"], STATES.index(_state(model))))
    return [_together(name, list(models)) for name, models in groupby(told, lambda model: model["name"])]


def _together(name: str, models: list[dict[str, Any]]) -> dict[str, Any]:
    best = models[0]
    return {
        "name": name,
        "state": _state(best),
        "workers": sum(_state(model) == _state(best) for model in models),
        **{field: best.get(field) for field in ABOUT},
    }


def _state(model: dict[str, Any]) -> str:
    """A worker of an older release tells only of models that are ready."""
    state: str = model.get("state", "ready")
    return state
