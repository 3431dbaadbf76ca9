import gc

import pytest
from hypothesis import settings

pytest_plugins = [
    "tests.fixtures.servers",
    "tests.fixtures.service_process",
    "tests.fixtures.ingestion_service",
    "tests.fixtures.archive",
]

settings.register_profile("default", deadline=None)  # the machine may be busy; pytest's own time-out holds
settings.load_profile("default")


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """All that was imported stays anyway: faster-whisper collects garbage after each decoding, 0.3 s with it."""
    gc.freeze()
