"""A recording is erased: the real service with a folder, a bucket that keeps versions, and nothing may be left."""

import asyncio
import os
import shutil
import signal
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from ai2text.common.contracts import identity
from ai2text.common.contracts.transcription import TranscriptionRequested
from ai2text.common.jetstream import connect
from ai2text.common.object_store import ObjectStore
from ai2text.ingestion.ledger import Ledger, Stage
from tests.fixtures import inside
from tests.fixtures.erasure import entomb, erased, keep_versions, keys_of, versions
from tests.fixtures.ingestion_service import QUICK, WAV, IngestionService, sha256
from tests.fixtures.service_process import Servers

RECORDING = identity.recording_id("default", sha256(WAV.read_bytes()))
SOON_AND_OFTEN = {"AI2TEXT_NATS_ACK_WAIT_SECONDS": "3", "AI2TEXT_NATS_DELIVERY_BUDGET": "20"}
"""What a killed process held comes back soon, and each kill spends a delivery."""
MOVING = f'[[folder]]\nname = "inbox"\npath = "inbox"\ndisposition = "move"\n{QUICK}'


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def taken_in(service: IngestionService, name: str = "talk.wav") -> TranscriptionRequested:
    """With its text beside it."""
    service.drop(name)
    service.until_ingested(1)
    job = service.requested()[-1]
    service.transcribe(job)
    service.until(lambda: stages(service) == [Stage.DONE])
    return job


def stages(service: IngestionService) -> list[Stage]:
    with closing(sqlite3.connect(service.state / "inbox.sqlite3")) as file:
        return [Stage(stage) for (stage,) in file.execute("SELECT stage FROM files")]


def files(service: IngestionService) -> list[str]:
    return sorted(str(path.relative_to(service.inbox)) for path in service.inbox.rglob("*") if path.is_file())


def erase(service: IngestionService, job: TranscriptionRequested, next_life: int = 1, publication: int = 0) -> None:
    """As the metadata service does: first the tombstone, then the word of it."""
    keys = keys_of(service.store, job)
    entomb(service.store, job.recording_id, next_life)
    publish(service, erased(job.recording_id, keys, next_life, publication))


def publish(service: IngestionService, event: object) -> None:
    async def send() -> None:
        async with connect(service.servers.nats, "test") as broker:
            await broker.publish(event)  # type: ignore[arg-type]

    asyncio.run(send())


def upload(service: IngestionService) -> httpx.Response:
    url = f"http://127.0.0.1:{service.env['AI2TEXT_INGESTION_PORT']}/v1/recordings"
    return httpx.post(url, content=WAV.read_bytes(), headers=inside.headers("default"), timeout=60, trust_env=False)


@pytest.fixture
def env() -> dict[str, str]:
    return {"AI2TEXT_INGESTION_PORT": str(free_port()), "AI2TEXT_CALLER_KEY": inside.KEY}


@pytest.fixture
def folders() -> str | None:
    return None


@pytest.fixture
def taking(tmp_path: Path, servers: Servers, env: dict[str, str], folders: str | None) -> Iterator[IngestionService]:
    keep_versions(servers.s3)
    with IngestionService(tmp_path, servers, folders, env) as running:
        yield running


def nothing_is_left(service: IngestionService) -> bool:
    stood = [key for key in versions(service.servers.s3, "default/") if "/tombstones/" not in key]
    return stood == [] and files(service) == [] and stages(service) == []


def test_what_is_erased_is_gone_from_the_bucket_the_folder_and_the_ledger(taking: IngestionService) -> None:
    job = taken_in(taking, "calls/talk.wav")
    taking.store.put(job.audio_key, b"an older version of it stays below")
    taking.store.put(identity.draft_key("default", job.job_id), b"{}")
    keys = [*keys_of(taking.store, job), identity.draft_key("default", job.job_id)]
    entomb(taking.store, job.recording_id)
    publish(taking, erased(job.recording_id, keys))
    taking.until(lambda: nothing_is_left(taking))
    said = [line for line in taking.output.read_text().splitlines() if '"file_erased"' in line]
    assert len(said) == 1
    assert "talk" not in said[0]
    assert taking.stop() == 0
    assert b"talk" not in (taking.state / "inbox.sqlite3").read_bytes()


@pytest.mark.parametrize("folders", [MOVING])
def test_a_file_that_was_moved_is_erased_where_it_lies(taking: IngestionService, folders: str) -> None:
    job = taken_in(taking)
    assert files(taking) == ["done/talk.srt", "done/talk.txt", "done/talk.wav"]
    erase(taking, job)
    taking.until(lambda: nothing_is_left(taking))


