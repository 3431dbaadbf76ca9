"""How much memory a model will take, and how many layers it has, read from the heads of the variables in its file.

The form is that of `ctranslate2.specs.ModelSpec._serialize`. The weights of layers and embeddings are what
CTranslate2 quantizes; biases, norms and scales are kept as floating-point numbers.
"""

import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ai2text.common.errors import Refused

BINARY_VERSION = 6
"""Of CTranslate2's files since 2021."""
ITEM_BYTES = {0: 4, 1: 1, 2: 2, 3: 4, 4: 2, 5: 2}
"""By the file's type numbers: float32, int8, int16, int32, float16, bfloat16."""
VECTOR = 1
LAYER = re.compile(r"(encoder|decoder)/layer_\d+/")


def loaded_bytes(path: Path, compute_type: str) -> int:
    """Raises Refused for a file that is no model of CTranslate2's."""
    floats = 2 if compute_type.endswith("float16") else 4
    weights = 1 if compute_type.startswith("int8") else 2 if compute_type == "int16" else floats
    return sum(count * (weights if is_weight else floats) for _, count, is_weight in _variables(path))


def has_whole_decoder(path: Path) -> bool:
    """Whether it has as many layers as the encoder. Raises as above.

    All models that OpenAI trained to translate have. Turbo has 4 of 32, the distilled ones have 2, and what was cut
    down learnt to transcribe only (github.com/openai/whisper, README.md; "Distil-Whisper", arXiv:2311.00430).
    """
    layers = {match.group() for name, _, _ in _variables(path) if (match := LAYER.match(name))}
    decoder = sum(layer.startswith("decoder") for layer in layers)
    return 2 * decoder >= len(layers)


def _variables(path: Path) -> list[tuple[str, int, bool]]:
    """Of each its name, the number of its elements, and whether they are weights of a layer."""
    with path.open("rb") as file:
        try:
            return list(_read(file))
        except (struct.error, KeyError, UnicodeDecodeError) as exc:
            raise Refused("broken_model", f"{path} is not a model in CTranslate2's form, or is cut short.") from exc


def _read(file: BinaryIO) -> Iterator[tuple[str, int, bool]]:
    (version,) = _numbers(file, "I")
    if version < BINARY_VERSION:
        raise KeyError(version)
    _string(file)
    _, variables = _numbers(file, "II")
    for _ in range(variables):
        name = _string(file)
        (rank,) = _numbers(file, "B")
        _numbers(file, f"{rank}I")
        kind, size_bytes = *_numbers(file, "B"), *_numbers(file, "I")
        file.seek(size_bytes, 1)
        yield name, size_bytes // ITEM_BYTES[kind], rank > VECTOR and name.endswith("weight")


def _string(file: BinaryIO) -> str:
    (length,) = _numbers(file, "H")
    return file.read(length).rstrip(b"\0").decode()


def _numbers(file: BinaryIO, form: str) -> tuple[int, ...]:
    form = f"<{form}"
    return struct.unpack(form, file.read(struct.calcsize(form)))
