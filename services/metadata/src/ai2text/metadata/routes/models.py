"""Models in the workers' memory, of the whole installation; only the scope `models:write` changes them."""

from typing import Any

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import JSONResponse

from ai2text.common.caller_token import Authenticate
from ai2text.common.contracts.inside import Scope
from ai2text.metadata.command_models import CommandModels
from ai2text.metadata.routes.admission import only_with


def models_router(models: CommandModels, caller: Authenticate) -> APIRouter:
    router = APIRouter(prefix="/v1/models", dependencies=[Depends(caller)])
    writer = Depends(only_with(Scope.MODELS_WRITE, caller))

    @router.get("")
    async def list_models() -> dict[str, Any]:
        return {"items": models.states(), "next": None}

    @router.post("/{model:path}", dependencies=[writer])
    async def load(model: str) -> JSONResponse:
        """200 when it is loaded, 202 when it is on its way."""
        loaded = await models.load(model)
        return JSONResponse({"name": model, "loaded": loaded}, 200 if loaded else 202)

    @router.delete("", dependencies=[writer])
    async def unload_all() -> dict[str, Any]:
        return {"workers": await models.unload(None)}

    @router.delete("/{model:path}", dependencies=[writer])
    async def unload(model: str) -> dict[str, Any]:
        workers = await models.unload(model)
        if not workers:
            raise HTTPException(404, f"The model {model!r} is not loaded.")
        return {"name": model, "workers": workers}

    return router
