"""What owners, disks and networks do to a hot folder; the real service against real servers, looked at from outside.

Every time: nothing lost, nothing half taken for whole, nothing twice.
"""

import os
import shutil
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ai2text.common.settings import NatsSettings, S3Settings
from ai2text.ingestion.names import to_name
from tests.fixtures.fault_proxy import FaultProxy
from tests.fixtures.ingestion_service import QUICK, WAV, IngestionService, sha256, variant
from tests.fixtures.service_process import Servers

pytestmark = [pytest.mark.timeout(300), pytest.mark.slow]

WINDOW_SECONDS = 0.5
MOUNT, UMOUNT = (shutil.which(name) or name for name in ("mount", "umount"))


def moving(extra: str = "") -> str:
    return f'[[folder]]\nname = "inbox"\npath = "inbox"\ndisposition = "move"\n{QUICK}{extra}'


@pytest.mark.lesson("L03")
def test_l03_a_slow_copy_is_taken_once_and_whole(service: IngestionService) -> None:
    content = variant(1)
    with (service.inbox / "slow.wav").open("wb") as file:
        for start in range(0, len(content), 20_000):
            file.write(content[start : start + 20_000])
            file.flush()
            time.sleep(WINDOW_SECONDS / 3)
    service.until_ingested(1)
    service.check({"slow.wav": content})


@pytest.mark.lesson("L03")
def test_l03_a_writer_that_closes_pauses_and_goes_on_leaves_the_whole_file_as_the_last_word(
    service: IngestionService,
) -> None:
    """Closed, whole by its looks and still for longer than the window: nobody can know that more will come."""
    path = service.drop("paused.wav", variant(1))
    service.until_ingested(1)
    with path.open("ab") as file:
        file.write(b"\0\0" * 7)
    service.until(lambda: len(service.ingested()) == 2)
    first, second = service.ingested()
    assert [first.sha256, second.sha256] == [sha256(variant(1)), sha256(path.read_bytes())]
    assert second.replaces_recording_id == first.recording_id
    assert set(service.audio().items()) == {(e.sha256, e.sha256) for e in (first, second)}


@pytest.mark.lesson("L03")
def test_l03_a_file_truncated_and_rewritten_over_and_over_ends_as_its_last_content(service: IngestionService) -> None:
    path = service.inbox / "rewritten.wav"
    for number in range(12):
        path.write_bytes(variant(number))
        time.sleep(WINDOW_SECONDS / 5)
    service.until_ingested(1)
    service.check({"rewritten.wav": variant(11)})


@pytest.mark.lesson("L03")
def test_l03_files_replaced_and_deleted_while_they_are_read_are_never_taken_by_halves(
    service: IngestionService, tmp_path: Path
) -> None:
    """Large files, so that reading takes a while; half of them replaced by a rename, half deleted and made anew."""
    names = [f"{number}.wav" for number in range(6)]
    long = {name: WAV.read_bytes()[:44] + os.urandom(3 << 20) for name in names}
    for name in names:
        service.drop(name, long[name])
    for turn in range(20):
        time.sleep(0.1)
        for number, name in enumerate(names):
            content = variant(100 * number + turn)
            if number % 2:
                (tmp_path / "new").write_bytes(content)
                (tmp_path / "new").rename(service.inbox / name)
            else:
                (service.inbox / name).unlink()
                service.drop(name, content)
    last = {name: (service.inbox / name).read_bytes() for name in names}
    digests = {name: sha256(content) for name, content in last.items()}
    service.until_ingested_as(set(digests.items()))
    assert all(key == digest for key, digest in service.audio().items())
    jobs = [job.job_id for job in service.requested()]
    assert len(jobs) == len(set(jobs))


@pytest.fixture
def unprivileged(tmp_path: Path, servers: Servers) -> Iterator[IngestionService]:
    """Root that may not do what others may not: permissions count for it."""
    prefix: list[str] = []
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("setpriv is missing")
        prefix = ["setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner"]
    with IngestionService(tmp_path, servers, prefix=prefix) as running:
        yield running


