"""A published version is read by the rules of its formats, where it lies: in the background, for whoever waits for it.

What comes of it is kept for a while and by this process only. Whoever asks another one has it checked once more.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from ai2text.common.clock import Clock
from ai2text.common.contracts.definition import Format
from ai2text.common.errors import ObjectNotFound, Refused
from ai2text.common.object_store import ObjectStore
from ai2text.training_orchestrator.dataset import Claim, Report, VersionOutcome
from ai2text.training_orchestrator.rules.check_format import Found, check_format
from ai2text.training_orchestrator.store_content import StoreContent
from ai2text.training_orchestrator.version_files import VersionFiles

log = structlog.get_logger()

HEADERS_READ = 2_000
"""Of audio, evenly over the rows of each format: a read takes milliseconds, and rows may be millions."""
KEPT = timedelta(minutes=10)
Place = tuple[str, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    formats: dict[Format, Found]
    checked_at: datetime


@dataclass(frozen=True, slots=True)
class CheckVersions:
    """The use case with what it needs; one version at a time."""

    store: ObjectStore
    files: VersionFiles
    clock: Clock
    stopped: Callable[[], bool]
    _checks: dict[Place, asyncio.Task[CheckReport]] = field(default_factory=dict)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def check_version(self, claim: Claim, outcome: VersionOutcome, wait_seconds: float) -> CheckReport | None:
        """None when it takes longer: it goes on, and the next call waits for it too. Raises Refused, Unavailable."""
        self._forget_old()
        place = claim.tenant, claim.definition.name, claim.version
        check = self._checks.get(place)
        if check is None:
            check = self._checks[place] = asyncio.create_task(self._checked(claim, outcome))
            check.add_done_callback(lambda ended: self._forget_failed(place, ended))
        await asyncio.wait({check}, timeout=wait_seconds)
        return check.result() if check.done() else None

    def _forget_old(self) -> None:
        for place, check in list(self._checks.items()):
            if check.done() and self.clock() - check.result().checked_at > KEPT:
                del self._checks[place]

    def _forget_failed(self, place: Place, ended: asyncio.Task[CheckReport]) -> None:
        if ended.cancelled() or ended.exception():
            del self._checks[place]
            log.warning("dataset_check_failed", name=place[1], version=place[2], error=str(ended.exception()))

    async def _checked(self, claim: Claim, outcome: VersionOutcome) -> CheckReport:
        async with self._turn:
            formats = await asyncio.to_thread(self._by_rules, claim, outcome)
        log.info("dataset_checked", name=claim.definition.name, version=claim.version)
        return CheckReport(formats=formats, checked_at=self.clock())

    def _by_rules(self, claim: Claim, outcome: VersionOutcome) -> dict[Format, Found]:
        """Blocking."""
        rows = (outcome.report or Report(rows=0, duration_seconds=0)).rows
        every = -(-rows // HEADERS_READ) or 1
        with StoreContent(self.store, outcome.files, claim.definition, every, self.stopped) as content:
            try:
                content.list_audio(self.files.audio(outcome))
            except ObjectNotFound as exc:
                raise Refused("listing_missing", f"The list of the version's audio is gone: {exc}.") from exc
            return {form: check_format(content, form, rows) for form in claim.definition.formats}
