"""What the whole pipeline is doing: the catalogue's numbers, the queues', and what the services say of themselves."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from ai2text.common.clock import Clock
from ai2text.common.presence import Heard, Presence
from ai2text.metadata import activity
from ai2text.metadata.postgres import outbox
from ai2text.metadata.postgres.pool import Connection, Database
from ai2text.metadata.queues import Queues
from ai2text.metadata.quotas import list_quotas

RATES_WINDOW, FAILURES_WINDOW = timedelta(minutes=5), timedelta(days=1)


class ReportStatus:
    """The use case with what it needs."""

    def __init__(self, database: Database, queues: Queues, presence: Presence, clock: Clock) -> None:
        self._database = database
        self._queues = queues
        self._presence = presence
        self._clock = clock

    async def of_tenant(self, tenant: str) -> dict[str, Any]:
        async with self._database.reading(tenant) as connection:
            counted = await self._counted(connection, tenant)
        return {**counted, "models": _models(self._presence.heard())}

    async def of_everything(self) -> dict[str, Any]:
        """All tenants, and what knows no tenant: queues, dead letters, services. Raises BrokerUnavailable."""
        async with self._database.transaction() as connection:
            counted = await self._counted(connection, None)
            unannounced = await outbox.pending(connection)
            dead = await activity.count_dead_letters(connection, self._clock() - FAILURES_WINDOW)
        heard = self._presence.heard()
        return {
            **counted,
            "queue": {**counted["queue"], **await self._queues.depths(unannounced)},
            "failures": {**counted["failures"], "dead_letters": dead},
            "models": _models(heard),
            "services": [_service(one) for one in heard],
        }

    async def _counted(self, connection: Connection, tenant: str | None) -> dict[str, Any]:
        now = self._clock()
        return {
            **await activity.count(connection, tenant),
            "queue": {"lanes": await activity.backlog(connection, tenant)},
            "rates": {
                "window_seconds": RATES_WINDOW.total_seconds(),
                **await activity.rates(connection, tenant, now - RATES_WINDOW),
            },
            "failures": {
                "window_seconds": FAILURES_WINDOW.total_seconds(),
                **await activity.failures(connection, tenant, now - FAILURES_WINDOW),
            },
            "quotas": await list_quotas(connection, tenant),
        }


def _models(heard: Iterable[Heard]) -> list[dict[str, Any]]:
    """Each model that a worker has loaded, and how many workers have it."""
    loaded = Counter(
        (model["name"], model["device"], model["compute_type"])
        for one in heard
        for model in one.presence.facts.get("models", ())
        if model.get("state", "ready") == "ready"
    )
    return [
        {"name": name, "device": device, "compute_type": compute_type, "workers": workers}
        for (name, device, compute_type), workers in sorted(loaded.items())
    ]


def _service(heard: Heard) -> dict[str, Any]:
    return {**asdict(heard.presence), "seen_seconds_ago": round(heard.seconds_ago, 1)}