def test_a_file_without_permission_is_refused_with_its_reason_and_taken_when_the_permission_comes(
    unprivileged: IngestionService,
) -> None:
    service = unprivileged
    path = service.drop("locked.wav.part")
    path.chmod(0)
    path = path.rename(service.inbox / "locked.wav")
    reason = service.inbox / "locked.wav.reason.json"
    service.until(reason.exists)
    service.until(lambda: len(service.rejected()) == 1)
    assert service.rejected()[0].reason.code == "unreadable"
    path.chmod(0o644)
    service.until_ingested(1)
    service.check({"locked.wav": WAV.read_bytes()})
    service.until(lambda: not reason.exists())


def test_a_sub_folder_without_permission_hides_its_files_and_no_others(unprivileged: IngestionService) -> None:
    service = unprivileged
    service.drop("hidden/a.wav", variant(1))
    service.until_ingested(1)
    (service.inbox / "hidden").chmod(0)
    service.drop("b.wav", variant(2))
    service.until_ingested(2)
    time.sleep(3)
    (service.inbox / "hidden").chmod(0o755)
    time.sleep(3)
    service.check({"hidden/a.wav": variant(1), "b.wav": variant(2)})
    assert len(service.ingested()) == 2
    assert len(service.logged("sub_folder_not_listed")) == 1


ODD_NAMES: list[bytes] = [
    b"..a.b..wav",
    b"dir..ty/..x/talk.wav",
    b"a\nb\tc\x07.wav",
    b"x" * 251 + b".wav",
    b"y" * 252 + b".ts",
    b"\xff\xfe latin \xe9t\xe9.wav",
    b"\xe9/inner \xff.wav",
    b"%FF.wav",
    b"\\xff.wav",
    "Gespräche/günther - 1.wav".encode(),
    b"Case.wav",
    b"case.wav",
    b"CASE.WAV",
    b" leading and trailing .wav",
    b"-rf.wav",
    b"$(touch stolen).wav",
]


@pytest.mark.lesson("L19")
def test_l19_odd_names_are_names_and_nothing_else(service: IngestionService) -> None:
    hidden = {b"..a.b..wav", b"dir..ty/..x/talk.wav"}
    taken = {name: variant(number) for number, name in enumerate(ODD_NAMES)}
    for name, content in taken.items():
        service.drop(name, content)
    expected = {to_name(os.fsdecode(name)): content for name, content in taken.items() if name not in hidden}
    service.until_ingested(len(expected))
    service.check(expected)
    for job in service.requested():
        service.transcribe(job)
    # By their names: what a comparison of the folder restores meanwhile is said once more when its announcement comes.
    service.until(lambda: {record["name"] for record in service.logged("sidecars_written")} == expected.keys())
    files = [name for _, _, names in os.walk(os.fsencode(service.inbox)) for name in names]
    assert len([name for name in files if name.endswith(b".txt")]) == len(expected), files
    assert not (service.home / "stolen").exists()


@pytest.mark.lesson("L19")
def test_l19_pipes_sockets_devices_and_links_are_left_alone_and_block_nothing(
    service: IngestionService, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "secret.wav").write_bytes(variant(99))
    (service.inbox / "link.wav").symlink_to(secret / "secret.wav")
    (service.inbox / "folder").symlink_to(secret)
    (service.inbox / "loop").symlink_to(service.inbox)
    os.mkfifo(service.inbox / "pipe.wav")
    if os.geteuid() == 0:
        os.mknod(service.inbox / "zero.wav", stat.S_IFCHR | 0o666, os.makedev(1, 5))
        os.mknod(service.inbox / "disk.wav", stat.S_IFBLK | 0o600, os.makedev(7, 0))
    with socket.socket(socket.AF_UNIX) as listening:
        os.chdir(service.inbox)  # the paths of sockets are limited
        listening.bind("s.wav")
        service.drop("real.wav")
        service.until_ingested(1)
        time.sleep(3)
    os.chdir("/")
    service.check({"real.wav": WAV.read_bytes()})
    assert [record["name"] for record in service.logged("link_left_alone")] == ["link.wav"]
    assert list(secret.iterdir()) == [secret / "secret.wav"]


