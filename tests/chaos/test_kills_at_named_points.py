"""Real processes, a real SIGKILL at a named point, and a look from outside afterwards.

A point is the moment at which a service would log an event; see AI2TEXT_LOG_KILL_AT. Each point is reached once,
the supervisor starts the service again, and no hand is lent.
"""

import hashlib
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ai2text.common.object_store import ObjectStore
from tests.fixtures.nothing_lost import SAMPLES, SOON, check_nothing_lost_and_nothing_double
from tests.fixtures.stack import SAMPLES as EAR_SAMPLES
from tests.fixtures.stack import Stack, running
from tests.fixtures.wide_wave import wide_wave

pytestmark = pytest.mark.timeout(600)

POINTS = {
    "ingestion": ["audio_stored", "recording_stored", "recording_announced", "transcription_requested"],
    "asr": ["transcription_started", "recording_decoded", "outcome_written", "outcome_announced"],
    "metadata": ["transcript_read", "reports_saved", "reports_persisted", "transcript_persisted"],
}


@pytest.mark.slow
@pytest.mark.lesson("L24")
@pytest.mark.parametrize("service", POINTS)
def test_a_service_killed_at_each_of_its_steps_loses_and_doubles_nothing(tmp_path: Path, service: str) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    points = POINTS[service]
    with running(tmp_path, env={**SOON, "AI2TEXT_LOG_KILL_AT": f"{','.join(points)}@{marks}"}) as stack:
        stack.drop(*SAMPLES)
        check_nothing_lost_and_nothing_double(stack)
        assert sorted(path.name for path in marks.iterdir()) == sorted(points)


@pytest.mark.slow
@pytest.mark.parametrize("server", ["nats-server", "postgres", "weed"])
def test_a_server_killed_while_a_job_is_decoded_loses_and_doubles_nothing(tmp_path: Path, server: str) -> None:
    with running(tmp_path, env=SOON) as stack:
        stack.drop(*SAMPLES)
        stack.until_logged("asr", "transcription_started")
        stack.kill(server)
        check_nothing_lost_and_nothing_double(stack)


@pytest.mark.slow
@pytest.mark.lesson("L50")
def test_killing_the_whole_stack_leaves_no_process_and_the_next_start_finishes_the_work(tmp_path: Path) -> None:
    stack = Stack(tmp_path, env=SOON).start()
    stack.drop(*SAMPLES)
    stack.until_logged("asr", "transcription_started")
    assert stack.process is not None
    os.kill(stack.process.pid, signal.SIGKILL)
    stack.process.wait()
    stack.process = None
    stack.until(lambda: stack.leftovers() == [], 20)
    (stack.data / "run.json").unlink(missing_ok=True)
    stack.start()
    try:
        check_nothing_lost_and_nothing_double(stack)
    finally:
        stack.stop()
    assert stack.leftovers() == []


@pytest.mark.slow
@pytest.mark.lesson("L02b")
def test_the_orchestrator_killed_at_each_of_its_steps_publishes_the_version_once_and_rebuilds_it(
    tmp_path: Path,
) -> None:
    """Three recordings, each a shard."""
    marks = tmp_path / "marks"
    marks.mkdir()
    planning = ["dataset_claimed", "dataset_rows_stored", "dataset_planned", "dataset_shards_requested"]
    making = ["dataset_audio_cut", "dataset_shard_made", "dataset_shard_ended"]
    ending = ["dataset_files_stored", "dataset_ended", "dataset_announced"]
    rebuilding = ["rebuild_claimed", "dataset_rebuilt"]
    points = [*planning, *making, *ending, *rebuilding]
    env = {
        **SOON,
        "AI2TEXT_ORCHESTRATOR_SHARD_BYTES": "1",
        "AI2TEXT_LOG_KILL_AT": f"{','.join(points)}@{marks}",
    }
    with running(tmp_path, env=env) as stack:
        stack.drop(*SAMPLES[:3])
        stack.wait_until_settled(SAMPLES[:3])

        def died_at(expected: list[str]) -> bool:
            return sorted(path.name for path in marks.iterdir()) == sorted(expected)

        def at_rest() -> bool:
            return stack.objects(".ai2text/datasets-building/") == [] and stack.messages("WORK") == 0

        assert stack.post("/v1/datasets", json=CUT_AND_PACKED).status_code == 503, "it died before it could answer"
        stack.until(lambda: died_at([*planning, *making, *ending]) and at_rest(), 300)
        version = stack.get("/v1/datasets/killed/versions/1").json()
        check_published_once(stack, version)
        assert stack.post("/v1/datasets/killed/versions/1/rebuild").status_code == 503
        stack.until(lambda: died_at(points) and at_rest(), 300)
        rebuilt = stack.get("/v1/datasets/killed/versions/1").json()
        assert (rebuilt.pop("rebuild")["status"], version.pop("rebuild")) == ("published", None)
        assert rebuilt == version
        check_published_once(stack, rebuilt)


