"""The folder as it is now, ready to be compared with the ledger; or the word that it is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ai2text.ingestion.comparison import Comparison
from ai2text.ingestion.file_system import Identity, identity_of
from ai2text.ingestion.ledger import Ledger
from ai2text.ingestion.scan import FolderAway, Scan

DEVICE = "device"
"""The file system on which the folder's files were last seen."""


class CompareFolder:
    def __init__(self, ledger: Ledger, scan: Scan) -> None:
        self._ledger = ledger
        self._scan = scan

    @asynccontextmanager
    async def compared(self) -> AsyncIterator[Comparison]:
        """Raises FolderAway, LedgerUnavailable."""
        with Comparison(self._ledger.path) as comparison:
            await asyncio.to_thread(self._look, comparison)
            yield comparison

    def _look(self, comparison: Comparison) -> None:
        before = self._identity()
        comparison.add(self._scan.everything())
        if self._identity() != before:
            raise FolderAway(f"{self._scan.root} was exchanged while it was listed.")
        self._check_mounted(comparison, before)

    def _identity(self) -> Identity:
        identity = identity_of(self._scan.root)
        if identity is None:
            raise FolderAway(f"{self._scan.root} is missing or cannot be listed.")
        return identity

    def _check_mounted(self, comparison: Comparison, identity: Identity) -> None:
        """An empty folder on another file system than before is the place where nothing is mounted now."""
        device = str(identity.device)
        if comparison.empty() and comparison.anything_known() and self._ledger.remembered(DEVICE) != device:
            raise FolderAway(f"{self._scan.root} is empty and on another file system than before: is it mounted?")
        self._ledger.remember(DEVICE, device)
