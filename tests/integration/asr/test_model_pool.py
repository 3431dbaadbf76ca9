"""The pool with real models: who waits for whom, what makes room, and that nothing is left behind."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from ai2text.asr.model_cache import ModelCache
from ai2text.asr.model_pool import ModelPool
from ai2text.asr.model_size import loaded_bytes
from ai2text.asr.settings import AsrSettings
from ai2text.common.errors import Refused, Unavailable
from tests.fixtures.model_hub import COMMIT, REPO, ModelHub
from tests.fixtures.one_window import heard
from tests.fixtures.stack import EAR

WEIGHTS = EAR / "model/model.bin"
ONE_BYTES = loaded_bytes(WEIGHTS, "int8")
SAMPLE, TEXT = "01-the-weather-is-here.wav", "The weather is here I wish you were beautiful."
DEADLINE_SECONDS = 30
GROWTH_BYTES = 12 << 20
"""Two models and a half; eight cycles of two that were not freed would be 90 MB."""


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The same model in three folders."""
    folder = tmp_path_factory.mktemp("models")
    for name in ("one", "two", "three"):
        shutil.copytree(EAR / "model", folder / name)
    return {path.name: str(path) for path in folder.iterdir()}


Make = Callable[..., ModelPool]


@pytest.fixture
def make(paths: dict[str, str], cache: ModelCache) -> Iterator[Make]:
    made: list[ModelPool] = []

    def pool(budget_bytes: int, patience_seconds: float = 30) -> ModelPool:
        settings = AsrSettings(model="one", model_paths=paths, model_memory_bytes=budget_bytes, device="cpu")
        made.append(ModelPool(settings, cache, patience_seconds))
        return made[-1]

    yield pool
    for each in made:
        each.close()


def names(pool: ModelPool, state: str = "ready") -> list[str]:
    return [facts["name"] for facts in pool.facts() if facts["state"] == state]


def use(pool: ModelPool, name: str) -> str:
    with pool.lease(name) as whisper:
        return heard(whisper, SAMPLE)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_model_is_loaded_when_it_is_asked_for_and_kept(make: Make) -> None:
    pool = make(1 << 30)
    assert pool.facts() == []
    assert use(pool, "one") == TEXT
    with pool.lease("one") as first, pool.lease("one") as second:
        assert first is second
        (facts,) = pool.facts()
        assert (facts["state"], facts["in_use"], facts["device"], facts["compute_type"]) == ("ready", 2, "cpu", "int8")
        assert facts["size_bytes"] >= ONE_BYTES
        assert len(facts["revision"]) == 40


@pytest.mark.lesson("L14")
def test_l14_nothing_to_unload_is_no_error(make: Make) -> None:
    pool = make(1 << 30)
    assert pool.unload("one") is False
    assert pool.unload_all() == []
    use(pool, "one")
    use(pool, "two")
    assert pool.unload("one") is True
    assert names(pool) == ["two"]
    assert pool.unload_all() == ["two"]
    assert pool.facts() == []
    assert use(pool, "two")


@pytest.mark.lesson("L14")
def test_l14_the_least_recently_used_one_makes_room(make: Make) -> None:
    pool = make(1 << 40)
    for name in ("one", "two", "one"):
        use(pool, name)
    sizes = [facts["size_bytes"] for facts in pool.facts()]
    pool._memory.budget_bytes = sum(sizes) + ONE_BYTES // 2  # noqa: SLF001 - what is measured varies
    use(pool, "three")
    assert names(pool) == ["one", "three"]


def test_a_model_in_use_is_never_evicted_and_the_next_one_waits_for_it(make: Make) -> None:
    pool = make(ONE_BYTES + 1)
    with ThreadPoolExecutor(1) as executor:
        with pool.lease("one") as model:
            asked = executor.submit(use, pool, "two")
            until(lambda: names(pool, "waiting") == ["two"])
            assert model.loaded
            assert not asked.done()
        assert asked.result(DEADLINE_SECONDS)
    assert names(pool) == ["two"]
    assert not model.loaded


@pytest.mark.lesson("L29")
def test_l29_a_batch_of_a_job_that_was_called_off_ends_before_the_model_is_gone(make: Make) -> None:
    """CTranslate2 unloads nothing while it works, and does not say so."""
    pool = make(ONE_BYTES + 1)
    with pool.lease("one") as first:
        pass
    with ThreadPoolExecutor(1) as executor:
        batch = executor.submit(heard, first, SAMPLE, times=32)
        until(lambda: first._model.model.num_active_batches > 0)  # noqa: SLF001 - CTranslate2's own word
        pool.unload("one")
        assert names(pool, "leaving") == ["one"]
        with pool.lease("two"):
            assert batch.done()
            assert not first.loaded
        assert batch.result() == TEXT
    assert names(pool) == ["two"]


@pytest.mark.lesson("L29")
def test_l29_the_second_model_is_loaded_only_when_the_first_is_gone(make: Make) -> None:
    pool = make(ONE_BYTES + 1)
    with pool.lease("one") as first:
        pass
    with pool.lease("two") as second:
        assert not first.loaded
        assert second.loaded
        assert names(pool) == ["two"]
    use(pool, "one")
    assert not second.loaded