@pytest.mark.lesson("L19")
def test_l19_a_folder_exchanged_for_a_link_to_elsewhere_is_not_followed(
    service: IngestionService, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "x.wav").write_bytes(variant(1))
    service.drop("sub/x.wav", variant(2))
    shutil.rmtree(service.inbox / "sub")
    (service.inbox / "sub").symlink_to(elsewhere)
    service.drop("last.wav", variant(3))
    service.until_ingested(1)
    time.sleep(2)
    service.check({"last.wav": variant(3)})


@pytest.mark.lesson("L04")
def test_l04_folders_renamed_in_and_folders_made_and_filled_at_once_are_taken_whole(
    service: IngestionService, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    expected = {}
    for number in range(60):
        place = outside / f"{number % 3}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number}.wav").write_bytes(variant(number))
        expected[f"came/{number % 3}/{number}.wav"] = variant(number)
    outside.rename(service.inbox / "came")
    for number in range(60, 120):
        name = f"made/{number}/deep/er/{number}.wav"
        service.drop(name, variant(number))
        expected[name] = variant(number)
    service.until_ingested(120)
    service.check(expected)


def test_a_folder_that_goes_away_and_comes_back_loses_nothing_and_says_so_once(service: IngestionService) -> None:
    service.drop("one.wav", variant(1))
    service.until_ingested(1)
    away = service.inbox.rename(service.home / "unmounted")
    service.until(lambda: len(service.logged("folder_away")) == 1)
    time.sleep(4)
    (away / "two.wav").write_bytes(variant(2))
    away.rename(service.inbox)
    service.until_ingested(2)
    service.until(lambda: len(service.logged("folder_back")) == 1)
    service.drop("three.wav", variant(3))
    service.until_ingested(3)
    service.check({"one.wav": variant(1), "two.wav": variant(2), "three.wav": variant(3)})
    assert len(service.ingested()) == 3
    assert len(service.logged("folder_away")) == 1


def test_a_folder_that_is_missing_at_the_start_is_taken_when_it_is_made(tmp_path: Path, servers: Servers) -> None:
    service = IngestionService(tmp_path, servers)
    service.inbox.rmdir()
    with service:
        service.until(lambda: len(service.logged("folder_away")) == 1)
        service.drop("talk.wav")
        service.until_ingested(1)
        service.check({"talk.wav": WAV.read_bytes()})


def mount(*args: str) -> None:
    """Skips the test where it is not permitted."""
    done = subprocess.run([MOUNT, *args], capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"a file system cannot be mounted here: {done.stderr.decode()}")


