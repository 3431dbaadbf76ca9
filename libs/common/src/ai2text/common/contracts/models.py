"""What is asked of all workers about a model, and what each answers; nobody keeps either."""

from dataclasses import dataclass
from enum import StrEnum

from ai2text.common.contracts.reason import Reason


class ModelAction(StrEnum):
    LOAD = "load"
    UNLOAD = "unload"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCommand:
    action: ModelAction
    model: str | None = None
    """None: all that are loaded, to be unloaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAnswer:
    """Of one worker. What takes longer than a moment is told by its presence."""

    worker: str
    changed: bool
    """Whether the model is loaded, or was unloaded, by now."""
    refused: Reason | None = None
