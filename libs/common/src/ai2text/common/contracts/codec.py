"""Events and documents as JSON: frozen dataclasses inside, checked by pydantic at the edge.

Unknown fields are ignored, so that an older service reads what a newer one writes.
"""

from collections.abc import Hashable
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from ai2text.common.contracts.outcome import Outcome
from ai2text.common.errors import Poison

T = TypeVar("T")


@cache
def _adapter(contract: Any) -> TypeAdapter[Any]:
    return TypeAdapter(contract)


def encode(value: object) -> bytes:
    return _adapter(cast("Hashable", type(value))).dump_json(value)


def decode(contract: type[T], payload: bytes) -> T:
    """Raises Poison, naming the fields at fault, for what is not such a document."""
    document: T = _validated(contract, payload)
    return document


def decode_outcome(payload: bytes) -> Outcome:
    """Raises Poison for what is not an outcome."""
    outcome: Outcome = _validated(Outcome, payload)
    return outcome


def _validated(contract: Any, payload: bytes) -> Any:
    try:
        return _adapter(contract).validate_json(payload)
    except ValidationError as exc:
        faults = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'document'}: {e['msg']}" for e in exc.errors()[:5])
        raise Poison("undecodable", f"The message does not fit its contract: {faults}.") from exc
