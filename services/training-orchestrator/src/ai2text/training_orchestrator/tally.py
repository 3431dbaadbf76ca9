"""How much there is of something, exactly. No I/O here."""

from ai2text.training_orchestrator.dataset import Amount

MICRO = 1_000_000


def amount(rows: int, microseconds: int) -> Amount:
    return Amount(rows=rows, duration_seconds=round(microseconds / MICRO, 3))


class Tally:
    """What each rule left out."""

    def __init__(self) -> None:
        self._amounts: dict[str, tuple[int, int]] = {}

    def count(self, rule: str, rows: int, microseconds: int) -> None:
        before = self._amounts.get(rule, (0, 0))
        self._amounts[rule] = before[0] + rows, before[1] + microseconds

    def amounts(self) -> dict[str, Amount]:
        """In the order of the rules' names; of those that left something out."""
        return {rule: amount(*self._amounts[rule]) for rule in sorted(self._amounts) if self._amounts[rule][0]}
