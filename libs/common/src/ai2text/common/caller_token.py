"""The gateway's signed word about who asks; the services answer nothing without it.

This is the services' contract with each other, not the authentication of people: that is the gateway's alone.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated

import jwt
from fastapi import Header
from structlog.contextvars import bind_contextvars

from ai2text.common.clock import Clock
from ai2text.common.contracts.inside import Caller
from ai2text.common.errors import Refused

HEADER = "AI2Text-Caller"
AUDIENCE = "ai2text-inside"
ALGORITHM = "HS256"
LIFETIME = timedelta(seconds=60)
Authenticate = Callable[..., Awaitable[Caller]]
"""A dependency of FastAPI's."""


class CallerUnknown(Refused):
    """The request did not come through the gateway; answered with 401."""


def sign(caller: Caller, key: str, clock: Clock) -> str:
    now = clock()
    claims = {
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + LIFETIME,
        "sub": caller.subject,
        "tenant": caller.tenant,
        "scopes": sorted(caller.scopes),
        "request_id": caller.request_id,
    }
    return jwt.encode(claims, key, algorithm=ALGORITHM)


def verify(token: str | None, key: str) -> Caller:
    """Raises CallerUnknown when the token is missing, expired or not signed with `key`."""
    if not token:
        raise CallerUnknown("caller_missing", f"This service answers the gateway only: {HEADER} is missing.")
    try:
        claims = jwt.decode(
            token, key, algorithms=[ALGORITHM], audience=AUDIENCE, options={"require": ["exp", "iat", "aud", "sub"]}
        )
    except jwt.InvalidTokenError as exc:
        raise CallerUnknown("caller_unknown", f"{HEADER} was not accepted: {exc}") from exc
    return Caller(
        tenant=claims["tenant"],
        subject=claims["sub"],
        scopes=frozenset(claims["scopes"]),
        request_id=claims["request_id"],
    )


def authenticated(key: str) -> Authenticate:
    """The dependency of every inside route: who asks, bound to the log; CallerUnknown (401) without the header."""

    async def caller(token: Annotated[str | None, Header(alias=HEADER)] = None) -> Caller:
        who = verify(token, key)
        bind_contextvars(request_id=who.request_id)
        return who

    return caller