CUT_AND_PACKED = {
    "name": "killed",
    "segmentation": "segments",
    "audio": {"codec": "flac"},
    "formats": ["nemo", "webdataset"],
}


def check_published_once(stack: Stack, version: dict[str, Any]) -> None:
    """Nothing stands but what the version names, and that is what it says."""
    assert (version["status"], version["error"]) == ("published", None)
    assert version["report"]["rows"] >= 3
    (listed,) = stack.get("/v1/datasets").json()["items"]
    assert (listed["version"], listed["status"]) == (1, "published")
    path = "/v1/datasets/killed/versions/1/files"
    for file in version["files"]:
        content = stack.get(f"{path}/{file['path']}").content
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (file["sha256"], file["bytes"]), file["path"]
    packed = [file["path"] for file in version["files"] if file["path"].endswith(".tar")]
    assert sorted(packed) == [f"webdataset/train-{number:06}.tar" for number in range(3)]
    own = {file["sha256"] for file in version["files"] if not file["path"].startswith("audio/")}
    assert len(stack.objects("default/dataset-files/")) == len(own) + len(["references", "sources", "audio"])
    cuts = {file["sha256"] for file in version["files"] if file["path"].startswith("audio/")}
    assert sorted(key.rpartition("-")[2] for key in stack.objects("default/cuts/")) == sorted(
        f"{one}.flac" for one in cuts
    )
    assert len(stack.objects("default/dataset-plans/")) == 1
    assert stack.objects("default/dataset-shards/") == []
    assert stack.messages("DEAD") == 0


