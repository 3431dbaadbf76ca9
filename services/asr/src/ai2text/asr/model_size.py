"""How much memory a model will take, read from the heads of the variables in its file.

The form is that of `ctranslate2.specs.ModelSpec._serialize`. The weights of layers and embeddings are what
CTranslate2 quantizes; biases, norms and scales are kept as floating-point numbers.
"""

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


def loaded_bytes(path: Path, compute_type: str) -> int:
    """Raises Refused for a file that is no model of CTranslate2's."""
    floats = 2 if compute_type.endswith("float16") else 4
    weights = 1 if compute_type.startswith("int8") else 2 if compute_type == "int16" else floats
    with path.open("rb") as file:
        try:
            return sum(count * (weights if is_weight else floats) for count, is_weight in _variables(file))
        except (struct.error, KeyError, UnicodeDecodeError) as exc:
            raise Refused("broken_model", f"{path} is not a model in CTranslate2's form, or is cut short.") from exc


def _variables(file: BinaryIO) -> Iterator[tuple[int, bool]]:
    """Of each the number of its elements, and whether they are weights of a layer."""
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
        yield size_bytes // ITEM_BYTES[kind], rank > VECTOR and name.endswith("weight")


def _string(file: BinaryIO) -> str:
    (length,) = _numbers(file, "H")
    return file.read(length).rstrip(b"\0").decode()


def _numbers(file: BinaryIO, form: str) -> tuple[int, ...]:
    form = f"<{form}"
    return struct.unpack(form, file.read(struct.calcsize(form)))
