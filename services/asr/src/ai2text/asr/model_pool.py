"""Models, loaded when first asked for and kept within a bound."""

import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ctranslate2
import structlog
from faster_whisper import WhisperModel
from huggingface_hub.errors import RepositoryNotFoundError

from ai2text.asr.batcher import CPU_BUDGET, GPU_BUDGET
from ai2text.asr.settings import AsrSettings
from ai2text.asr.transcript import engine_of
from ai2text.asr.whisper import Whisper
from ai2text.common.contracts.outcome import Engine
from ai2text.common.errors import Refused, Unavailable

log = structlog.get_logger()

GPU_WORKERS = 2
"""One prepares its batch while the other's is on the device."""


class ModelUnavailable(Unavailable):
    """The model hub did not answer; the job waits."""


class ModelPool:
    """Loads one model at a time; a job that needs a model waits for it here."""

    def __init__(self, settings: AsrSettings) -> None:
        self._settings = settings
        self._models: OrderedDict[str, Whisper] = OrderedDict()
        self._lock = threading.Lock()
        self.device = _device(settings.device)
        self.compute_type = settings.compute_type or ("float16" if self.device == "cuda" else "int8")

        cores = os.cpu_count() or 1
        self.threads = settings.cpu_threads or max(1, min(4, cores // 2))
        self.workers = GPU_WORKERS if self.device == "cuda" else max(1, cores // self.threads)
        self.budget = GPU_BUDGET if self.device == "cuda" else CPU_BUDGET

    def loaded(self, name: str) -> bool:
        return name in self._models

    def facts(self) -> list[dict[str, str]]:
        """The models in memory, for those who look at the service from outside."""
        return [
            {"name": name, "device": self.device, "compute_type": self.compute_type} for name in tuple(self._models)
        ]

    def engine(self) -> Engine:
        return engine_of(self.device, self.compute_type)

    @contextmanager
    def lease(self, name: str) -> Iterator[Whisper]:
        """See `get`."""
        yield self.get(name)

    def get(self, name: str) -> Whisper:
        """Blocking. Raises ModelUnavailable when the hub is away, Refused when there is no such model."""
        with self._lock:
            if name not in self._models:
                self._make_room()
                self._models[name] = self._load(name)
            self._models.move_to_end(name)
            return self._models[name]

    def _make_room(self) -> None:
        while len(self._models) >= self._settings.models_in_memory:
            evicted, _ = self._models.popitem(last=False)
            log.info("model_evicted", model=evicted)

    def _load(self, name: str) -> Whisper:
        log.info("model_loading", model=name, device=self.device, compute_type=self.compute_type)
        source = self._settings.model_paths.get(name, name)
        if Path(source).is_absolute() and not (Path(source) / "model.bin").is_file():
            raise Refused("unknown_model", f"There is no CTranslate2 model in the folder {source}.")
        try:
            model = WhisperModel(
                source,
                device=self.device,
                compute_type=self.compute_type,
                cpu_threads=self.threads,
                num_workers=self.workers,
            )
        except (ValueError, RepositoryNotFoundError) as exc:  # no such size; no such repository on the hub
            raise Refused("unknown_model", f"The model {name!r} is not known: {exc}") from exc
        except OSError as exc:  # huggingface_hub: not cached and no answer
            raise ModelUnavailable(f"The model {name!r} cannot be had at the moment: {exc}") from exc
        log.info("model_loaded", model=name)
        return Whisper(model)


def _device(wanted: str) -> str:
    if wanted != "auto":
        return wanted
    return "cuda" if ctranslate2.get_cuda_device_count() > 0 else "cpu"