def unmount(place: Path) -> None:
    subprocess.run([UMOUNT, "--lazy", str(place)], capture_output=True, check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    mount("-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place))
    yield place
    unmount(place)


def test_a_vanished_mount_makes_nothing_forgotten(tmp_path: Path, servers: Servers, small_disk: Path) -> None:
    service = IngestionService(tmp_path, servers)
    mount("--bind", str(small_disk), str(service.inbox))
    try:
        with service:
            service.drop("talk.wav")
            service.until_ingested(1)
            unmount(service.inbox)
            service.until(lambda: len(service.logged("folder_away")) == 1)
            time.sleep(3)
            mount("--bind", str(small_disk), str(service.inbox))
            service.until(lambda: len(service.logged("folder_back")) == 1)
            service.drop("next.wav", variant(2))
            service.until_ingested(2)
            assert len(service.logged("recording_stored")) == 2
            service.check({"talk.wav": WAV.read_bytes(), "next.wav": variant(2)})
    finally:
        subprocess.run([UMOUNT, "--lazy", str(service.inbox)], capture_output=True, check=False)


def test_a_full_disk_of_the_folder_delays_sidecars_and_loses_none(
    tmp_path: Path, servers: Servers, small_disk: Path
) -> None:
    folders = f'[[folder]]\nname = "inbox"\npath = "{small_disk}"\n{QUICK}'
    with IngestionService(tmp_path, servers, folders) as service:
        (small_disk / "talk.wav").write_bytes(WAV.read_bytes())
        service.until_ingested(1)
        _fill(small_disk / "filler.bin")
        (job,) = service.requested()
        service.transcribe(job)
        service.until(lambda: bool(service.logged("waiting_for_a_server") or service.logged("folder_waits")))
        assert not (small_disk / "talk.txt").exists()
        assert (small_disk / "talk.wav").read_bytes() == WAV.read_bytes()
        (small_disk / "filler.bin").unlink()
        service.until((small_disk / "talk.txt").exists)
        assert (small_disk / "talk.txt").read_text() == "Good morning.\n"
        assert not list(small_disk.glob(".ai2text-*"))


def test_a_full_disk_of_the_ledger_delays_files_and_loses_none(
    tmp_path: Path, servers: Servers, small_disk: Path
) -> None:
    with IngestionService(tmp_path, servers, env={"AI2TEXT_INGESTION_STATE_DIR": str(small_disk)}) as service:
        _fill(small_disk / "filler.bin")
        names = {f"{number}.wav": variant(number) for number in range(40)}
        for name, content in names.items():
            service.drop(name, content)
        service.until(lambda: len(service.logged("ingestion_paused")) == 1 or bool(service.logged("folder_waits")))
        time.sleep(3)
        (small_disk / "filler.bin").unlink()
        service.until_ingested(len(names))
        service.check(names)


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            return


@pytest.mark.lesson("L12")
@pytest.mark.parametrize("away", ["s3", "nats"])
def test_l12_a_server_away_for_twenty_seconds_delays_and_loses_nothing(
    tmp_path: Path,
    servers: Servers,
    away: str,
    s3_proxy: FaultProxy,
    nats_proxy: FaultProxy,
    s3_settings: S3Settings,
    nats_settings: NatsSettings,
) -> None:
    env = {
        "AI2TEXT_S3_ENDPOINT": s3_proxy.address,
        "AI2TEXT_NATS_URL": f"nats://{nats_proxy.address}",
    }
    proxy = {"s3": s3_proxy, "nats": nats_proxy}[away]
    with IngestionService(tmp_path, servers, env=env) as service:
        names = {f"{number}.wav": variant(number) for number in range(60)}
        for number, (name, content) in enumerate(names.items()):
            service.drop(name, content)
            if number == 30:
                service.until_ingested(3)
                proxy.refuse()
        service.until(lambda: service.readyz() == 503)
        time.sleep(20)
        assert service.readyz() == 503
        assert all((service.inbox / name).read_bytes() == content for name, content in names.items())
        proxy.resume()
        service.until_ingested(len(names), 120)
        service.check(names)
        service.until(lambda: service.readyz() == 200)
        assert len(service.logged("ingestion_paused")) <= 1
        assert len(service.logged("ingestion_resumed")) == len(service.logged("ingestion_paused"))
        assert len(service.logged("folder_waits")) <= 1


POINTS = {
    "keep": ["audio_stored", "recording_stored", "recording_announced", "transcription_requested", "sidecars_written"],
    "move": ["transcription_requested", "move_intended", "file_moved", "recording_moved", "sidecars_written"],
    "delete": ["transcription_requested", "deletion_intended", "file_deleted", "recording_deleted", "sidecars_written"],
}


@pytest.mark.parametrize(
    "disposition", ["move", *(pytest.param(one, marks=pytest.mark.slow) for one in ("keep", "delete"))]
)
def test_killed_at_each_step_of_a_disposition_it_loses_and_doubles_nothing(
    tmp_path: Path, servers: Servers, disposition: str
) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    points = POINTS[disposition]
    folders = f'[[folder]]\nname = "inbox"\npath = "inbox"\ndisposition = "{disposition}"\n{QUICK}'
    env = {"AI2TEXT_LOG_KILL_AT": f"{','.join(points)}@{marks}", "AI2TEXT_NATS_ACK_WAIT_SECONDS": "5"}
    names = {f"deep/{number}.wav": variant(number) for number in range(4)}
    with IngestionService(tmp_path, servers, folders, env) as service:
        for name, content in names.items():
            service.drop(name, content)
        service.until_ingested(len(names), revive=True)
        asked: set[str] = set()

        def all_have_their_text() -> bool:
            for job in service.requested():
                if job.job_id not in asked:
                    service.transcribe(job)
                    asked.add(job.job_id)
            place = service.inbox / "done" if disposition == "move" else service.inbox
            return all((place / name).with_suffix(".txt").exists() for name in names)

        service.until(all_have_their_text, 120, revive=True)
        service.until(lambda: sorted(path.name for path in marks.iterdir()) == sorted(points), revive=True)
        service.until(lambda: service.readyz() == 200, revive=True)
        time.sleep(3)
        service.revive()
        left = {str(path.relative_to(service.inbox)): path.read_bytes() for path in service.inbox.rglob("*.wav")}
        prefix = "done/" if disposition == "move" else ""
        expected = {} if disposition == "delete" else {f"{prefix}{name}": content for name, content in names.items()}
        assert left == expected
        assert len(list(service.inbox.rglob("*.txt"))) == len(names)
        service.check(names)


def test_killed_at_each_step_of_a_refusal_it_moves_the_file_with_its_reason_once(
    tmp_path: Path, servers: Servers
) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    points = ["rejection_announced", "reason_written", "recording_rejected"]
    env = {"AI2TEXT_LOG_KILL_AT": f"{','.join(points)}@{marks}"}
    with IngestionService(tmp_path, servers, moving(), env) as service:
        for number in range(3):
            service.drop(f"{number}.wav", f"no sound {number}".encode())
        refused = service.inbox / "rejected"
        service.until(lambda: len(list(refused.glob("*.wav"))) == 3 if refused.exists() else False, revive=True)
        service.until(lambda: sorted(path.name for path in marks.iterdir()) == sorted(points), revive=True)
        service.until(lambda: service.readyz() == 200, revive=True)
        found = sorted(path.name for path in refused.iterdir())
        assert found == sorted(f"{n}.wav{e}" for n in range(3) for e in ("", ".reason.json"))
        assert [path for path in service.inbox.iterdir() if path.is_file()] == []
        assert {event.source.name for event in service.rejected()} == {"0.wav", "1.wav", "2.wav"}
        assert service.requested() == []


@pytest.mark.timeout(3000)
@pytest.mark.lesson("L04")
def test_l04_forty_thousand_files_that_came_while_the_service_was_stopped_are_taken_once(
    tmp_path: Path, servers: Servers
) -> None:
    """Most are refused as too small to be sound, which is quick: what is tested is that none is missed."""
    with IngestionService(tmp_path, servers, env={"AI2TEXT_LOG_LEVEL": "info"}) as service:
        assert service.process is not None
        os.kill(service.process.pid, 19)  # SIGSTOP: the kernel's queue of events overflows
        for number in range(40_000):
            place = service.inbox / str(number % 40)
            place.mkdir(exist_ok=True)
            (place / f"{number}.wav").write_bytes(b"%d" % number)
        os.kill(service.process.pid, 18)  # SIGCONT
        service.until(lambda: service.count("EVENTS") >= 40_000, 2400)
        time.sleep(5)
        names = [event.source.name for event in service.rejected()]
        assert len(names) == len(set(names)) == 40_000
