"""Who is there, by what was heard."""

from dataclasses import replace

from ai2text.common.presence import FORGOTTEN_SECONDS, Presence
from ai2text.common.probes import Probes
from tests.fixtures.examples import PRESENCE


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_latest_word_of_each_instance_counts() -> None:
    presence = Presence(Time())
    later = replace(PRESENCE, ready={"nats": False})
    other = replace(PRESENCE, instance="gpu-2/1")
    for word in (PRESENCE, other, later):
        presence.hear(word)
    assert [heard.presence for heard in presence.heard()] == [later, other]


def test_who_is_silent_for_longer_is_forgotten() -> None:
    time = Time()
    presence = Presence(time)
    presence.hear(PRESENCE)
    time.now += FORGOTTEN_SECONDS
    (heard,) = presence.heard()
    assert heard.seconds_ago == FORGOTTEN_SECONDS
    time.now += 1
    assert presence.heard() == []


async def test_readiness_is_told_check_by_check() -> None:
    async def answers() -> bool:
        return False

    probes = Probes()
    assert await probes.ready() == {"started": False}
    probes.ready_when("nats", lambda: True)
    probes.ready_when("postgres", answers)
    assert await probes.ready() == {"nats": True, "postgres": False}
