"""The door: a bearer token or an API key becomes the caller that the services behind will see."""

from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.params import Security as SecurityParameter
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection
from structlog.contextvars import bind_contextvars, get_contextvars

from ai2text.api_gateway.api_keys import ApiKeys
from ai2text.api_gateway.caller_limits import CallerLimits
from ai2text.api_gateway.tokens import TokenRefused, Tokens
from ai2text.common.contracts.inside import Caller, Scope
from ai2text.common.contracts.keys import PREFIX, KeyHolder

_bearer = HTTPBearer(auto_error=False)


class Door:
    def __init__(self, tokens: Tokens, keys: ApiKeys, limits: CallerLimits) -> None:
        self._tokens = tokens
        self._keys = keys
        self._limits = limits

    def needs(self, scope: Scope) -> SecurityParameter:
        """A dependency: the caller, who holds the scope; 401 without a good token, 403 without the scope, 429."""

        async def dependency(
            request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
        ) -> Caller:
            return await self.enter(request, given.credentials if given else None, scope)

        return SecurityParameter(dependency, scopes=[scope])

    async def enter(self, connection: HTTPConnection, token: str | None, scope: Scope) -> Caller:
        """Raises HTTPException, 401, 403 and 429; Unavailable."""
        caller = await self._admit(token)
        connection.state.caller = caller
        connection.state.leave = self._limits.enter(caller)
        if scope not in caller.scopes:
            raise HTTPException(403, f"This needs the scope {scope}, which the token does not have.")
        return caller

    def keep_listening(self, connection: HTTPConnection, caller: Caller) -> None:
        """A stream of events is no request that will soon be over. Raises HTTPException, 429."""
        leave = self._limits.listen(caller)
        connection.state.leave()
        connection.state.leave = leave

    async def _admit(self, token: str | None) -> Caller:
        try:
            caller = await self.caller_of(token)
        except TokenRefused as exc:
            raise HTTPException(401, exc.detail, {"WWW-Authenticate": f'Bearer error="{exc.code}"'}) from exc
        bind_contextvars(tenant=caller.tenant, subject=caller.subject)
        return caller

    async def caller_of(self, token: str | None) -> Caller:
        """Raises TokenRefused; Unavailable while the catalogue, or the issuer of the token, cannot be asked."""
        if not token:
            raise TokenRefused("missing_token", "Send the header Authorization: Bearer <token>.")
        known = await (self._holder_of(token) if token.startswith(PREFIX) else self._tokens.bearer_of(token))
        return Caller(
            tenant=known.tenant,
            subject=known.subject,
            scopes=known.scopes,
            request_id=get_contextvars()["request_id"],
        )

    async def _holder_of(self, key: str) -> KeyHolder:
        holder = await self._keys.holder_of(key)
        if holder is None:
            raise TokenRefused("invalid_token", "The key is not valid (any more). Get a new one.")
        return holder
