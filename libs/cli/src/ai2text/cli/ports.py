"""Free ports on loopback, the same ones again as long as they are free."""

import json
import random
import socket
from collections.abc import Callable
from pathlib import Path

from ai2text.cli.files import write_atomically
from ai2text.common.errors import Misconfigured

RANGE = range(12_000, 22_000)
"""Below the ports that the kernel gives to outgoing connections, which could sit on ours while a server restarts;
and so that port + 10000 is one too."""
ATTEMPTS = 200


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Ports:
    """Remembers in one file which name has which port."""

    def __init__(self, path: Path, free: Callable[[int], bool] = is_free) -> None:
        self._path = path
        self._free = free
        self._ports: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
        self._partners: set[int] = set()

    def take(self, name: str, partner_offset: int = 0) -> int:
        """The port of `name`; `port + partner_offset` is free too."""
        port = self._ports.get(name)
        if port is None or not self._usable(port, partner_offset):
            port = self._ports[name] = self._choose(partner_offset)
            write_atomically(self._path, json.dumps(self._ports, indent=1).encode())
        self._partners.add(port + partner_offset)
        return port

    def of(self, name: str) -> int:
        """The port that `name` has, in use or not."""
        return self._ports[name]

    def _choose(self, partner_offset: int) -> int:
        given = self._partners | set(self._ports.values())
        for port in random.sample(RANGE, ATTEMPTS):
            if not given & {port, port + partner_offset} and self._usable(port, partner_offset):
                return port
        raise Misconfigured(f"No free port was found on 127.0.0.1 from {RANGE.start} to {RANGE.stop - 1}.")

    def _usable(self, port: int, partner_offset: int) -> bool:
        return self._free(port) and self._free(port + partner_offset)
