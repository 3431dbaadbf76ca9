"""Models from a hub that is slow, cut, wrong or away, and from the object store."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from huggingface_hub import constants

from ai2text.asr.model_cache import ModelCache
from ai2text.asr.model_files import ModelFiles, ModelUnavailable
from ai2text.asr.model_progress import Progress, State, Stopped
from ai2text.asr.model_source import HubModel, StoredModel
from ai2text.asr.open_model import OpenModel
from ai2text.common.errors import Refused
from ai2text.common.object_store import ObjectStore
from ai2text.common.settings import S3Settings
from tests.fixtures.model_hub import COMMIT, REPO, ModelHub, path_of
from tests.fixtures.stack import EAR

MODEL = HubModel(REPO)
WEIGHTS = path_of("model.bin")
DEADLINE_SECONDS = 60
FETCH = """
import sys, threading
from pathlib import Path
from ai2text.asr.model_cache import ModelCache
from ai2text.asr.model_progress import Progress
from ai2text.asr.model_source import HubModel
print(ModelCache(Path(sys.argv[1])).fetch(HubModel(sys.argv[2]), Progress("ear", threading.Event())).revision)
"""


def progress() -> Progress:
    return Progress("ear", threading.Event())


def fetching(hub: ModelHub, folder: Path) -> "subprocess.Popen[str]":
    """A worker of its own that downloads."""
    env = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HUB_CACHE": str(folder / "none"), "HF_HUB_OFFLINE": "0"}
    return subprocess.Popen(
        [sys.executable, "-c", FETCH, str(folder), REPO], env=env, stdout=subprocess.PIPE, text=True
    )


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def assert_whole(files: ModelFiles) -> None:
    assert files.revision == COMMIT
    for path in (EAR / "model").iterdir():
        assert (files.folder / path.name).read_bytes() == path.read_bytes()
    assert not list(files.folder.glob("*.partial"))


def test_a_model_is_downloaded_once_and_then_used_without_asking(hub: ModelHub, cache: ModelCache) -> None:
    seen = progress()
    assert_whole(cache.fetch(MODEL, seen))
    assert (seen.state, seen.share) == (State.DOWNLOADING, 1.0)
    asked = hub.requests.total()
    assert_whole(cache.fetch(MODEL, progress()))
    assert hub.requests.total() == asked


@pytest.mark.lesson("L42")
def test_l42_what_is_cut_is_resumed_where_it_was(hub: ModelHub, cache: ModelCache) -> None:
    hub.cuts = [1 << 20, 100_000, 1 << 20]
    assert_whole(cache.fetch(MODEL, progress()))
    assert hub.requests[WEIGHTS] == 4
    assert hub.served_bytes[WEIGHTS] == len(hub.files["model.bin"])


@pytest.mark.lesson("L42")
def test_l42_a_busy_hub_is_asked_again(hub: ModelHub, cache: ModelCache) -> None:
    hub.failures = 3
    assert_whole(cache.fetch(MODEL, progress()))


def test_a_hub_that_knows_no_ranges_begins_anew(hub: ModelHub, cache: ModelCache) -> None:
    hub.ranges, hub.cuts = False, [1 << 20]
    assert_whole(cache.fetch(MODEL, progress()))


def test_wrong_bytes_are_thrown_away_and_fetched_again(hub: ModelHub, cache: ModelCache) -> None:
    hub.spoiled = 1
    assert_whole(cache.fetch(MODEL, progress()))
    assert hub.requests[WEIGHTS] == 2


def test_bytes_that_stay_wrong_are_never_used(hub: ModelHub, cache: ModelCache) -> None:
    hub.spoiled = 100
    with pytest.raises(ModelUnavailable, match="other bytes"):
        cache.fetch(MODEL, progress())
    assert cache.find(MODEL) is None


def test_a_hub_that_is_away_is_unavailable_and_later_the_download_goes_on(hub: ModelHub, cache: ModelCache) -> None:
    hub.failures = 1000
    with pytest.raises(ModelUnavailable):
        cache.fetch(MODEL, progress())
    hub.failures, hub.cuts = 0, [1 << 20, 0, 0, 0, 0]
    with pytest.raises(ModelUnavailable):
        cache.fetch(MODEL, progress())
    hub.cuts = []
    assert_whole(cache.fetch(MODEL, progress()))
    assert hub.served_bytes[WEIGHTS] == len(hub.files["model.bin"])


def test_nobody_listening_is_unavailable(hub: ModelHub, cache: ModelCache) -> None:
    hub.go_away()
    with pytest.raises(ModelUnavailable, match="does not answer"):
        cache.fetch(MODEL, progress())


def test_a_wrong_name_is_refused_at_once(hub: ModelHub, cache: ModelCache) -> None:
    with pytest.raises(Refused, match="no model demo/nothing") as refused:
        cache.fetch(HubModel("demo/nothing"), progress())
    assert refused.value.code == "unknown_model"
    assert hub.requests.total() == 1


def test_a_repository_without_a_model_in_our_form_is_refused(hub: ModelHub, cache: ModelCache) -> None:
    del hub.files["tokenizer.json"]
    with pytest.raises(Refused, match=r"tokenizer\.json is missing"):
        cache.fetch(MODEL, progress())


@pytest.mark.lesson("L26")
def test_l26_two_processes_at_once_download_once_and_the_lock_stays(hub: ModelHub, tmp_path: Path) -> None:
    hub.open.clear()
    both = [fetching(hub, tmp_path), fetching(hub, tmp_path)]
    until(lambda: hub.requests[f"/api/models/{REPO}/revision/main"] == 2)
    lock = tmp_path / "hub--demo--ear/.lock"
    until(lock.exists)
    inode = lock.stat().st_ino
    hub.open.set()
    for process in both:
        assert process.communicate(timeout=DEADLINE_SECONDS)[0].splitlines()[-1] == COMMIT
    assert {path: hub.requests[path] for path in hub.requests if "resolve" in path} == {
        path_of(name): 1 for name in hub.files
    }
    assert lock.stat().st_ino == inode


@pytest.mark.lesson("L26")
@pytest.mark.lesson("L42")
def test_l26_l42_a_killed_download_is_gone_on_with_by_another_process(hub: ModelHub, tmp_path: Path) -> None:
    hub.block_seconds = 0.01
    killed = fetching(hub, tmp_path)
    until(lambda: hub.served_bytes[WEIGHTS] > 3 << 20)
    hub.open.clear()
    waiting = fetching(hub, tmp_path)
    until(lambda: hub.requests[f"/api/models/{REPO}/revision/main"] == 2)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    hub.open.set()
    assert waiting.communicate(timeout=DEADLINE_SECONDS)[0].splitlines()[-1] == COMMIT
    assert hub.served_bytes[WEIGHTS] < 2 * len(hub.files["model.bin"])
    assert hub.requests[WEIGHTS] == 2
    found = ModelCache(tmp_path).find(MODEL)
    assert found is not None
    assert_whole(found)


def test_who_waits_for_anothers_download_sees_how_far_it_is(hub: ModelHub, tmp_path: Path) -> None:
    hub.block_seconds = 0.02
    other = fetching(hub, tmp_path)
    until(lambda: hub.served_bytes[WEIGHTS] > 0)
    seen = progress()
    waiting = threading.Thread(target=ModelCache(tmp_path).fetch, args=(MODEL, seen))
    waiting.start()
    until(lambda: 0 < (seen.share or 0) < 1)
    waiting.join(DEADLINE_SECONDS)
    other.communicate(timeout=DEADLINE_SECONDS)
    assert hub.requests[WEIGHTS] == 1


def test_what_was_abandoned_of_an_older_revision_is_swept(hub: ModelHub, cache: ModelCache, tmp_path: Path) -> None:
    old = tmp_path / "models/hub--demo--ear" / ("f" * 40)
    old.mkdir(parents=True)
    (old / "model.bin.partial").write_bytes(b"x")
    files = cache.fetch(MODEL, progress())
    assert not old.exists()
    assert (files.folder.parent / ".lock").exists()


def test_a_stopping_process_leaves_its_download_at_once(hub: ModelHub, cache: ModelCache) -> None:
    hub.block_seconds = 0.01
    stop = threading.Event()
    seen, ended = Progress("ear", stop), threading.Event()

    def fetch() -> None:
        with pytest.raises(Stopped):
            cache.fetch(MODEL, seen)
        ended.set()

    fetching = threading.Thread(target=fetch)
    fetching.start()
    until(lambda: seen.done_bytes > 1 << 20)
    stop.set()
    fetching.join(DEADLINE_SECONDS)
    assert ended.is_set()
    assert_whole(cache.fetch(MODEL, progress()))
    assert hub.served_bytes[WEIGHTS] < 2 * len(hub.files["model.bin"])


def test_offline_a_complete_cache_is_enough_and_nothing_is_written_into_it(
    hub: ModelHub, cache: ModelCache, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cache.fetch(MODEL, progress())
    asked, before = hub.requests.total(), _tree(tmp_path)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert_whole(OpenModel(cache).open_model(MODEL, progress()))
    with pytest.raises(Refused, match="HF_HUB_OFFLINE") as refused:
        cache.fetch(HubModel("demo/other"), progress())
    assert refused.value.code == "model_not_cached"
    assert (hub.requests.total(), _tree(tmp_path)) == (asked, before)


def _tree(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_a_cache_without_its_mark_is_not_believed(hub: ModelHub, cache: ModelCache) -> None:
    files = cache.fetch(MODEL, progress())
    (files.folder / ".complete").unlink()
    assert cache.find(MODEL) is None
    assert_whole(cache.fetch(MODEL, progress()))


def test_a_disk_that_changed_a_byte_is_noticed_and_the_file_fetched_again(hub: ModelHub, cache: ModelCache) -> None:
    files = cache.fetch(MODEL, progress())
    weights = bytearray(hub.files["model.bin"])
    weights[1 << 20] ^= 1
    (files.folder / "model.bin").write_bytes(weights)
    assert_whole(OpenModel(cache).open_model(MODEL, progress()))
    assert hub.requests[WEIGHTS] == 2
    assert hub.requests[path_of("tokenizer.json")] == 1


def test_what_huggingface_hub_has_downloaded_before_is_used(hub: ModelHub, cache: ModelCache) -> None:
    home = Path(constants.HF_HUB_CACHE) / "models--demo--ear"
    shutil.copytree(EAR / "model", home / "snapshots" / COMMIT)
    (home / "refs").mkdir()
    (home / "refs/main").write_text(COMMIT)
    assert_whole(cache.fetch(MODEL, progress()))
    assert hub.requests.total() == 0


def test_a_model_in_the_object_store_is_fetched_once(
    object_store: ObjectStore, s3_settings: S3Settings, tmp_path: Path
) -> None:
    for path in (EAR / "model").iterdir():
        object_store.put(f"models/ear/{path.name}", path.read_bytes(), "application/octet-stream")
    cache = ModelCache(tmp_path, s3_settings, (0.05,))
    model = StoredModel(s3_settings.bucket, "models/ear/")
    files = cache.fetch(model, progress())
    assert (files.folder / "model.bin").read_bytes() == (EAR / "model/model.bin").read_bytes()
    assert files.revision is not None
    object_store.delete("models/ear/model.bin")
    assert cache.fetch(model, progress()) == files
    with pytest.raises(Refused, match=r"holds no model"):
        cache.fetch(StoredModel(s3_settings.bucket, "models/none/"), progress())


def test_the_hub_of_the_tests_answers_with_ranges(hub: ModelHub) -> None:
    answer = httpx.get(f"{hub.url}{WEIGHTS}", headers={"Range": "bytes=5-"})
    assert (answer.status_code, answer.content) == (206, hub.files["model.bin"][5:])
