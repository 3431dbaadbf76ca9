"""Whether a version is to be made without being asked for. No I/O here."""

from datetime import datetime, timedelta

from ai2text.common.contracts.datasets import SnapshotSize
from ai2text.training_orchestrator.dataset import Claim, Triggered


def scheduled(newest: Claim, now: datetime) -> Triggered | None:
    """The latest moment of the schedule, if it has come since the newest version.

    Moments are whole intervals apart, also where some of them were missed or nothing had changed.
    """
    trigger = newest.definition.trigger
    if trigger is None or trigger.every_hours is None:
        return None
    every = timedelta(hours=trigger.every_hours)
    counted_from = newest.triggered.due_at if newest.triggered else newest.created_at
    moments = (now - counted_from) // every
    return Triggered(by="every_hours", due_at=counted_from + moments * every) if moments > 0 else None


def wants_size(newest: Claim, now: datetime) -> bool:
    """Whether it depends on the catalogue; asking that costs something."""
    trigger = newest.definition.trigger
    return trigger is not None and (trigger.new_hours is not None or scheduled(newest, now) is not None)


def due(newest: Claim, catalogue: SnapshotSize, now: datetime) -> Triggered | None:
    """None also for a schedule where a version would be the newest one again."""
    trigger, before = newest.definition.trigger, newest.catalogue
    if trigger is None or before is None:
        return None
    grown_seconds = catalogue.duration_seconds - before.duration_seconds
    if trigger.new_hours is not None and grown_seconds >= trigger.new_hours * 3600:
        kept = newest.triggered.due_at if newest.triggered else newest.created_at
        return scheduled(newest, now) or Triggered(by="new_hours", due_at=kept)
    return scheduled(newest, now) if catalogue.state != before.state else None
