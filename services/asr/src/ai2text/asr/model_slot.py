"""One model of the pool: wanted, on its way, in memory, or leaving."""

from concurrent.futures import Future
from typing import Any

from ai2text.asr.device import Device
from ai2text.asr.model_progress import Progress, State
from ai2text.asr.model_source import Source
from ai2text.asr.whisper import Whisper


class Slot:
    """Changed only under the pool's lock, but for the progress."""

    def __init__(self, name: str, source: Source, progress: Progress) -> None:
        self.name = name
        self.source = source
        self.progress = progress
        self.leases = 0
        self.leaving = False
        self.size_bytes = 0
        """Memory that is set aside for it, from before it is loaded until it is gone."""
        self.revision: str | None = None
        self.model: Whisper | None = None
        self.loading: Future[Whisper] = Future()

    @property
    def idle(self) -> bool:
        return self.model is not None and self.leases == 0

    def take_out(self) -> bool:
        """Frees the weights, whoever still holds the object; whether that could be done by now."""
        if self.model is not None and self.model.unload():
            self.model = None
        return self.model is None

    def facts(self, device: Device) -> dict[str, Any]:
        state = State.LEAVING if self.leaving else self.progress.state
        return {
            "name": self.name,
            "state": state.value,
            "progress": self.progress.share if state in {State.DOWNLOADING, State.LOADING} else None,
            "device": device.kind,
            "compute_type": device.compute_type,
            "revision": self.revision,
            "size_bytes": self.size_bytes,
            "in_use": self.leases,
        }
