"""Routes that not every caller may ask. The gateway checks scopes as well; what comes past it is refused here."""

from typing import Annotated

from fastapi import Depends, HTTPException

from ai2text.common.caller_token import Authenticate
from ai2text.common.contracts.inside import NO_TENANT, Caller, Scope


def only_with(scope: Scope, caller: Authenticate) -> Authenticate:
    async def holder(who: Annotated[Caller, Depends(caller)]) -> Caller:
        if scope not in who.scopes:
            raise HTTPException(403, f"This needs the scope {scope}.")
        return who

    return holder


def only_admins(caller: Authenticate) -> Authenticate:
    return only_with(Scope.ADMIN, caller)


def only_services(caller: Authenticate) -> Authenticate:
    """Services that ask for themselves, and nobody for whom the gateway asks."""

    async def service(who: Annotated[Caller, Depends(caller)]) -> Caller:
        if who.tenant != NO_TENANT:
            raise HTTPException(403, "This is between services.")
        return who

    return service
