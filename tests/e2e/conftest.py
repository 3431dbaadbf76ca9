"""One stack for all end-to-end tests of a worker; they share it and never restart it."""

import hashlib
from collections.abc import Iterator

import pytest

from tests.fixtures.stack import Stack

UPLOAD_MAX_BYTES = 4 << 20


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    running = Stack(
        tmp_path_factory.mktemp("e2e"),
        env={"AI2TEXT_UPLOAD_MAX_BYTES": str(UPLOAD_MAX_BYTES), "AI2TEXT_UPLOAD_OPTIONS": '{"temperature": [0.0]}'},
    ).start()
    yield running
    assert running.stop() == 0, running.tail()
    assert running.leftovers() == []


@pytest.fixture
def tenant(request: pytest.FixtureRequest) -> str:
    """A tenant of its own for each test, so that no other has sent the same bytes."""
    return "t-" + hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:20]


@pytest.fixture
def uploader(stack: Stack, tenant: str) -> str:
    """A token of that tenant."""
    return stack.token("--tenant", tenant)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/e2e/" in str(item.path) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(300))
