"""Tokens from outside, after RFC 8725: each issuer with its algorithms, required claims, a bounded lifetime."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import jwt

from ai2text.api_gateway.issuer_keys import IssuerKeys
from ai2text.api_gateway.remembered import Remembered
from ai2text.api_gateway.settings import JwtSettings, TrustedIssuer
from ai2text.common.contracts.identity import checked_tenant
from ai2text.common.errors import Misconfigured, Refused

OWN_ALGORITHM = "HS256"
"""Of tokens that are signed with AI2TEXT_JWT_KEY."""
FAMILIES = {"RSA": ("RS", "PS"), "EC": ("ES",), "OKP": ("EdDSA",)}
"""The algorithms of each type of key, by how their names begin."""
REQUIRED = ["exp", "iat", "iss", "aud", "sub"]
LONGEST = 8192
TYPES = {"jwt", "at+jwt", "application/at+jwt"}
BRINGS_ITS_OWN_KEY = {"jku", "x5u", "jwk", "x5c", "crit"}
"""Or wants to be understood in another way."""
KID_LONGEST = 200
REMEMBERED_SECONDS = 10.0

Key = Any
"""What PyJWT verifies with."""


class TokenRefused(Refused):
    """Answered with 401; the sentence never tells more than the bearer knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    tenant: str
    subject: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Issuer:
    name: str
    audience: str
    algorithms: tuple[str, ...]
    key_for: Callable[[dict[str, Any]], Awaitable[Key | None]]
    """Given the header of a token, whose algorithm is one of the issuer's; None where there is no such key."""
    tenant: str | None = None
    tenant_claim: str = "tenant"
    scope_claim: str = "scope"


class Tokens:
    """Says of a token whose it is. Raises Misconfigured when nobody's would be accepted."""

    def __init__(
        self,
        settings: JwtSettings,
        keys_at: Callable[[str], IssuerKeys] = IssuerKeys,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`clock` in seconds since 1970, as tokens count."""
        self._settings = settings
        self._clock = clock
        self._remembered = Remembered[str, Bearer]()
        """Tokens that were good need no second look for a while."""
        issuers = [_with_public_keys(issuer, keys_at(issuer.jwks_url)) for issuer in settings.issuers]
        if settings.key is not None:
            issuers.append(_with_own_key(settings, settings.key.get_secret_value()))
        self._issuers = {issuer.name: issuer for issuer in issuers}
        if not issuers or len(self._issuers) < len(issuers):
            raise Misconfigured(
                "Set AI2TEXT_JWT_KEY, or AI2TEXT_JWT_ISSUERS, or both; each issuer may be named once "
                f"({', '.join(issuer.name for issuer in issuers) or 'there is none'})."
            )

    async def bearer_of(self, token: str) -> Bearer:
        """Raises TokenRefused; Unavailable while the keys of its issuer cannot be known."""
        known = self._remembered.find(token, self._clock())
        if known is not None:
            return known
        claims, bearer = await self._checked(token)
        self._remembered.keep(token, bearer, min(self._clock() + REMEMBERED_SECONDS, claims["exp"]))
        return bearer

    async def _checked(self, token: str) -> tuple[dict[str, Any], Bearer]:
        if len(token) > LONGEST:
            raise _invalid("is longer than any that is accepted")
        header, claimed = _unverified(token)
        issuer = self._issuers.get(claimed)
        if issuer is None or header.get("alg") not in issuer.algorithms or not _plain(header):
            raise _invalid()
        key = await issuer.key_for(header)
        if key is None:
            raise _invalid()
        claims = self._claims(token, issuer, key)
        return claims, self._bearer(issuer, claims)

    def _claims(self, token: str, issuer: _Issuer, key: Key) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=list(issuer.algorithms),
                issuer=issuer.name,
                audience=issuer.audience,
                leeway=self._settings.leeway_seconds,
                options={"require": REQUIRED, "enforce_minimum_key_length": True},
            )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as exc:
            raise _invalid() from exc
        return claims

    def _bearer(self, issuer: _Issuer, claims: dict[str, Any]) -> Bearer:
        lifetime = _number(claims["exp"]) - _number(claims["iat"])
        if not 0 < lifetime <= self._settings.max_lifetime_seconds:
            raise _invalid("was issued for too long")
        return Bearer(
            tenant=issuer.tenant or _tenant(claims.get(issuer.tenant_claim)),
            subject=str(claims["sub"]),
            scopes=_scopes(claims.get(issuer.scope_claim)),
        )


def _with_own_key(settings: JwtSettings, key: str) -> _Issuer:
    async def own_key(_: dict[str, Any]) -> Key | None:
        return key

    return _Issuer(name=settings.issuer, audience=settings.audience, algorithms=(OWN_ALGORITHM,), key_for=own_key)


def _with_public_keys(issuer: TrustedIssuer, keys: IssuerKeys) -> _Issuer:
    async def named_key(header: dict[str, Any]) -> Key | None:
        kid = header.get("kid")
        if not isinstance(kid, str) or not 0 < len(kid) <= KID_LONGEST:
            return None
        found = await keys.find(kid)
        if found is None or not str(header["alg"]).startswith(FAMILIES.get(str(found.key_type), ())):
            return None
        return found.key

    return _Issuer(
        name=issuer.issuer,
        audience=issuer.audience,
        algorithms=issuer.algorithms,
        key_for=named_key,
        tenant=issuer.tenant,
        tenant_claim=issuer.tenant_claim,
        scope_claim=issuer.scope_claim,
    )


def _unverified(token: str) -> tuple[dict[str, Any], str]:
    """The header, and the issuer that it claims to have; neither is believed before the signature is checked."""
    try:
        parts = jwt.decode_complete(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as exc:
        raise _invalid() from exc
    return parts["header"], str(parts["payload"].get("iss"))


def _plain(header: dict[str, Any]) -> bool:
    return str(header.get("typ", "JWT")).lower() in TYPES and not BRINGS_ITS_OWN_KEY & header.keys()


def _number(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise _invalid()


def _tenant(claim: object) -> str:
    try:
        return checked_tenant(str(claim or ""))
    except Refused as exc:
        raise _invalid("names no tenant") from exc


def _scopes(claim: object) -> frozenset[str]:
    """Words, or a list of them: issuers differ."""
    return frozenset(map(str, claim)) if isinstance(claim, list) else frozenset(str(claim or "").split())


def _invalid(why: str = "is not valid (any more). Get a new one") -> TokenRefused:
    return TokenRefused("invalid_token", f"The token {why}.")
