from pathlib import Path

import pytest

from ai2text.asr.model_size import has_whole_decoder, loaded_bytes
from ai2text.common.errors import Refused
from tests.fixtures.stack import EAR

WEIGHTS = EAR / "model/model.bin"
WEIGHTS_COUNT, FLOATS = 4_132_991, 413_158
"""Of the demonstration model, which lies on the disk with weights of int8 and the rest in float32."""


@pytest.mark.parametrize(("compute_type", "weight", "other"), [("int8", 1, 4), ("float32", 4, 4), ("float16", 2, 2)])
def test_the_memory_of_a_model_follows_from_its_numbers_and_their_format(
    compute_type: str, weight: int, other: int
) -> None:
    assert loaded_bytes(WEIGHTS, compute_type) == pytest.approx(WEIGHTS_COUNT * weight + FLOATS * other, rel=0.01)


def test_in_its_own_format_a_model_takes_what_its_file_has() -> None:
    assert loaded_bytes(WEIGHTS, "int8_float32") == pytest.approx(WEIGHTS.stat().st_size, rel=0.01)


@pytest.mark.parametrize("content", [b"", b"RIFF....WAVE", WEIGHTS.read_bytes()[:1000], b"\xff" * 100])
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, content: bytes) -> None:
    broken = tmp_path / "model.bin"
    broken.write_bytes(content)
    with pytest.raises(Refused) as refused:
        loaded_bytes(broken, "int8")
    assert refused.value.code == "broken_model"


def test_a_model_whose_decoder_was_cut_down_is_known_by_its_layers(tmp_path: Path) -> None:
    """As turbo, the distilled models, and the demonstration model: it has three, its encoder four."""
    assert not has_whole_decoder(WEIGHTS)
    whole = tmp_path / "model.bin"
    whole.write_bytes(WEIGHTS.read_bytes().replace(b"encoder/layer_3/", b"encoder/layer_2/"))
    assert has_whole_decoder(whole)
