import pytest

from ai2text.asr.device import choose_compute_type, choose_device
from ai2text.asr.settings import AsrSettings
from ai2text.common.errors import Misconfigured

NEW_GPU = {"float32", "float16", "bfloat16", "int8", "int8_float32", "int8_float16", "int8_bfloat16"}
OLD_GPU = {"float32", "int8", "int8_float32"}


@pytest.mark.parametrize(
    ("kind", "supported", "chosen"),
    [
        ("cuda", NEW_GPU, "float16"),
        ("cuda", OLD_GPU, "int8_float32"),
        ("cuda", {"float32"}, "float32"),
        ("cpu", {"int8", "int8_float32", "float32"}, "int8"),
        ("cpu", {"float32"}, "float32"),
    ],
)
def test_the_best_format_of_the_device_is_taken(kind: str, supported: set[str], chosen: str) -> None:
    assert choose_compute_type(None, kind, supported) == chosen


def test_a_format_that_the_device_does_not_know_stops_the_start_and_those_it_knows_are_named() -> None:
    with pytest.raises(Misconfigured, match=r"int4.*float32, int8, int8_float32"):
        choose_compute_type("int4", "cuda", OLD_GPU)


def test_a_gpu_that_is_not_there_stops_the_start() -> None:
    with pytest.raises(Misconfigured, match=r"AI2TEXT_ASR_DEVICE_INDEX is 99, but this machine has \d+"):
        choose_device(AsrSettings(device="cuda", device_index=99))


def test_memory_is_told_of() -> None:
    device = choose_device(AsrSettings(device="cpu"))
    assert 0 < device.used_bytes() < device.total_bytes()
