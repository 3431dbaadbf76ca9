"""Tokens from outside, after RFC 8725: fixed algorithm, required claims, bounded lifetime; and API keys."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import jwt
from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from structlog.contextvars import bind_contextvars, get_contextvars

from ai2text.api_gateway.api_keys import ApiKeys
from ai2text.api_gateway.settings import JwtSettings
from ai2text.common.contracts.identity import checked_tenant
from ai2text.common.contracts.inside import Caller, Scope
from ai2text.common.contracts.keys import PREFIX
from ai2text.common.errors import Refused

ALGORITHM = "HS256"
REQUIRED = ("exp", "iat", "iss", "aud", "sub")
_bearer = HTTPBearer(auto_error=False)


class TokenRefused(Refused):
    """Answered with 401; the sentence never tells more than the bearer knows."""


class Door:
    """Turns a bearer token or an API key into the caller that the services behind will see."""

    def __init__(self, settings: JwtSettings, keys: ApiKeys) -> None:
        self._settings = settings
        self._keys = keys

    def needs(self, scope: Scope) -> Callable[..., Awaitable[Caller]]:
        """A dependency: the caller, who holds the scope; 401 without a good token, 403 without the scope."""

        async def dependency(
            request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
        ) -> Caller:
            caller = await self._admit(given.credentials if given else None)
            request.state.caller = caller
            if scope not in caller.scopes:
                raise HTTPException(403, f"This needs the scope {scope}, which the token does not have.")
            return caller

        return dependency

    async def _admit(self, token: str | None) -> Caller:
        try:
            caller = await self.caller_of(token)
        except TokenRefused as exc:
            raise HTTPException(401, exc.detail, {"WWW-Authenticate": f'Bearer error="{exc.code}"'}) from exc
        bind_contextvars(tenant=caller.tenant, subject=caller.subject)
        return caller

    async def caller_of(self, token: str | None) -> Caller:
        """Raises TokenRefused; Unavailable when it is a key and the catalogue is away."""
        if not token:
            raise TokenRefused("missing_token", "Send the header Authorization: Bearer <token>.")
        return await self._holder_of(token) if token.startswith(PREFIX) else self._bearer_of(token)

    async def _holder_of(self, key: str) -> Caller:
        holder = await self._keys.holder_of(key)
        if holder is None:
            raise TokenRefused("invalid_token", "The key is not valid (any more). Get a new one.")
        return Caller(
            tenant=holder.tenant,
            subject=holder.subject,
            scopes=holder.scopes,
            request_id=get_contextvars()["request_id"],
        )

    def _bearer_of(self, token: str) -> Caller:
        claims = self._claims(token)
        lifetime = claims["exp"] - claims["iat"]
        if not 0 < lifetime <= self._settings.max_lifetime_seconds:
            raise TokenRefused("invalid_token", "The token was issued for too long.")
        return Caller(
            tenant=_tenant(claims),
            subject=str(claims["sub"]),
            scopes=frozenset(str(claims.get("scope", "")).split()),
            request_id=get_contextvars()["request_id"],
        )

    def _claims(self, token: str) -> dict[str, Any]:
        settings = self._settings
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                settings.key.get_secret_value(),
                algorithms=[ALGORITHM],
                issuer=settings.issuer,
                audience=settings.audience,
                leeway=settings.leeway_seconds,
                options={"require": list(REQUIRED), "enforce_minimum_key_length": True},
            )
        except jwt.InvalidTokenError as exc:
            raise TokenRefused("invalid_token", "The token is not valid (any more). Get a new one.") from exc
        return claims


def _tenant(claims: dict[str, Any]) -> str:
    try:
        return checked_tenant(str(claims.get("tenant", "")))
    except Refused as exc:
        raise TokenRefused("invalid_token", "The token names no tenant.") from exc
