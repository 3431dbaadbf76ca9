"""When everything that was dropped has been dealt with, as `GET /v1/status` tells it."""

from collections.abc import Mapping
from typing import Any


def is_idle(status: Mapping[str, Any]) -> bool:
    """Nothing settles or is worked on, no message is unsettled, and each folder and bucket was compared as a whole."""
    recordings = status["recordings"]
    return (
        all(map(_folder_is_idle, status["folders"]))
        and all(map(_bucket_is_idle, status["buckets"]))
        and status["queue"]["unsettled"] == 0
        and recordings["queued"] == recordings["transcribing"] == 0
    )


def _folder_is_idle(folder: Mapping[str, Any]) -> bool:
    under_way = folder["settling"] + folder["working"] + folder["awaiting_sidecars"]
    return bool(folder["reconciled"]) and under_way == 0


def _bucket_is_idle(bucket: Mapping[str, Any]) -> bool:
    """While a server is away, objects wait of which nobody here knows."""
    return bool(bucket["reconciled"]) and not bucket["away"] and bucket["working"] + bucket["awaiting_sidecars"] == 0
