"""Answers that need not be asked for again for a while, to a bounded number of questions."""

from collections import OrderedDict
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")
MOST = 1000


class Remembered(Generic[K, V]):
    """Each answer counts until its own moment, of whatever clock its owner goes by."""

    def __init__(self) -> None:
        self._answers: OrderedDict[K, tuple[float, V]] = OrderedDict()

    def find(self, question: K, now: float) -> V | None:
        kept = self._answers.get(question)
        return kept[1] if kept is not None and now < kept[0] else None

    def keep(self, question: K, answer: V, until: float) -> None:
        self._answers[question] = (until, answer)
        self._answers.move_to_end(question)
        if len(self._answers) > MOST:
            self._answers.popitem(last=False)