def test_a_steady_stream_for_one_model_does_not_keep_another_out(make: Make) -> None:
    pool, stop = make(ONE_BYTES + 1, patience_seconds=0.2), threading.Event()

    def stream() -> None:
        while not stop.is_set():
            with pool.lease("one"):
                time.sleep(0.02)

    with ThreadPoolExecutor(3) as executor:
        streams = [executor.submit(stream) for _ in range(3)]
        try:
            until(lambda: names(pool) == ["one"])
            with pool.lease("two"):
                assert "two" in names(pool)
        finally:
            stop.set()
        for each in streams:
            each.result(DEADLINE_SECONDS)


def test_a_model_larger_than_the_budget_is_refused_with_both_figures(make: Make) -> None:
    pool = make(ONE_BYTES - 1)
    with pytest.raises(Refused, match=rf"{ONE_BYTES} .*{ONE_BYTES - 1}") as refused:
        use(pool, "one")
    assert refused.value.code == "model_too_large"


def test_many_who_ask_at_once_get_the_one_that_was_loaded(make: Make) -> None:
    pool, gate = make(1 << 30), threading.Barrier(8)

    def ask() -> int:
        gate.wait()
        with pool.lease("one") as model:
            return id(model)

    with ThreadPoolExecutor(8) as executor:
        assert len({each.result(DEADLINE_SECONDS) for each in [executor.submit(ask) for _ in range(8)]}) == 1


def test_a_hung_download_keeps_only_those_waiting_who_want_that_model(make: Make, hub: ModelHub) -> None:
    hub.open.clear()
    pool = make(1 << 30)
    with ThreadPoolExecutor(1) as executor:
        waiting = executor.submit(use, pool, REPO)
        until(lambda: names(pool, "downloading") == [REPO])
        assert use(pool, "one")
        assert not waiting.done()
        hub.open.set()
        assert waiting.result(DEADLINE_SECONDS) == TEXT
    assert {facts["revision"] for facts in pool.facts() if facts["name"] == REPO} == {COMMIT}


@pytest.mark.lesson("L36")
def test_l36_a_download_tells_how_far_it_is(make: Make, hub: ModelHub) -> None:
    hub.block_seconds = 0.01
    pool, shares = make(1 << 30), set[float]()

    def look() -> bool:
        shares.update(facts["progress"] for facts in pool.facts() if facts["state"] == "downloading")
        return pool.loaded(REPO)

    pool.load(REPO, seconds=0)
    until(look)
    assert len(shares) > 5
    assert all(0 <= share <= 1 for share in shares)


def test_who_waits_can_be_called_off(make: Make, hub: ModelHub) -> None:
    hub.open.clear()
    pool = make(1 << 30)

    def go_on() -> None:
        raise KeyError("cancelled")

    with pytest.raises(KeyError, match="cancelled"), pool.lease(REPO, go_on):
        pass
    assert [facts["in_use"] for facts in pool.facts()] == [0]


def test_a_wrong_name_is_refused_and_told_of_and_can_be_asked_again(make: Make, hub: ModelHub) -> None:
    pool = make(1 << 30)
    for _ in range(2):
        with pytest.raises(Refused, match="no model demo/nothing"):
            use(pool, "demo/nothing")
    until(lambda: names(pool, "failed") == ["demo/nothing"])
    assert "no model demo/nothing" in pool.facts()[0]["reason"]


def test_a_hub_that_is_away_is_unavailable_and_the_next_ask_tries_again(make: Make, hub: ModelHub) -> None:
    pool = make(1 << 30)
    hub.failures = 1000
    with pytest.raises(Unavailable):
        use(pool, REPO)
    hub.failures = 0
    assert use(pool, REPO)
    assert names(pool, "failed") == []


def test_a_file_that_is_no_model_is_refused(make: Make, paths: dict[str, str], tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(EAR / "model", broken)
    (broken / "model.bin").write_bytes(WEIGHTS.read_bytes()[:1000])
    pool = ModelPool(AsrSettings(model=str(broken), device="cpu"))
    with pytest.raises(Refused) as refused:
        use(pool, str(broken))
    assert refused.value.code == "broken_model"


def test_a_place_that_the_operator_did_not_name_is_refused(make: Make) -> None:
    with pytest.raises(Refused, match="AI2TEXT_ASR_MODEL_PATHS"):
        use(make(1 << 30), str(EAR / "model"))


@pytest.mark.lesson("L27")
def test_l27_memory_after_many_cycles_is_that_after_a_few(make: Make) -> None:
    """Loaded, used, failed, unloaded, and evicted."""
    pool, process = make(ONE_BYTES + 1), psutil.Process()

    def cycle() -> int:
        use(pool, "one")
        with pytest.raises(Refused), pool.lease("no-such-model"):
            pass
        with pytest.raises(ZeroDivisionError), pool.lease("two"):
            1 / 0  # noqa: B018
        pool.unload_all()
        return int(process.memory_info().rss)

    settled = max(cycle() for _ in range(3))
    assert max(cycle() for _ in range(8)) - settled < GROWTH_BYTES
