"""The memory of a GPU, asked of CUDA's driver.

Not of NVML, whose indices know nothing of CUDA_VISIBLE_DEVICES and MIG. The primary context is the one that
CTranslate2 works in, so asking makes no second one.
"""

import ctypes
from collections.abc import Callable
from functools import lru_cache

DRIVER = "libcuda.so.1"


class GpuMemoryUnknown(RuntimeError):
    """The driver answered with an error: the device is lost."""


@lru_cache(maxsize=1)
def _driver() -> ctypes.CDLL:
    driver = ctypes.CDLL(DRIVER)
    _checked(driver.cuInit, 0)
    return driver


def total_bytes(index: int) -> int:
    total = ctypes.c_size_t()
    _checked(_driver().cuDeviceTotalMem_v2, ctypes.byref(total), _device(index))
    return total.value


def used_bytes(index: int) -> int:
    """By all processes."""
    driver, free, total = _driver(), ctypes.c_size_t(), ctypes.c_size_t()
    _checked(driver.cuCtxPushCurrent_v2, _context(index))
    try:
        _checked(driver.cuMemGetInfo_v2, ctypes.byref(free), ctypes.byref(total))
    finally:
        driver.cuCtxPopCurrent_v2(ctypes.byref(ctypes.c_void_p()))
    return total.value - free.value


@lru_cache
def _context(index: int) -> ctypes.c_void_p:
    """Kept for the life of the process, so that its own half gigabyte is not taken for a model's."""
    context = ctypes.c_void_p()
    _checked(_driver().cuDevicePrimaryCtxRetain, ctypes.byref(context), _device(index))
    return context


def _device(index: int) -> ctypes.c_int:
    device = ctypes.c_int()
    _checked(_driver().cuDeviceGet, ctypes.byref(device), index)
    return device


def _checked(call: Callable[..., int], *args: object) -> None:
    status = call(*args)
    if status:
        raise GpuMemoryUnknown(f"CUDA: {getattr(call, '__name__', call)} answered {status}.")