def test_what_its_owner_edited_or_put_there_is_left(taking: IngestionService) -> None:
    job = taken_in(taking)
    (taking.inbox / "talk.txt").write_text("my own words")
    os.kill(taking.process.pid, signal.SIGSTOP) if taking.process else None
    (taking.inbox / "talk.wav").write_bytes(WAV.read_bytes() + b"\0\0")
    erase(taking, job)
    os.kill(taking.process.pid, signal.SIGCONT) if taking.process else None
    taking.until(lambda: files(taking) == ["talk.txt", "talk.wav"])
    assert (taking.inbox / "talk.txt").read_text() == "my own words"


def test_a_file_that_is_put_back_is_refused_until_somebody_uploads_it(taking: IngestionService) -> None:
    first = taken_in(taking)
    erase(taking, first)
    taking.until(lambda: nothing_is_left(taking))
    taking.store.put(first.audio_key, b"of a process that was killed before it could announce it")
    reason = taking.inbox / "talk.wav.reason.json"
    taking.drop("talk.wav")
    taking.until(reason.exists)
    assert '"erased"' in reason.read_text()
    assert "REST API" in reason.read_text()
    taking.until(lambda: [event.reason.code for event in taking.rejected()] == ["erased"])
    assert taking.audio() == {}

    answer = upload(taking)
    assert answer.status_code == 202, answer.text
    assert answer.json()["recording_id"] == RECORDING
    taking.until(lambda: len(taking.requested()) == 2)
    second = taking.requested()[-1]
    assert (second.generation, second.audio_key) == (1, identity.audio_key("default", first.sha256, 1))
    assert second.job_id != first.job_id
    assert upload(taking).status_code == 200

    reason.unlink()
    taking.until(lambda: stages(taking) == [Stage.ANNOUNCED])
    assert {event.first_job.generation for event in taking.ingested()[1:]} == {1}
    taking.transcribe(second)
    taking.until(lambda: files(taking) == ["talk.srt", "talk.txt", "talk.wav"])
    before = sorted(found.key for found in taking.store.list("default/"))
    publish(taking, erased(RECORDING, [first.audio_key, first.outcome_key], next_life=1, publication=1))
    taking.until(lambda: len(taking.logged("objects_erased")) == 2)
    assert sorted(found.key for found in taking.store.list("default/")) == before
    assert files(taking) == ["talk.srt", "talk.txt", "talk.wav"]
    assert stages(taking) == [Stage.DONE]

    erase(taking, second, next_life=4)
    taking.until(lambda: nothing_is_left(taking))
    assert upload(taking).status_code == 202
    assert taking.requested()[-1].generation == 4


@pytest.mark.slow
def test_a_file_that_was_taken_in_while_it_was_erased_goes_when_that_is_said_again(taking: IngestionService) -> None:
    job = taken_in(taking)
    entomb(taking.store, job.recording_id)
    publish(taking, erased(job.recording_id))
    taking.until(lambda: files(taking) == [])
    taking.stop()
    signature = taking.drop("talk.wav").stat()
    with closing(sqlite3.connect(taking.state / "inbox.sqlite3")) as ledger, ledger:
        ledger.execute(
            "INSERT INTO files (name, size_bytes, modified_ns, inode, stage, recording_id, job_id, outcome_key, "
            "facts_key, written) VALUES ('talk.wav', ?, ?, ?, 'stored', ?, 'j', 'default/outcomes/j.json', "
            "'default/facts/gone.json', '{}')",
            (signature.st_size, signature.st_mtime_ns, signature.st_ino, job.recording_id),
        )
    taking.start()
    taking.until(lambda: len(taking.logged("facts_missing")) > 0)
    publish(taking, erased(job.recording_id, keys_of(taking.store, job), publication=1))
    taking.until(lambda: nothing_is_left(taking))


