from collections.abc import Iterator

import pytest

from ai2text.audio.sandbox import Sandbox, SandboxSettings


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """Shared by tests that leave it as they found it."""
    with Sandbox(SandboxSettings()) as pool:
        yield pool
