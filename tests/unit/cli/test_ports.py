from pathlib import Path

import pytest

from ai2text.cli.ports import RANGE, Ports
from ai2text.common.errors import Misconfigured


def all_free(_: int) -> bool:
    return True


def test_a_port_stays_the_same_from_start_to_start(tmp_path: Path) -> None:
    path = tmp_path / "ports.json"
    first = Ports(path, all_free).take("nats")
    again = Ports(path, all_free)
    assert again.take("nats") == again.of("nats") == first


def test_a_port_that_somebody_else_took_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "ports.json"
    first = Ports(path, all_free).take("nats")
    second = Ports(path, lambda port: port != first).take("nats")
    assert second != first
    assert Ports(path, all_free).take("nats") == second


def test_no_two_names_share_a_port_or_the_partner_of_one(tmp_path: Path) -> None:
    ports = Ports(tmp_path / "ports.json", all_free)
    taken = [ports.take(str(n), 10) for n in range(200)]
    assert len({*taken, *(port + 10 for port in taken)}) == 400


def test_a_partner_has_to_be_free_too(tmp_path: Path) -> None:
    ports = Ports(tmp_path / "ports.json", lambda port: port < 30_000)
    assert ports.take("s3_admin", 10_000) < 20_000


def test_ports_stand_below_those_of_outgoing_connections(tmp_path: Path) -> None:
    assert RANGE.stop + 10_000 <= 32_768
    assert Ports(tmp_path / "ports.json", all_free).take("nats") in RANGE


def test_no_free_port_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="No free port"):
        Ports(tmp_path / "ports.json", lambda _: False).take("nats")
