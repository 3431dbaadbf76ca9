"""What happens in the tenant, while it happens: as server-sent events, over a WebSocket, or by asking again and again.

All three tell the same documents, and each goes on from a cursor that any of them gave.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Header, HTTPException, Query, Request, Response, WebSocket
from fastapi.responses import JSONResponse

from ai2text.api_gateway.auth import Door
from ai2text.api_gateway.cursors import LENGTH, Cursors
from ai2text.api_gateway.documents.jobs import Events as EventList
from ai2text.api_gateway.event_stream import AGAIN, EVENT_STREAM, SILENCE, block, event_stream, only_place
from ai2text.api_gateway.inside import LONGEST_WAIT_SECONDS
from ai2text.api_gateway.tenant_events import BEGIN_SECONDS, Listener, TenantEvents, Told
from ai2text.common.contracts.inside import Caller, Scope
from ai2text.common.occurrences import Kind
from ai2text.common.paging import Limit

PROTOCOL = "ai2text.v1"
"""Of the WebSocket: browsers have to name one, and may send `bearer.<token>` beside it instead of a header."""
TOKEN_PREFIX = "bearer."  # noqa: S105 - no secret
COME_BACK, NOT_TAKEN = 1012, 1003
UNKNOWN = -1
"""A place that is none."""

After = Annotated[
    str | None,
    Query(pattern=rf"^[A-Za-z0-9_-]{{{LENGTH}}}$", description="A `cursor`: what came after it is told first."),
]
Kinds = Annotated[list[Kind] | None, Query(alias="type", description="Of these kinds only; may be repeated.")]
Events = AsyncIterator[Told | int]
Wait = Annotated[
    float | None,
    Query(ge=0, le=LONGEST_WAIT_SECONDS, description="Answer with a list, after so many seconds at the latest."),
]


def events_router(door: Door, events: TenantEvents, cursors: Cursors, origins: Collection[str]) -> APIRouter:
    router = APIRouter(prefix="/v1/events", tags=["events"])
    reader = door.needs(Scope.RECORDINGS_READ)

    @router.get(
        "",
        summary="What happens, as server-sent events; with `wait` the next of it, as a list",
        response_model=EventList,
        responses={200: {"content": EVENT_STREAM}},
    )
    async def stream_or_list(
        request: Request,
        caller: Annotated[Caller, reader],
        after: After = None,
        kinds: Kinds = None,
        wait: Wait = None,
        limit: Limit = 100,
        last_event_id: Annotated[str, Header(description="As `after`; sent by browsers that come back.")] = "",
    ) -> Response:
        door.keep_listening(request, caller)
        places = _Places(cursors, caller.tenant)
        place = places.of(after or last_event_id)
        if wait is not None:
            with events.listening(caller.tenant, place, kinds or ()) as listener:
                return JSONResponse(await _page(listener, places, wait, limit))
        told = events.follow(caller.tenant, place, kinds or ())
        first = await anext(told)  # what is wrong can be answered until here
        return event_stream(_blocks(places, first, told))

    @router.websocket("")
    async def socket(websocket: WebSocket, after: After = None, kinds: Kinds = None) -> None:
        _check_origin(websocket, origins)
        caller = await door.enter(websocket, _token_of(websocket), Scope.RECORDINGS_READ)
        door.keep_listening(websocket, caller)
        places = _Places(cursors, caller.tenant)
        told = events.follow(caller.tenant, places.of(after), kinds or ())
        first = await anext(told)
        await websocket.accept(PROTOCOL if PROTOCOL in websocket.scope["subprotocols"] else None)
        await _talk(websocket, _messages(places, first, told))

    return router


@dataclass(frozen=True, slots=True)
class _Places:
    """As the caller knows them."""

    cursors: Cursors
    tenant: str

    def of(self, cursor: str | None) -> int | None:
        if not cursor:
            return None
        place = self.cursors.open(self.tenant, cursor)
        return UNKNOWN if place is None else place

    def document(self, one: Told | int) -> dict[str, Any]:
        if isinstance(one, int):
            return {"cursor": self.cursors.seal(self.tenant, one), "type": "cursor"}
        return {"cursor": self.cursors.seal(self.tenant, one.place), **one.document()}


async def _page(listener: Listener, places: _Places, wait: float, limit: int) -> dict[str, Any]:
    try:
        found = await listener.begin(BEGIN_SECONDS) or await listener.next(wait)
    finally:
        await listener.close()
    reached = found[limit - 1].place if len(found) > limit else listener.place or 0
    items = [places.document(one) for one in found[:limit]]
    return {"items": items, "next": places.document(reached)["cursor"]}


async def _messages(places: _Places, first: Told | int, rest: Events) -> AsyncIterator[dict[str, Any]]:
    yield places.document(first)
    async for one in rest:
        yield places.document(one)


async def _blocks(places: _Places, first: Told | int, rest: Events) -> AsyncIterator[bytes]:
    yield AGAIN
    async for document in _messages(places, first, rest):
        cursor = document["cursor"]
        yield (
            SILENCE + only_place(cursor) if document["type"] == "cursor" else block(document, document["type"], cursor)
        )


def _check_origin(websocket: WebSocket, allowed: Collection[str]) -> None:
    """Browsers ask no leave for a WebSocket, as they do for other requests to another origin."""
    origin = websocket.headers.get("origin")
    own = websocket.headers["host"]
    if origin is not None and origin not in allowed and urlsplit(origin).netloc != own:
        raise HTTPException(403, f"Web pages of {origin!r} may not call: AI2TEXT_GATEWAY_CORS_ORIGINS names who may.")


def _token_of(websocket: WebSocket) -> str | None:
    scheme, _, token = websocket.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token
    offered = (
        one.removeprefix(TOKEN_PREFIX) for one in websocket.scope["subprotocols"] if one.startswith(TOKEN_PREFIX)
    )
    return next(offered, None)


async def _talk(websocket: WebSocket, documents: AsyncIterator[dict[str, Any]]) -> None:
    """Until either end has enough; nothing is expected to be said to us."""
    telling = asyncio.create_task(_tell(websocket, documents))
    hearing = asyncio.create_task(websocket.receive())
    await asyncio.wait({telling, hearing}, return_when=asyncio.FIRST_COMPLETED)
    telling.cancel()
    hearing.cancel()
    await asyncio.wait({telling, hearing})
    if hearing.cancelled():
        await websocket.close(COME_BACK, "Come back with your cursor.")
    elif hearing.result()["type"] == "websocket.receive":
        await websocket.close(NOT_TAKEN, "Nothing is taken here.")


async def _tell(websocket: WebSocket, documents: AsyncIterator[dict[str, Any]]) -> None:
    async for document in documents:
        await websocket.send_json(document)
