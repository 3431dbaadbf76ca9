from collections.abc import Iterator

import pytest

from ai2text.audio.sandbox import Sandbox, SandboxSettings


@pytest.fixture(scope="session")
def shared_sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(children=2)) as opened:
        yield opened
