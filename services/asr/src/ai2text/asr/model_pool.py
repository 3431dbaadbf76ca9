"""Models, loaded when first asked for and kept within a budget of memory."""

import os
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from faster_whisper import WhisperModel

from ai2text.asr.batcher import CPU_BUDGET, GPU_BUDGET
from ai2text.asr.device import choose_device
from ai2text.asr.model_cache import ModelCache
from ai2text.asr.model_memory import PATIENCE_SECONDS, ModelMemory
from ai2text.asr.model_progress import Progress, State
from ai2text.asr.model_size import has_whole_decoder, loaded_bytes
from ai2text.asr.model_slot import Slot
from ai2text.asr.model_source import source_of
from ai2text.asr.open_model import OpenModel
from ai2text.asr.settings import AsrSettings
from ai2text.asr.transcript import engine_of
from ai2text.asr.whisper import Whisper
from ai2text.common import metrics
from ai2text.common.contracts.outcome import Engine
from ai2text.common.errors import Refused

log = structlog.get_logger()

GPU_WORKERS = 2
"""One prepares its batch while the other's is on the device."""
LOOK_SECONDS = 0.5
FAILURES_KEPT = 16
"""To be told about; who asks for such a model again has it tried again."""


class ModelPool:
    """Each model is loaded by a thread of its own: who wants another one does not wait for it."""

    def __init__(
        self, settings: AsrSettings, cache: ModelCache | None = None, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self._settings = settings
        self._device = choose_device(settings)
        budget = settings.model_memory_bytes or self._device.total_bytes() // 2
        self._memory = ModelMemory(budget, patience_seconds)
        self._opening = OpenModel(cache or ModelCache(settings.model_cache))
        self._failures: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._stop = threading.Event()

        on_gpu, cores = self._device.kind == "cuda", os.cpu_count() or 1
        self.threads = settings.cpu_threads or max(1, min(4, cores // 2))
        self.workers = GPU_WORKERS if on_gpu else max(1, cores // self.threads)
        self.budget = GPU_BUDGET if on_gpu else CPU_BUDGET

    def engine(self) -> Engine:
        return engine_of(self._device.kind, self._device.compute_type)

    def loaded(self, name: str) -> bool:
        with self._memory.changed:
            slot = self._memory.slots.get(source_of(name, self._settings))
            return slot is not None and slot.model is not None

    def facts(self) -> list[dict[str, Any]]:
        """Every model that is in memory, comes, goes, or failed lately."""
        with self._memory.changed:
            known = [slot.facts(self._device) for slot in (*self._memory.slots.values(), *self._memory.leaving)]
            return known + list(self._failures.values())

    @contextmanager
    def lease(self, name: str, go_on: Callable[[], None] = lambda: None) -> Iterator[Whisper]:
        """The model, which stays in memory until the block ends. Blocking.

        `go_on` is called while waiting, at least every second, and ends the wait by raising. Raises Refused for what
        is no model or does not fit, Unavailable when the hub or the store is away, RuntimeError when the device fails.
        """
        slot = self._claim(name, leases=1)
        try:
            yield _awaited(slot, go_on)
        finally:
            with self._memory.changed:
                slot.leases -= 1
                self._memory.settle(slot)
                self._memory.changed.notify_all()

    def load(self, name: str, seconds: float | None = None) -> None:
        """Has it loaded without using it; waits so long, or to the end. Raises as `lease` does."""
        slot = self._claim(name, leases=0)
        wait([slot.loading], seconds)
        if slot.loading.done():
            slot.loading.result()

    def unload(self, name: str) -> bool:
        """Whether it was loaded. It leaves the memory when its last user is done; one that is coming is left alone."""
        with self._memory.changed:
            slot = self._memory.slots.get(source_of(name, self._settings))
            if slot is None or slot.model is None:
                return False
            self._memory.send_away(slot)
            return True

    def unload_all(self) -> list[str]:
        """The names of those that were loaded."""
        with self._memory.changed:
            loaded = [slot for slot in self._memory.slots.values() if slot.model is not None]
            for slot in loaded:
                self._memory.send_away(slot)
            return [slot.name for slot in loaded]

    def close(self) -> None:
        """Ends downloads and waits for room; a later process goes on with them where they are."""
        self._stop.set()

    def _claim(self, name: str, leases: int) -> Slot:
        source = source_of(name, self._settings)
        with self._memory.changed:
            slot = self._memory.slots.get(source)
            if slot is None:
                slot = self._memory.slots[source] = Slot(name, source, Progress(name, self._stop))
                self._failures.pop(name, None)
                self._start(slot)
            self._memory.slots.move_to_end(source)
            slot.leases += leases
            return slot

    def _start(self, slot: Slot) -> None:
        executor = ThreadPoolExecutor(1, thread_name_prefix=f"model-{slot.name}")
        slot.loading = executor.submit(self._load, slot)
        executor.shutdown(wait=False)

    def _load(self, slot: Slot) -> Whisper:
        began = time.monotonic()
        try:
            return self._bring_in(slot)
        finally:
            outcome = State.FAILED if slot.model is None else State.READY
            metrics.MODEL_LOAD_SECONDS.labels(outcome).observe(time.monotonic() - began)
            slot.progress.end(outcome)
            if slot.model is None:
                self._note_failure(slot, sys.exception())

    def _bring_in(self, slot: Slot) -> Whisper:
        files = self._opening.open_model(slot.source, slot.progress)
        slot.revision = files.revision
        weights = files.folder / "model.bin"
        estimated = loaded_bytes(weights, self._device.compute_type)
        self._memory.set_aside(slot, estimated)
        slot.progress.state = State.LOADING
        alone, used = self._memory.alone(slot), self._device.used_bytes()
        model = Whisper(self._read(files.folder), files.revision, whole_decoder=has_whole_decoder(weights))
        grown = self._device.used_bytes() - used
        with self._memory.changed:
            slot.model = model
            if alone and self._memory.alone(slot):  # otherwise somebody else's memory was measured with it
                slot.size_bytes = max(estimated, grown)
            self._memory.changed.notify_all()
        log.info("model_loaded", model=slot.name, revision=slot.revision, size_bytes=slot.size_bytes)
        return model

    def _read(self, folder: Path) -> WhisperModel:
        try:
            return WhisperModel(
                str(folder),
                device=self._device.kind,
                device_index=self._device.index,
                compute_type=self._device.compute_type,
                cpu_threads=self.threads,
                num_workers=self.workers,
            )
        except RuntimeError as exc:
            if "CUDA" in str(exc):  # the device's fault, not the model's
                raise
            raise Refused("broken_model", f"The model in {folder} cannot be loaded: {exc}") from exc

    def _note_failure(self, slot: Slot, exc: BaseException | None) -> None:
        """Before those who wait are told, so that the next ask begins anew."""
        log.warning("model_failed", model=slot.name, error=str(exc))
        with self._memory.changed:
            self._memory.forget(slot)
            self._failures[slot.name] = {"name": slot.name, "state": State.FAILED.value, "reason": str(exc)}
            while len(self._failures) > FAILURES_KEPT:
                self._failures.popitem(last=False)


def _awaited(slot: Slot, go_on: Callable[[], None]) -> Whisper:
    while not slot.loading.done():
        wait([slot.loading], LOOK_SECONDS)
        go_on()
    return slot.loading.result()
