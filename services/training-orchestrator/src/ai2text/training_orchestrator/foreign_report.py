"""What was found in manifests of somebody else, and what could not be used. No I/O here."""

from collections import Counter

from ai2text.training_orchestrator.dataset import BrokenLine, ForeignReport, ManifestRead

NAMED = 100


class ForeignFindings:
    """Counts all, and remembers the first of what is broken."""

    def __init__(self) -> None:
        self._manifests: list[ManifestRead] = []
        self._reasons = Counter[str]()
        self._named: list[BrokenLine] = []

    def read(self, manifest: ManifestRead) -> None:
        self._manifests.append(manifest)

    def broken(self, line: BrokenLine) -> None:
        self._reasons[line.code] += 1
        if len(self._named) < NAMED:
            self._named.append(line)

    def report(self) -> ForeignReport:
        return ForeignReport(
            manifests=tuple(self._manifests),
            lines=sum(one.lines for one in self._manifests),
            left_out=dict(sorted(self._reasons.items())),
            broken=tuple(self._named),
        )
