"""The way outward: where connections really go, whose certificate counts, and what is never followed."""

import asyncio
from collections.abc import Sequence
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from ai2text.metadata.webhook_sender import NotAnswered, WebhookSender
from ai2text.metadata.webhook_targets import Resolve, Targets
from tests.fixtures.certificates import Authority
from tests.fixtures.receiver import receiver, silent

LOOPBACK = IPv4Network("127.0.0.0/8")
OPEN = "93.184.215.14"


def answering(*answers: Sequence[str]) -> Resolve:
    """One after the other, the last one again and again; the system is never asked."""
    left = list(answers)

    async def resolve(host: str, port: int) -> Sequence[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


async def posted(targets: Targets, url: str, within_seconds: float = 15) -> int:
    async with WebhookSender(targets, 1, within_seconds) as sender:
        return await sender.post(url, {"X-Mark": "1"}, b"{}")


async def test_the_name_is_sent_and_the_connection_goes_to_the_address_that_was_looked_at() -> None:
    with receiver() as told:
        targets = Targets([LOOPBACK], answering(["127.0.0.1"]))
        assert await posted(targets, f"http://hooks.example.org:{told.port}/a%20b?c=d#e") == 200
    (one,) = told.received
    assert (one.path, one.headers["host"]) == ("/a%20b?c=d", f"hooks.example.org:{told.port}")
    assert set(one.headers) == {"host", "content-length", "x-mark"}, "nothing else of ours"


async def test_a_name_that_leads_inside_when_it_is_asked_again_is_not_reached() -> None:
    """It is asked once for each connection: between the look and the connection nobody can change his mind."""
    with receiver() as told:
        targets = Targets((), answering([OPEN], ["127.0.0.1"]))
        url = f"https://hooks.example.org:{told.port}/"
        assert await targets.check(url) == url
        with pytest.raises(NotAnswered, match="no address on the open internet"):
            await posted(targets, url)
        assert told.received == []


async def test_without_tls_nothing_goes_to_the_open_internet() -> None:
    with pytest.raises(NotAnswered, match="no address on the open internet, with https"):
        await posted(Targets((), answering([OPEN])), "http://hooks.example.org/")


async def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    with receiver() as told:
        targets = Targets([LOOPBACK], answering(["127.1.2.3", "127.0.0.1"]))
        assert await posted(targets, f"http://hooks.example.org:{told.port}/") == 200


async def test_a_certificate_has_to_be_of_the_name_and_of_a_known_authority(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, targets = Authority(tmp_path), Targets([LOOPBACK], answering(["127.0.0.1"]))
    with receiver(authority.server("hooks.example.org")) as told:
        with pytest.raises(NotAnswered, match="Its certificate is not accepted"):
            await posted(targets, f"https://hooks.example.org:{told.port}/")
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
        assert await posted(targets, f"https://hooks.example.org:{told.port}/") == 200
        with pytest.raises(NotAnswered, match=r"Its certificate is not accepted: Hostname mismatch.*other\.example"):
            await posted(targets, f"https://other.example.org:{told.port}/")
        with pytest.raises(NotAnswered, match="Its certificate is not accepted: IP address mismatch"):
            await posted(targets, f"https://127.0.0.1:{told.port}/")
    assert len(told.received) == 1
    assert told.names == ["hooks.example.org", "hooks.example.org", "other.example.org", None], "as TLS was told"


async def test_a_certificate_may_be_of_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    with receiver(authority.server("127.0.0.1")) as told:
        assert await posted(Targets([LOOPBACK]), f"https://127.0.0.1:{told.port}/") == 200


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(status: int) -> None:
    with receiver() as inside, receiver() as told:
        told.statuses, told.location = [status], inside.url
        assert await posted(Targets([LOOPBACK]), told.url) == status
        assert (len(told.received), inside.received) == (1, [])


async def test_of_an_answer_that_never_ends_only_the_head_is_read() -> None:
    with receiver() as told:
        told.endless = True
        assert await posted(Targets([LOOPBACK]), told.url) == 200


async def test_no_proxy_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as proxy, receiver() as told:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        assert await posted(Targets([LOOPBACK]), told.url) == 200
        assert proxy.received == []


async def test_who_says_nothing_is_waited_for_no_longer_than_the_deadline() -> None:
    with silent() as url, pytest.raises(NotAnswered, match="no answer within 0 seconds"):
        await posted(Targets([LOOPBACK]), url, within_seconds=0.2)


async def test_a_name_server_that_says_nothing_is_waited_for_no_longer_either() -> None:
    async def never(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return ()

    with pytest.raises(NotAnswered, match="no answer within 0 seconds"):
        await posted(Targets([LOOPBACK], never), "https://hooks.example.org/", within_seconds=0.2)


async def test_nobody_there_and_no_http_are_told_in_a_sentence() -> None:
    with receiver() as gone:
        pass
    with pytest.raises(NotAnswered, match="No connection could be made"):
        await posted(Targets([LOOPBACK]), gone.url)
    with receiver() as told, pytest.raises(NotAnswered, match=r"does not speak HTTP|No connection"):
        await posted(Targets([LOOPBACK]), told.url.replace("http:", "https:"))
