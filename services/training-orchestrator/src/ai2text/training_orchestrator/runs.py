"""Training runs in the object store: each change of one is made once. Blocking."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

from ai2text.common.contracts.codec import decode, encode
from ai2text.common.errors import ObjectChanged, ObjectNotFound
from ai2text.common.object_store import ObjectStore
from ai2text.training_orchestrator import training_run
from ai2text.training_orchestrator.training_run import Place, Run, RunOutput


class Runs:
    """Safe to use from several threads and orchestrators."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def mark(self, place: Place) -> None:
        """From now on it is followed; it may begin later, or never."""
        self._store.put(training_run.followed_key(place), b"")

    def unmark(self, place: Place) -> None:
        self._store.delete(training_run.followed_key(place))

    def marked(self) -> Iterator[Place]:
        for found in self._store.list(training_run.FOLLOWED_PREFIX):
            yield training_run.place_of(found.key)

    def begin(self, run: Run) -> bool:
        """Whether it is the first one of its number; also where the store's answer to it was lost."""
        if self._store.put_first(training_run.run_key(run.place), encode(run)):
            return True
        found = self.find(run.place)
        return found is not None and found[0].run_id == run.run_id

    def find(self, place: Place) -> tuple[Run, str] | None:
        """With the ETag that a change wants."""
        key = training_run.run_key(place)
        try:
            found = self._store.stat(key)
            if not found.size_bytes:  # see `ObjectStore.put_first`
                return None
            content = self._store.read(key, 0, found.size_bytes, found.etag)
        except ObjectNotFound:
            return None
        except ObjectChanged:  # between the two calls: it is read as it is by now
            return self.find(place)
        return decode(Run, content), found.etag

    def change(self, run: Run, etag: str) -> Run | None:
        """As it stands then, and with all outputs if it has ended; None if somebody else has changed it meanwhile."""
        stands = replace(run, outputs=(*run.outputs, *self._outputs(run.place))) if run.ended else run
        if self._store.put_over(training_run.run_key(run.place), encode(stands), etag):
            return stands
        found = self.find(run.place)  # the answer to it may have been lost, or a rival has made the same change
        return stands if found is not None and found[0] == stands else None

    def _outputs(self, place: Place) -> Iterator[RunOutput]:
        prefix = training_run.outputs_prefix(place)
        for found in self._store.list(prefix):
            yield RunOutput(path=found.key.removeprefix(prefix), bytes=found.size_bytes, etag=found.etag)

    def of_version(self, tenant: str, name: str, version: int) -> list[Run]:
        """In their order; their numbers have no gaps."""
        places = (Place(tenant=tenant, name=name, version=version, run=number) for number in count(1))
        runs: list[Run] = []
        for place in places:
            found = self.find(place)
            if found is None:
                break
            runs.append(found[0])
        return runs
