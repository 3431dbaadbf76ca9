"""The memory that models may take together: set aside before one is loaded, given back when it is gone.

Who asks first gets room first. A model that nobody uses makes room at once, the least recently used one first; one in
use is left alone for a while, and then lets nobody in any more, so that a steady stream of jobs for one model cannot
keep another out for ever.
"""

import threading
import time
from collections import OrderedDict, deque

import structlog

from ai2text.asr.device import return_freed_memory
from ai2text.asr.model_progress import State
from ai2text.asr.model_slot import Slot
from ai2text.asr.model_source import Source
from ai2text.common import metrics
from ai2text.common.errors import Refused

log = structlog.get_logger()

PATIENCE_SECONDS = 30.0
"""A switch costs seconds of loading, so a stream of jobs may go on for so long before it has to make room."""
LOOK_SECONDS = 0.5


class ModelMemory:
    """The table of models and the budget they share; `changed` guards both and is told of each change."""

    def __init__(self, budget_bytes: int, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self.budget_bytes = budget_bytes
        self.changed = threading.Condition()
        self.slots: OrderedDict[Source, Slot] = OrderedDict()
        """By what the names stand for; the least recently used one first."""
        self.leaving: list[Slot] = []
        self._queue: deque[Slot] = deque()
        self._patience_seconds = patience_seconds
        metrics.MODEL_MEMORY_BUDGET_BYTES.set(budget_bytes)

    def taken_bytes(self) -> int:
        return sum(slot.size_bytes for slot in (*self.slots.values(), *self.leaving))

    def alone(self, slot: Slot) -> bool:
        """Whether no other model is used, comes or goes, so that what the memory grows by is its own."""
        return not self.leaving and all(other.idle for other in self.slots.values() if other is not slot)

    def set_aside(self, slot: Slot, size_bytes: int) -> None:
        """Blocks until there is room. Raises Refused for what can never fit, Stopped when the process ends."""
        if size_bytes > self.budget_bytes:
            raise Refused(
                "model_too_large",
                f"The model {slot.name} takes about {size_bytes} bytes of memory, and all models together may take "
                f"{self.budget_bytes} (AI2TEXT_ASR_MODEL_MEMORY_BYTES).",
            )
        with self.changed:
            self._queue.append(slot)
            try:
                self._wait_for_room(slot, size_bytes)
            finally:
                self._queue.remove(slot)
                self.changed.notify_all()
            slot.size_bytes = size_bytes
            metrics.MODEL_MEMORY_BYTES.set(self.taken_bytes())

    def _wait_for_room(self, slot: Slot, size_bytes: int) -> None:
        """Under the lock, which is let go while waiting and while a model is taken out."""
        patient_until = time.monotonic() + self._patience_seconds
        while self._queue[0] is not slot or self.taken_bytes() + size_bytes > self.budget_bytes:
            missing = self.taken_bytes() + size_bytes - self.budget_bytes
            victim = self._victim(missing, patient_until) if self._queue[0] is slot else None
            if victim is not None:
                log.info("model_evicted", model=victim.name, room_for=slot.name, in_use=victim.leases)
                metrics.MODELS_EVICTED.inc()
                self.send_away(victim)
            else:
                slot.progress.state = State.WAITING
                slot.progress.go_on()
                self.changed.wait(LOOK_SECONDS)

    def _victim(self, missing_bytes: int, patient_until: float) -> Slot | None:
        """None also when enough is gone as soon as a batch that is under way has ended."""
        if sum(slot.size_bytes for slot in self.leaving if slot.idle) >= missing_bytes:
            return None
        loaded = [slot for slot in self.slots.values() if slot.model is not None]
        idle = next((slot for slot in loaded if slot.idle), None)
        if idle is not None or time.monotonic() < patient_until or self.leaving:
            return idle
        return next(iter(loaded), None)

    def send_away(self, slot: Slot) -> None:
        """Under the lock. Out of the table now, out of memory with its last lease."""
        del self.slots[slot.source]
        slot.leaving = True
        self.leaving.append(slot)
        self.settle(slot)

    def settle(self, slot: Slot) -> None:
        """Under the lock. Takes out of memory what was sent away and is not used any more."""
        if not (slot.leaving and slot.idle):
            return
        if not slot.take_out():  # a batch is under way still, of a job that was called off
            again = threading.Timer(LOOK_SECONDS, self._settle_again, [slot])
            again.daemon = True
            again.start()
            return
        return_freed_memory()
        self.forget(slot)
        log.info("model_unloaded", model=slot.name)

    def _settle_again(self, slot: Slot) -> None:
        with self.changed:
            self.settle(slot)

    def forget(self, slot: Slot) -> None:
        """Under the lock. It is gone, or never came."""
        slot.size_bytes = 0
        if self.slots.get(slot.source) is slot:
            del self.slots[slot.source]
        if slot in self.leaving:
            self.leaving.remove(slot)
        metrics.MODEL_MEMORY_BYTES.set(self.taken_bytes())
        self.changed.notify_all()
