"""A tenant's quota, set by whoever runs the installation, with the settings of the metadata service at hand.

Run as `python -m ai2text.metadata.set_quota TENANT SECONDS`, audio seconds a month, or `TENANT none`.
"""

import asyncio
import math
import sys

import structlog

from ai2text.common import logs
from ai2text.common.contracts.identity import checked_tenant
from ai2text.common.errors import Ai2TextError, Refused
from ai2text.common.settings import LogSettings, load
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.postgres.quotas import save_quota
from ai2text.metadata.settings import PostgresSettings

log = structlog.get_logger()

USAGE = "usage: python -m ai2text.metadata.set_quota TENANT SECONDS|none"


def seconds_of(text: str) -> float | None:
    """None for `none`. Raises Refused."""
    if text == "none":
        return None
    try:
        seconds = float(text)
    except ValueError as exc:
        raise Refused("invalid_quota", f"{text!r} is no number of seconds; {USAGE}") from exc
    if not (math.isfinite(seconds) and seconds >= 0):
        raise Refused("invalid_quota", f"{text} is no number of seconds that can be had in a month.")
    return seconds


async def set_quota(settings: PostgresSettings, tenant: str, audio_seconds_per_month: float | None) -> None:
    """Raises CatalogueUnavailable."""
    async with Database(settings) as database, database.transaction() as connection:
        await save_quota(connection, tenant, audio_seconds_per_month)
    log.info("quota_set", tenant=tenant, audio_seconds_per_month=audio_seconds_per_month)


def main(arguments: list[str]) -> None:
    logs.configure("metadata", load(LogSettings))
    try:
        tenant, seconds = arguments
    except ValueError:
        sys.exit(USAGE)
    asyncio.run(set_quota(load(PostgresSettings), checked_tenant(tenant), seconds_of(seconds)))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Ai2TextError as exc:
        sys.exit(f"ai2text set_quota: {exc}")
