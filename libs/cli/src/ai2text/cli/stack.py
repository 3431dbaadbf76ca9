"""The embedded topology: which children there are, what sets them up, in which order they start and stop."""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

import nats.errors
from pydantic import SecretStr

from ai2text.cli import postgres_directory, servers
from ai2text.cli.child import Child
from ai2text.cli.environments import BUCKET, DATABASE, FOLDER, LOOPBACK, Installation, environments
from ai2text.cli.ports import Ports
from ai2text.cli.probe import accepts, http_status
from ai2text.common import topology
from ai2text.common.bucket_settings import check_names, load_buckets
from ai2text.common.errors import BrokerUnavailable
from ai2text.common.jetstream import connect
from ai2text.common.object_store import ObjectStore
from ai2text.common.settings import InsideSettings, NatsSettings, S3Settings, load
from ai2text.common.sources import Folder, checked, filed_folders

PACKAGES = {
    "metadata": "metadata",
    "ingestion": "ingestion",
    "asr": "asr",
    "orchestrator": "training_orchestrator",
    "gateway": "api_gateway",
}
SERVICE_STARTS = (("metadata",), ("ingestion", "asr", "orchestrator"), ("gateway",))
"""The gateway's port opens last."""
STOPS = (("gateway", "ingestion"), ("asr", "orchestrator", "metadata"), ("nats", "postgres", "s3"))
"""First what takes work in, then what does it, then what keeps it."""
AFTER_DRAIN_SECONDS = 5


def take_ports(ports: Ports) -> None:
    """Of the services; the servers take their own."""
    for name in ("metadata", "ingestion", "orchestrator", *(f"{service}_inside" for service in PACKAGES)):
        ports.take(name)


def server_children(installation: Installation) -> tuple[Child, ...]:
    """Each sets up its own part whenever it has become ready, for it may have lost its directory."""
    data, ports, credentials = installation.data, installation.ports, installation.credentials
    places = place_names(installation)

    async def make_streams() -> None:
        await _make_streams(nats_settings(installation), places)

    async def make_bucket() -> None:
        await asyncio.to_thread(ObjectStore(s3_settings(installation)).make_ready)

    async def make_database() -> None:
        await postgres_directory.make_database(
            servers.postgres_binaries() / "createdb", ports.of("postgres"), credentials.postgres_password, DATABASE
        )

    return (
        replace(servers.nats(data / "nats", ports, credentials), set_up=make_streams),
        replace(servers.postgres(data / "postgres", ports, credentials), set_up=make_database),
        replace(servers.s3(data / "s3", ports, credentials), set_up=make_bucket),
    )


def nats_settings(installation: Installation) -> NatsSettings:
    """As the services have it: the user's variables count, the address and the login are ours."""
    return NatsSettings(
        url=f"nats://{LOOPBACK}:{installation.ports.of('nats')}",
        user=installation.credentials.nats_user,
        password=SecretStr(installation.credentials.nats_password),
    )


def s3_settings(installation: Installation) -> S3Settings:
    return S3Settings(
        endpoint=f"{LOOPBACK}:{installation.ports.of('s3')}",
        secure=False,
        bucket=BUCKET,
        access_key=installation.credentials.s3_access_key,
        secret_key=SecretStr(installation.credentials.s3_secret_key),
    )


def place_names(installation: Installation) -> tuple[str, ...]:
    """The inbox, and what the user's AI2TEXT_SOURCES_FILE has beside it. Raises Misconfigured."""
    folders = checked((Folder(name=FOLDER, path=installation.inbox), *filed_folders()))
    return check_names(folders, load_buckets())


async def _make_streams(settings: NatsSettings, places: tuple[str, ...]) -> None:
    async with connect(settings, "up") as broker:
        try:
            await topology.set_up(broker, places)
        except nats.errors.Error as exc:
            raise BrokerUnavailable(f"The streams could not be made: {exc!r}") from exc


def service_children(installation: Installation, model: str) -> tuple[tuple[Child, ...], ...]:
    """In the order of their start; those of one group start side by side."""
    told = environments(installation, model)
    drain_seconds = load(InsideSettings).drain_seconds
    api_ports = {
        "metadata": installation.ports.of("metadata"),
        "ingestion": installation.ports.of("ingestion"),
        "orchestrator": installation.ports.of("orchestrator"),
        "gateway": installation.gateway_port,
    }

    def child(service: str) -> Child:
        inside = installation.ports.of(f"{service}_inside")
        path = "/healthz" if service == "asr" else "/readyz"  # its model may load while everything else works

        async def ready() -> bool:
            open_ = service not in api_ports or await accepts(api_ports[service])
            return open_ and await http_status(inside, path) == 200  # noqa: PLR2004

        return Child(
            name=service,
            argv=(sys.executable, "-m", f"ai2text.{PACKAGES[service]}"),
            env=told[service],
            cwd=Path.cwd(),
            ready=ready,
            stop_seconds=drain_seconds + AFTER_DRAIN_SECONDS,
            structured_log=True,
        )

    return tuple(tuple(child(service) for service in group) for group in SERVICE_STARTS)
