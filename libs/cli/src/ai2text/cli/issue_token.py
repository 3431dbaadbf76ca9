"""`ai2text token`: a signed token for the embedded stack."""

import re
import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import jwt
import typer

from ai2text.cli import credentials as own
from ai2text.cli.credentials import Credentials
from ai2text.cli.environments import JWT_AUDIENCE, JWT_ISSUER, TENANT
from ai2text.cli.options import Data, readable_errors
from ai2text.common.clock import utc_now
from ai2text.common.contracts.identity import checked_tenant
from ai2text.common.contracts.inside import Scope
from ai2text.common.errors import Misconfigured, Refused

SCOPES = tuple(Scope)
LONGEST = timedelta(days=31)
"""The gateway refuses tokens that were issued for longer."""
OWN_LIFETIME = timedelta(minutes=10)
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def issue(
    credentials: Credentials,
    *,
    tenant: str,
    scopes: tuple[str, ...],
    lifetime: timedelta,
    now: datetime,
    subject: str = "cli",
) -> str:
    claims = {
        "iss": JWT_ISSUER,
        "aud": JWT_AUDIENCE,
        "sub": subject,
        "tenant": tenant,
        "scope": " ".join(scopes),
        "iat": now,
        "exp": now + lifetime,
        "jti": secrets.token_hex(16),
    }
    return jwt.encode(claims, credentials.jwt_key, algorithm="HS256")


def bearer(credentials: Credentials, tenant: str = TENANT, subject: str = "cli") -> dict[str, str]:
    """The header of one of our own requests."""
    token = issue(credentials, tenant=tenant, scopes=SCOPES, lifetime=OWN_LIFETIME, now=utc_now(), subject=subject)
    return {"Authorization": f"Bearer {token}"}


def lifetime_of(text: str) -> timedelta:
    """Of `90s`, `30m`, `1h`, `7d`. Raises Misconfigured."""
    match = re.fullmatch(r"([1-9]\d*)([smhd])", text)
    if not match:
        raise Misconfigured(f"--ttl {text}: write a number and a unit, such as 90s, 30m, 1h or 7d.")
    lifetime = timedelta(**{UNITS[match[2]]: int(match[1])})
    if lifetime > LONGEST:
        raise Misconfigured(f"--ttl {text}: the gateway refuses tokens for more than {LONGEST.days} days.")
    return lifetime


def credentials_in(data: Path) -> Credentials:
    """Raises Misconfigured when no stack was ever started there."""
    try:
        return own.load(data)
    except FileNotFoundError as exc:
        raise Misconfigured(
            f"No stack was ever started in {data}: start one with `ai2text up`, or name its folder with --data."
        ) from exc


@readable_errors
def token(
    tenant: Annotated[str, typer.Option(help="Whose recordings it opens.")] = TENANT,
    scope: Annotated[
        list[str] | None, typer.Option(help=f"May be repeated; default: all of {', '.join(SCOPES)}.")
    ] = None,
    ttl: Annotated[str, typer.Option(help="How long it is valid: 90s, 30m, 1h, 7d.")] = "1h",
    data: Data = Path(".ai2text"),
) -> None:
    """Print a signed token for the embedded stack."""
    credentials = credentials_in(data)
    signed = issue(credentials, tenant=_tenant(tenant), scopes=_scopes(scope), lifetime=lifetime_of(ttl), now=utc_now())
    typer.echo(signed)


def _tenant(tenant: str) -> str:
    try:
        return checked_tenant(tenant)
    except Refused as exc:
        raise Misconfigured(f"--tenant: {exc.detail}") from exc


def _scopes(asked: list[str] | None) -> tuple[str, ...]:
    for scope in asked or ():
        if scope not in SCOPES:
            raise Misconfigured(f"--scope {scope} does not exist: there are {', '.join(SCOPES)}.")
    return tuple(asked) if asked else SCOPES
