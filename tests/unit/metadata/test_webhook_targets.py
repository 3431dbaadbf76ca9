"""Where webhooks may go: whatever is written, and whatever a name resolves to, nothing leads inside."""

from collections.abc import Sequence
from ipaddress import ip_network

import pytest

from ai2text.metadata.webhook_targets import TargetRefused, Targets, parsed

OPEN = "93.184.215.14"
OPEN_V6 = "2606:2800:220:1:248:1893:25c8:1946"


def answering(*addresses: str, allowed: Sequence[str] = ()) -> Targets:
    """Every name has these addresses."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    return Targets([ip_network(text) for text in allowed], resolve)


@pytest.mark.parametrize("address", [OPEN, OPEN_V6, f"64:ff9b::{OPEN}", f"::ffff:{OPEN}"])
async def test_the_open_internet_may_be_reached_with_tls_and_never_without(address: str) -> None:
    targets = answering(address)
    assert await targets.check("https://hooks.example.org/x?y=z") == "https://hooks.example.org/x?y=z"
    with pytest.raises(TargetRefused):
        await targets.check("http://hooks.example.org/x")


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
        *("169.254.169.254", "169.254.0.1", "100.64.0.1", "100.127.255.255", "100.100.100.200", "168.63.129.16"),
        *("192.0.0.192", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.7", "203.0.113.9"),
        *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "100::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::10.0.0.1"),
        *("2002:7f00:1::", "2002:a00:1::1", f"2002:5db8:d822::{1}", "2001:0:4136:e378:8000:63bf:3fff:fdd2"),
        *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "2001:db8::1", "3fff::1", "5f00::1", "4000::1"),
    ],
)
async def test_what_is_not_of_the_open_internet_is_refused_however_it_is_wrapped(address: str) -> None:
    with pytest.raises(TargetRefused, match="target_refused") as refused:
        await answering(address).check("https://hooks.example.org/")
    assert address not in refused.value.detail, "nobody learns what a name of the inside resolves to"


@pytest.mark.parametrize("addresses", [(OPEN, "10.0.0.1"), ("10.0.0.1", OPEN), (OPEN, OPEN_V6, "::1"), ()])
async def test_each_address_of_a_name_counts(addresses: tuple[str, ...]) -> None:
    with pytest.raises(TargetRefused):
        await answering(*addresses).check("https://hooks.example.org/")


async def test_a_name_that_is_not_there_and_one_of_the_inside_get_one_answer() -> None:
    async def nothing(host: str, port: int) -> Sequence[str]:
        raise OSError("unknown")

    with pytest.raises(TargetRefused) as unknown:
        await Targets((), nothing).check("https://hooks.example.org/")
    with pytest.raises(TargetRefused) as inside:
        await answering("10.0.0.1").check("https://hooks.example.org/")
    assert str(unknown.value) == str(inside.value)


@pytest.mark.parametrize("address", ["10.20.0.1", "::ffff:10.20.0.1"])
async def test_allowed_networks_may_be_reached_without_tls_too_and_their_neighbours_not(address: str) -> None:
    targets = answering(address, allowed=["10.20.0.0/16", "fd00::/64"])
    for scheme in ("http", "https"):
        assert await targets.check(f"{scheme}://hooks.inside/x") == f"{scheme}://hooks.inside/x"
    with pytest.raises(TargetRefused):
        await answering("10.21.0.1", allowed=["10.20.0.0/16"]).check("https://hooks.inside/x")
    with pytest.raises(TargetRefused):
        await answering(OPEN, allowed=["10.20.0.0/16"]).check("http://hooks.example.org/x")


@pytest.mark.parametrize(
    "url",
    [
        *("", "hooks.example.org", "ftp://hooks.example.org/", "file:///etc/passwd", "gopher://hooks.example.org/"),
        *("javascript:alert(1)", "https://", "https:///x", "https://user@hooks.example.org/", "unix:///run/x.sock"),
        *("https://user:secret@hooks.example.org/", "https://hooks.example.org:port/", "https://a b/", "https://[::1"),
        *(
            "https://hooks.example.org/\r\nX: y",
            "https://hooks.example.org\0.inside/",
            "https://hooks.example.org:0/",
            "https://hooks.example.org:99999/",
        ),
        f"https://hooks.example.org/{'x' * 2000}",
    ],
)
async def test_what_is_no_url_that_can_be_told_is_refused_and_the_field_is_named(url: str) -> None:
    with pytest.raises(TargetRefused) as refused:
        await answering(OPEN).check(url)
    assert refused.value.detail.startswith("url: ")


@pytest.mark.parametrize(
    ("written", "understood"),
    [
        ("HTTPS://Hooks.Example.ORG/Path", "https://hooks.example.org/Path"),
        ("https://hooks.example.org:443/x", "https://hooks.example.org/x"),
        ("https://h\N{LATIN SMALL LETTER O WITH DIAERESIS}ren.example/", "https://xn--hren-5qa.example/"),
        ("https://hooks.example.org/a/../b?token=%41", "https://hooks.example.org/b?token=%41"),
        (f"https://[{OPEN_V6}]:8443/", f"https://[{OPEN_V6}]:8443/"),
    ],
)
def test_a_url_is_kept_as_it_is_understood(written: str, understood: str) -> None:
    assert str(parsed(written)) == understood
