"""Where models are computed, in which number format, and how much memory there is for them."""

import ctypes
from dataclasses import dataclass
from pathlib import Path

import ctranslate2
import psutil

from ai2text.asr import gpu_memory
from ai2text.asr.settings import AsrSettings
from ai2text.common.errors import Misconfigured

PREFERRED = {"cuda": ("float16", "int8_float16", "int8_float32", "float32"), "cpu": ("int8", "float32")}
"""The first that the device supports: old GPUs are slow or unable at half precision."""
CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    kind: str
    index: int
    compute_type: str

    def used_bytes(self) -> int:
        """Of the whole GPU, which is ours alone; on a CPU of this process."""
        if self.kind == "cuda":
            return gpu_memory.used_bytes(self.index)
        return int(psutil.Process().memory_info().rss)

    def total_bytes(self) -> int:
        return gpu_memory.total_bytes(self.index) if self.kind == "cuda" else _host_bytes()


def choose_device(settings: AsrSettings) -> Device:
    """Raises Misconfigured for a GPU that is not there and a number format that the device does not know."""
    gpus = ctranslate2.get_cuda_device_count()
    kind = settings.device if settings.device != "auto" else ("cuda" if gpus else "cpu")
    if kind == "cuda" and settings.device_index >= gpus:
        raise Misconfigured(
            f"AI2TEXT_ASR_DEVICE_INDEX is {settings.device_index}, but this machine has {gpus} usable GPUs, counted "
            "from 0. Run one process for each GPU."
        )
    index = settings.device_index if kind == "cuda" else 0
    supported = ctranslate2.get_supported_compute_types(kind, index)
    return Device(kind=kind, index=index, compute_type=choose_compute_type(settings.compute_type, kind, supported))


def choose_compute_type(asked: str | None, kind: str, supported: set[str]) -> str:
    """Raises Misconfigured."""
    if asked is None:
        return next((name for name in PREFERRED[kind] if name in supported), "float32")
    if asked not in supported:
        raise Misconfigured(
            f"AI2TEXT_ASR_COMPUTE_TYPE is {asked}, which this {kind} does not support: "
            f"it supports {', '.join(sorted(supported))}."
        )
    return asked


def return_freed_memory() -> None:
    """To the operating system; glibc would keep it in the arenas of threads (1 to 2 MB a load, of a model of 6)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:  # glibc only
        trim(0)


def _host_bytes() -> int:
    """The machine's memory, or what the container may use of it."""
    limits = [int(text) for path in CGROUP_LIMITS if path.is_file() and (text := path.read_text().strip()).isdigit()]
    return min([psutil.virtual_memory().total, *limits])
