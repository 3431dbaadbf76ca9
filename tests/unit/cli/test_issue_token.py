from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from typer.testing import CliRunner

from ai2text.cli import credentials
from ai2text.cli.issue_token import SCOPES, lifetime_of
from ai2text.cli.main import app
from ai2text.common.errors import Misconfigured

ARGUMENTS = {"algorithms": ["HS256"], "audience": "ai2text", "issuer": "ai2text-embedded"}


def token(data: Path, *words: str) -> str:
    return CliRunner().invoke(app, ["token", "--data", str(data), *words]).output


def test_a_token_has_all_scopes_of_the_default_tenant_for_an_hour(tmp_path: Path) -> None:
    key = credentials.make_or_load(tmp_path).jwt_key
    claims = jwt.decode(token(tmp_path).splitlines()[-1], key, **ARGUMENTS)  # type: ignore[arg-type]
    assert claims["tenant"] == "default"
    assert claims["sub"] == "cli"
    assert claims["scope"] == " ".join(SCOPES)
    assert claims["exp"] - claims["iat"] == 3600
    assert abs(datetime.fromtimestamp(claims["iat"], UTC) - datetime.now(UTC)) < timedelta(minutes=1)
    assert claims["jti"]


def test_nothing_but_the_token_is_printed(tmp_path: Path) -> None:
    credentials.make_or_load(tmp_path)
    assert token(tmp_path).count("\n") == 1


def test_tenant_scopes_and_lifetime_are_as_asked(tmp_path: Path) -> None:
    key = credentials.make_or_load(tmp_path).jwt_key
    words = ("--tenant", "acme", "--scope", "admin", "--scope", "recordings:read", "--ttl", "2d")
    claims = jwt.decode(token(tmp_path, *words).strip(), key, **ARGUMENTS)  # type: ignore[arg-type]
    assert claims["tenant"] == "acme"
    assert claims["scope"] == "admin recordings:read"
    assert claims["exp"] - claims["iat"] == 2 * 86_400


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--tenant", "../other"], "--tenant: '../other' is no tenant name"),
        (["--scope", "everything"], "--scope everything does not exist: there are recordings:read"),
        (["--ttl", "soon"], "--ttl soon: write a number and a unit"),
        (["--ttl", "32d"], "refuses tokens for more than 31 days"),
    ],
)
def test_a_wrong_wish_is_refused_in_one_sentence(tmp_path: Path, words: list[str], sentence: str) -> None:
    credentials.make_or_load(tmp_path)
    answer = CliRunner().invoke(app, ["token", "--data", str(tmp_path), *words])
    assert answer.exit_code == 1
    assert sentence in str(answer.output) + str(answer.exception)


def test_without_a_stack_the_way_out_is_named(tmp_path: Path) -> None:
    answer = CliRunner().invoke(app, ["token", "--data", str(tmp_path)])
    assert answer.exit_code == 1
    assert "No stack was ever started" in str(answer.output) + str(answer.exception)
    assert "ai2text up" in str(answer.output) + str(answer.exception)


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30m", 1800), ("1h", 3600), ("7d", 604_800)])
def test_lifetimes_have_units(text: str, seconds: int) -> None:
    assert lifetime_of(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "0h", "1", "h", "-1h", "1.5h", "1h30m"])
def test_lifetimes_without_a_plain_number_and_unit_are_refused(text: str) -> None:
    with pytest.raises(Misconfigured):
        lifetime_of(text)
