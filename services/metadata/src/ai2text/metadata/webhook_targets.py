"""Where webhooks may go: to the open internet, and to networks that the installation allows; never to its own inside.

Whoever is refused, or does not exist, gets one sentence: otherwise names of the inside could be guessed at.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import httpx

from ai2text.common.errors import Refused

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""All addresses of a host, for a port. Raises OSError when there are none."""

NOT_OPEN_V4 = tuple(
    IPv4Network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        "168.63.129.16/32",  # of Azure's machines: their metadata, under an address like any other
    )
)
"""IANA's special-purpose registry; what Python's `is_global` says of some of these differs between its versions."""
OPEN_V6 = IPv6Network("2000::/3")
NOT_OPEN_V6 = tuple(IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
"""Teredo and other protocols, documentation, 6to4, documentation."""
NAT64 = IPv6Network("64:ff9b::/96")
LONGEST = 2000
RESOLVERS = 64
RESOLVE_SECONDS = 5.0


class TargetRefused(Refused):
    """A webhook may not go there, or there is nothing of that name."""


class Targets:
    """`resolve` has threads of its own: a name server that does not answer holds up nobody but its like."""

    def __init__(self, allowed: Sequence[Network], resolve: Resolve | None = None) -> None:
        self._allowed = allowed
        self._resolve = resolve or partial(_resolved, ThreadPoolExecutor(RESOLVERS, thread_name_prefix="resolver"))

    async def check(self, text: str) -> str:
        """The url as it is understood here. Raises TargetRefused."""
        url = parsed(text)
        await self.addresses(url.raw_host.decode("ascii"), port_of(url), secure=url.scheme == "https")
        return str(url)

    async def addresses(self, host: str, port: int, *, secure: bool) -> Sequence[str]:
        """To connect to now. Raises TargetRefused if only one of them may not be reached.

        Without TLS anybody on the way could read along, so that is for allowed networks alone.
        """
        try:
            async with asyncio.timeout(RESOLVE_SECONDS):
                found = [ip_address(address) for address in await self._resolve(host, port)]
        except (OSError, UnicodeError):  # also the time-out
            found = []
        if not found or not all(self._may_be_reached(address, secure=secure) for address in found):
            raise TargetRefused("target_refused", "url: this is no address on the open internet, with https.")
        return [str(address) for address in found]

    def _may_be_reached(self, address: Address, *, secure: bool) -> bool:
        inner = _inner(address)
        return (secure and is_open(inner)) or any(inner in network for network in self._allowed)


def parsed(text: str) -> httpx.URL:
    """Raises TargetRefused."""
    try:
        url = httpx.URL(text) if len(text) <= LONGEST else None
    except (httpx.InvalidURL, UnicodeError):
        url = None
    if url is None or not _is_plain(url):
        raise TargetRefused(
            "invalid_url",
            f"url: has to be like https://host/path, without a user in it, of at most {LONGEST} characters.",
        )
    return url


def _is_plain(url: httpx.URL) -> bool:
    named = url.scheme in {"http", "https"} and url.host and "%" not in url.host and not url.userinfo
    return bool(named) and 0 < port_of(url) < 1 << 16


def port_of(url: httpx.URL) -> int:
    default = 443 if url.scheme == "https" else 80
    return default if url.port is None else url.port


def is_open(address: Address) -> bool:
    """Whether it is of the open internet."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in NOT_OPEN_V4)
    return address in OPEN_V6 and not any(address in network for network in NOT_OPEN_V6)


def _inner(address: Address) -> Address:
    """What an address leads to that is only another way to write, or to reach, an older one."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address


async def _resolved(threads: ThreadPoolExecutor, host: str, port: int) -> Sequence[str]:
    asking = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(threads, asking)
    return [str(address[0]) for *_, address in found]