@pytest.mark.slow
@pytest.mark.lesson("L12")
def test_completing_an_upload_killed_at_each_of_its_steps_makes_one_recording_once(tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    points = ["staged_hashed", "staged_copied", "staged_stored", "recording_announced", "upload_answered"]
    env = {**SOON, "AI2TEXT_LOG_KILL_AT": f"{','.join(points)}@{marks}"}
    with running(tmp_path, env=env) as stack:
        content = b"".join(wide_wave(6 << 20))
        upload = f"/v1/uploads/{stack.post('/v1/uploads', json={'name': 'wide.wav'}).json()['upload_id']}"
        for number, part in enumerate((content[: 5 << 20], content[5 << 20 :]), start=1):
            assert stack.put(f"{upload}/parts/{number}", content=part).status_code == 200
        stack.until(lambda: stack.post(f"{upload}/complete").status_code in {200, 202})
        assert sorted(path.name for path in marks.iterdir()) == sorted(points)
        answer = stack.post(f"{upload}/complete").json()
        job = stack.get(f"/v1/jobs/{answer['job_id']}", wait="60").json()
        assert job["status"] == "completed"
        (item,) = stack.recordings()
        assert item["sha256"] == hashlib.sha256(content).hexdigest()
        for prefix in ("audio", "facts", "outcomes"):
            assert len(stack.objects(f"default/{prefix}/")) == 1
        assert not [key for key in stack.objects("default/staging/") if "/part-" in key]
        assert stack.messages("DEAD") == 0


@pytest.mark.slow
@pytest.mark.lesson("L12")
def test_an_upload_whose_ingestion_was_killed_leaves_nothing_after_the_sweep(tmp_path: Path) -> None:
    with running(tmp_path, env={**SOON, "AI2TEXT_UPLOAD_ABANDONED_HOURS": "0.002"}) as stack:
        store = stack.store()
        content = b"".join(wide_wave(120 << 20))
        with ThreadPoolExecutor(1) as sender:
            sending = sender.submit(stack.post, "/v1/recordings", content=content)
            stack.until(lambda: list(store.unfinished()) != [] or sending.done())
            assert not sending.done(), "it was stored before it could be killed"
            stack.kill(r"ai2text\.ingestion")
            assert sending.result().status_code == 503
        stack.until(lambda: list(store.unfinished()) == [])
        assert stack.objects("default/") == []
        assert [path.name for path in (stack.data / "ingestion").iterdir() if "sqlite3" not in path.name] == []
        answer = stack.post("/v1/recordings", content=content)
        assert answer.status_code == 202, answer.text


@pytest.mark.slow
@pytest.mark.lesson("L12")
def test_ingestion_killed_between_reading_a_correction_and_writing_it_writes_it(tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    with running(tmp_path, env={**SOON, "AI2TEXT_LOG_KILL_AT": f"corrected_text_read@{marks}"}) as stack:
        stack.drop(SAMPLES[0])
        recording = stack.wait_until_settled([SAMPLES[0]])[SAMPLES[0]]["recording_id"]
        path = f"/v1/recordings/{recording}/transcript"
        replaced = {"find": "e", "replace": "E"}
        answer = stack.post(f"{path}/replace", json=replaced, headers={"If-Match": '"1"'})
        assert answer.status_code == 200, answer.text
        said = stack.get(path, format="txt").text
        sidecar = (stack.inbox / SAMPLES[0]).with_suffix(".txt")
        stack.until(lambda: [path.name for path in marks.iterdir()] == ["corrected_text_read"])
        stack.until(lambda: sidecar.read_text() == said)
        stack.wait_until_settled([SAMPLES[0]])
        assert "E" in sidecar.read_text()
        assert stack.messages("DEAD") == 0


BUCKET = """
[[bucket]]
name = "archive"
bucket = "archive"
model = "ear"
disposition = "move"
list_seconds = 1.0
"""


@pytest.mark.slow
@pytest.mark.lesson("L12")
def test_ingestion_killed_at_each_step_of_an_object_takes_it_once(tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    (tmp_path / "sources.toml").write_text(BUCKET)
    points = [
        *("object_staged", "staged_hashed", "staged_copied", "staged_stored", "object_stored", "recording_announced"),
        *("object_announced", "object_moved", "object_disposed", "object_sidecars_written"),
    ]
    env = {
        **SOON,
        "AI2TEXT_LOG_KILL_AT": f"{','.join(points)}@{marks}",
        "AI2TEXT_SOURCES_FILE": str(tmp_path / "sources.toml"),
    }
    with running(tmp_path, env=env) as stack:
        archive = stack.store("archive")
        archive.make_ready()
        for name in SAMPLES[:2]:
            archive.put(name, (EAR_SAMPLES / name).read_bytes())
        stem = SAMPLES[0].rpartition(".")[0]
        stack.until(lambda: sorted(path.name for path in marks.iterdir()) == sorted(points), 300)
        found = stack.wait_until_settled(SAMPLES[:2])
        stack.until(lambda: archive.exists(f"done/{stem}.srt"))
        assert {item["status"] for item in found.values()} == {"transcribed"}
        assert {item["sources"][0]["kind"] for item in found.values()} == {"bucket"}
        assert archive.get(f"done/{SAMPLES[0]}") == (EAR_SAMPLES / SAMPLES[0]).read_bytes()
        stack.until(lambda: len([key for key in listed(archive) if key.endswith((".txt", ".srt"))]) == 4, 300)
        assert [key for key in listed(archive) if not key.startswith(("done/", ".ai2text/"))] == []
        assert len(listed(archive, "done/")) == 6
        for prefix in ("audio", "facts", "outcomes"):
            assert len(stack.objects(f"default/{prefix}/")) == 2
        assert stack.objects("default/staging/") == []
        assert stack.messages("DEAD") == 0


def listed(store: ObjectStore, prefix: str = "") -> list[str]:
    return [found.key for found in store.list(prefix)]
