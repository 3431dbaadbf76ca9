"""API keys: issued, listed and revoked by admins of their tenant, resolved for the gateway."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Path, Request, Response
from pydantic import AwareDatetime, ConfigDict, Field

from ai2text.common.caller_token import Authenticate
from ai2text.common.contracts.inside import Caller, Scope
from ai2text.common.contracts.keys import KeyHolder, PresentedKey
from ai2text.common.paging import AfterId, Limit
from ai2text.common.problems import problem
from ai2text.metadata.issue_key import ScopesNotHeld, issue_key
from ai2text.metadata.keys import list_keys
from ai2text.metadata.page import Window
from ai2text.metadata.postgres.keys import revoke_key
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.resolve_key import resolve_key
from ai2text.metadata.routes.admission import only_admins, only_services


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    __pydantic_config__ = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^\P{C}+$")]
    scopes: Annotated[frozenset[Scope], Field(min_length=1)]
    expires_at: AwareDatetime | None = None


def keys_router(database: Database, caller: Authenticate) -> APIRouter:
    router = APIRouter(prefix="/v1/keys")
    admin = Depends(only_admins(caller))

    @router.post("", status_code=201)
    async def issue(who: Annotated[Caller, admin], asked: NewKey) -> dict[str, Any]:
        return await issue_key(database, who, asked.name, asked.scopes, asked.expires_at)

    @router.get("")
    async def keys(
        who: Annotated[Caller, admin],
        limit: Limit = 100,
        after_id: AfterId = None,
    ) -> dict[str, Any]:
        async with database.reading(who.tenant) as connection:
            return asdict(await list_keys(connection, who.tenant, Window(limit=limit, after=after_id)))

    @router.delete("/{key_id}", status_code=204)
    async def revoke(who: Annotated[Caller, admin], key_id: Annotated[str, Path(pattern="^[a-z0-9]{1,8}$")]) -> None:
        async with database.transaction() as connection:
            known = await revoke_key(connection, who.tenant, key_id)
        if not known:
            raise HTTPException(404, "There is no such key.")

    @router.post("/resolve", dependencies=[Depends(only_services(caller))])
    async def resolve(key: PresentedKey) -> KeyHolder:
        """For the gateway, not on the outside."""
        holder = await resolve_key(database, key)
        if holder is None:
            raise HTTPException(404, "This key opens nothing.")
        return holder

    return router


def answer_key_errors(app: FastAPI) -> None:
    @app.exception_handler(ScopesNotHeld)
    async def not_held(request: Request, exc: ScopesNotHeld) -> Response:
        return problem(request, 403, exc.code, exc.detail)