@pytest.mark.slow
def test_what_was_written_by_a_process_that_was_killed_at_it_is_known_for_ours(
    tmp_path: Path, servers: Servers, env: dict[str, str]
) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    keep_versions(servers.s3)
    with IngestionService(tmp_path, servers, env={**env, "AI2TEXT_LOG_KILL_AT": f"sidecars_placed@{marks}"}) as service:
        service.drop("talk.wav")
        service.until_ingested(1)
        (job,) = service.requested()
        service.transcribe(job)
        assert service.process is not None
        assert service.process.wait(60) == -signal.SIGKILL
        assert files(service) == ["talk.srt", "talk.txt", "talk.wav"]
        with closing(Ledger(service.state / "inbox.sqlite3")) as ledger:
            (entry,) = ledger.of_recording(job.recording_id)
        assert entry.written == {}
        keys = keys_of(service.store, job)
        for key in keys:
            service.store.erase(key)
        entomb(service.store, job.recording_id)
        publish(service, erased(job.recording_id, keys))
        service.start()
        service.until(lambda: nothing_is_left(service))


@pytest.mark.slow
def test_a_file_that_may_not_be_deleted_is_left_and_nobody_asks_for_it_again(
    tmp_path: Path, servers: Servers, env: dict[str, str]
) -> None:
    prefix: list[str] = []
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("setpriv is missing")
        prefix = ["setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner"]
    with IngestionService(tmp_path, servers, env=env, prefix=prefix) as service:
        job = taken_in(service)
        service.inbox.chmod(0o555)
        erase(service, job)
        service.until(lambda: len(service.logged("file_erased")) == 1)
        service.until(lambda: stages(service) == [Stage.REFUSED])
        scans = len(service.logged("folder_reconciled"))
        service.stop()
        service.start()
        service.until(lambda: len(service.logged("folder_reconciled")) > scans)
        service.inbox.chmod(0o755)
        assert files(service) == ["talk.srt", "talk.txt", "talk.wav"]
        (said,) = service.logged("source_not_erased")
        assert said["recording_id"] == job.recording_id
        assert "talk" not in str(said)
        assert service.rejected() == []
        assert stages(service) == [Stage.REFUSED]


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.lesson("L12")
@pytest.mark.parametrize("folders", [None, MOVING], ids=["kept", "moved"])
def test_killed_at_each_step_of_an_erasure_it_leaves_nothing(
    tmp_path: Path, servers: Servers, env: dict[str, str], folders: str | None
) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    points = ["deletion_intended", "file_deleted", "file_erased", "sidecars_erased", "source_erased"]
    keep_versions(servers.s3)
    killed = {"AI2TEXT_LOG_KILL_AT": f"{','.join([*points, 'object_erased'])}@{marks}", **SOON_AND_OFTEN}
    with IngestionService(tmp_path, servers, folders, {**env, **killed}) as service:
        job = taken_in(service)
        entomb(service.store, job.recording_id)
        publish(service, erased(job.recording_id))
        service.until(lambda: sorted(path.name for path in marks.iterdir()) == points, 200, revive=True)
        service.until(lambda: files(service) == stages(service) == [], revive=True)
        publish(service, erased(job.recording_id, keys_of(service.store, job), publication=1))
        service.until((marks / "object_erased").exists, revive=True)
        service.until(lambda: service.readyz() == 200 and nothing_is_left(service), revive=True)
        assert service.rejected() == []


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.lesson("L12")
def test_killed_at_each_step_of_an_erasure_in_a_bucket_it_leaves_nothing(
    tmp_path: Path, servers: Servers, env: dict[str, str]
) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    points = ["object_sidecars_erased", "source_object_erased"]
    forgotten = "watched_object_erased"  # unless a listing finds before that there is nothing any more
    watched = servers.s3.model_copy(update={"bucket": f"owned-{servers.s3.bucket}"})
    owned = ObjectStore(watched)
    owned.make_ready()
    keep_versions(watched)
    table = f'[[bucket]]\nname = "archive"\nbucket = "{watched.bucket}"\nlist_seconds = 1.0\ndisposition = "move"\n'
    killed = {"AI2TEXT_LOG_KILL_AT": f"{','.join([*points, forgotten])}@{marks}", **SOON_AND_OFTEN}
    with IngestionService(tmp_path, servers, table, {**env, **killed}) as service:
        owned.put("talk.wav", WAV.read_bytes())
        service.until_ingested(1)
        (job,) = service.requested()
        service.transcribe(job)
        service.until(lambda: {"done/talk.srt", "done/talk.txt"} <= set(versions(watched)))
        erase(service, job)
        service.until(lambda: {path.name for path in marks.iterdir()} >= set(points), 200, revive=True)
        service.until(lambda: service.readyz() == 200, revive=True)
        service.until(lambda: [key for key in versions(watched) if not key.startswith(".ai2text/")] == [], revive=True)
        assert service.rejected() == []
