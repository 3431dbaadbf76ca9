"""Each of the three servers as it comes out of its wheel: keeps what it was given, leaves nothing behind."""

import asyncio
import os
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest
from nats.js.api import StreamConfig

from ai2text.cli import servers
from ai2text.common.errors import Misconfigured
from ai2text.common.jetstream import connect
from ai2text.common.object_store import ObjectStore
from tests.fixtures.servers import Server, descendants, dsn_of, nats_settings_of, s3_settings_of, short_directory

ENDS = pytest.mark.parametrize("end", ["stop", "kill"])


async def _publish(server: Server, text: bytes) -> None:
    async with connect(nats_settings_of(server), "test") as broker:
        await broker.jetstream.add_stream(StreamConfig(name="KEPT", subjects=["kept"]))
        await broker.jetstream.publish("kept", text)


async def _published(server: Server) -> list[bytes]:
    async with connect(nats_settings_of(server), "test") as broker:
        count = (await broker.jetstream.stream_info("KEPT")).state.messages
        return [(await broker.jetstream.get_msg("KEPT", seq + 1)).data or b"" for seq in range(count)]


@ENDS
def test_nats_keeps_what_it_acknowledged(own_nats: Server, end: str) -> None:
    asyncio.run(_publish(own_nats, b"first"))
    getattr(own_nats, end)()
    own_nats.start()
    asyncio.run(_publish(own_nats, b"second"))
    assert asyncio.run(_published(own_nats)) == [b"first", b"second"]


def test_nats_forces_each_message_to_the_disk(own_nats: Server) -> None:
    monitor = own_nats.ports.of("nats_monitor")
    told = httpx.get(f"http://127.0.0.1:{monitor}/jsz", trust_env=False).json()
    assert told["config"]["sync_always"] is True


@ENDS
def test_postgres_keeps_what_it_committed(own_postgres: Server, end: str) -> None:
    with psycopg.connect(dsn_of(own_postgres), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 'kept' AS what")
        family = descendants(own_postgres.pid)
        getattr(own_postgres, end)()
    assert len(family) > 3
    assert not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in family)
    own_postgres.start()
    with psycopg.connect(dsn_of(own_postgres)) as connection:
        assert connection.execute("SELECT what FROM kept").fetchall() == [("kept",)]
        assert connection.execute("SHOW fsync").fetchone() == ("on",)


def test_postgres_lets_nobody_in_without_the_password(postgres_server: Server) -> None:
    dsn = dsn_of(postgres_server).replace(postgres_server.credentials.postgres_password, "guessed")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(dsn)


def test_postgres_begins_again_when_its_directory_was_left_half_made() -> None:
    with short_directory() as folder:
        (folder / "postgres.unfinished/base").mkdir(parents=True)
        server = Server(servers.postgres, folder, "postgres")
        server.start()
        server.stop()
        assert sorted(path.name for path in folder.iterdir()) == ["ports.json", "postgres", "postgres.log"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_root_without_setpriv_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Misconfigured, match="util-linux"):
        Server(servers.postgres, tmp_path, "postgres")


@pytest.mark.parametrize("make", [servers.nats, servers.postgres, servers.s3], ids=["nats", "postgres", "s3"])
def test_each_server_works_below_a_folder_that_only_its_owner_may_enter(make: servers.Make) -> None:
    with short_directory() as folder:
        private = folder / "private" / ("with a space and a long name " * 4).strip()
        private.mkdir(parents=True)
        (folder / "private").chmod(0o700)
        server = Server(make, private, make.__name__)
        server.start()
        family = [psutil.Process(server.pid), *descendants(server.pid)]
        server.stop()
        assert not any(process.is_running() for process in family)
        assert (folder / "private").stat().st_mode & 0o777 == 0o700


@pytest.mark.slow
def test_s3_keeps_its_objects_through_a_stop_a_kill_and_a_move_to_other_ports(own_s3: Server) -> None:
    store = ObjectStore(s3_settings_of(own_s3))
    store.make_ready()
    kept = {f"default/{n}": bytes([n]) * n * 1000 for n in range(1, 41)}
    for key, content in kept.items():
        store.put(key, content)
    own_s3.kill()
    assert left_in_tmp(own_s3) == []
    own_s3.start()
    assert {key: store.get(key) for key in kept} == kept
    own_s3.stop()
    assert left_in_tmp(own_s3) == []
    (own_s3.directory / "ports.json").unlink()
    moved = Server(servers.s3, own_s3.directory, "s3", own_s3.credentials)
    assert moved.port != own_s3.port
    moved.start()
    try:
        store = ObjectStore(s3_settings_of(moved))
        assert {key: store.get(key) for key in kept} == kept
        store.put("default/more", b"more")
        assert [found.key for found in store.list("default/")] == sorted([*kept, "default/more"])
    finally:
        moved.stop()
    assert left_in_tmp(moved) == []


def test_s3_allocates_no_room_in_advance(s3_server: Server) -> None:
    store = ObjectStore(s3_settings_of(s3_server, "room"))
    store.make_ready()
    blocks = sum(path.stat().st_blocks for path in (s3_server.directory / "s3").rglob("*") if path.is_file())
    assert blocks * 512 < 100 << 20


def test_no_server_listens_beyond_this_machine(nats_server: Server, postgres_server: Server, s3_server: Server) -> None:
    for server in (nats_server, postgres_server, s3_server):
        for connection in psutil.Process(server.pid).net_connections("inet"):
            assert connection.laddr.ip == "127.0.0.1"
            assert getattr(connection.raddr, "ip", "127.0.0.1") == "127.0.0.1"


def left_in_tmp(server: Server) -> list[str]:
    ports = (server.directory / "ports.json").read_text()
    sockets = Path("/tmp").glob("seaweedfs-*.sock")  # noqa: S108 - its habit
    return [path.name for path in sockets if path.stem.rpartition("-")[2] in ports]
