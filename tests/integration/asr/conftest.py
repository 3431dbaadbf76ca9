"""A worker's parts, shared by the tests of a file; a model hub that they speak to, and a cache of its own for each."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from huggingface_hub import constants

from ai2text.asr.batcher import Batcher
from ai2text.asr.cancellations import Cancellations
from ai2text.asr.decode_recording import Decoder
from ai2text.asr.model_cache import ModelCache
from ai2text.asr.model_pool import ModelPool
from ai2text.asr.settings import AsrSettings
from ai2text.asr.transcribe_recording import TranscribeRecording
from ai2text.audio.sandbox import Sandbox, SandboxSettings
from ai2text.common.clock import utc_now
from ai2text.common.jetstream import Broker
from ai2text.common.object_store import ObjectStore
from tests.fixtures.model_hub import ModelHub
from tests.fixtures.stack import EAR
from tests.integration.asr.worker import Worker


@pytest.fixture(scope="module")
def models() -> ModelPool:
    return ModelPool(AsrSettings(model="ear", model_paths={"ear": str(EAR / "model")}))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(children=1)) as opened:
        yield opened


@pytest.fixture(scope="module")
def batcher(models: ModelPool) -> Iterator[Batcher]:
    with Batcher(models.budget, models.workers) as opened:
        yield opened


@pytest.fixture(scope="module")
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as opened:
        yield opened


@pytest.fixture
async def worker(
    broker: Broker,
    object_store: ObjectStore,
    sandbox: Sandbox,
    models: ModelPool,
    batcher: Batcher,
    threads: ThreadPoolExecutor,
) -> Worker:
    decoder = Decoder(object_store, sandbox, models, batcher, utc_now)
    cancellations = Cancellations()
    use_case = TranscribeRecording(broker, object_store, decoder, cancellations, threads, "test/1", utc_now)
    return Worker(use_case, cancellations, broker, object_store)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ModelHub]:
    with ModelHub() as running:
        monkeypatch.setattr(constants, "ENDPOINT", running.url)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hubs-own"))
        yield running


@pytest.fixture
def cache(tmp_path: Path) -> ModelCache:
    """Its pauses are short."""
    return ModelCache(tmp_path / "models", pauses_seconds=(0.05, 0.05, 0.05))
