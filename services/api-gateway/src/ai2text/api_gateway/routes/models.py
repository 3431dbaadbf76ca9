"""OpenAI's list of models, with what the workers have in memory, and the ways to change that."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from ai2text.api_gateway.auth import Door
from ai2text.api_gateway.documents.openai import AllUnloaded, ModelList, OpenAIModel, Unloaded
from ai2text.api_gateway.inside import Service
from ai2text.api_gateway.openai_errors import OpenAIRefused
from ai2text.api_gateway.settings import ALIAS, GatewaySettings
from ai2text.common.contracts.inside import Caller, Scope

FIRST_ERROR, NOT_FOUND = 400, 404
UNKNOWN_CODES = {"unknown_model", "model_not_cached", "not_found"}
ABSENT = {"state": "absent", "workers": 0}
"""Loaded when a job asks for it."""


def models_router(door: Door, metadata: Service, settings: GatewaySettings) -> APIRouter:
    router = APIRouter(prefix="/v1/models", tags=["openai"])
    reader, writer = door.needs(Scope.RECORDINGS_READ), door.needs(Scope.MODELS_WRITE)

    async def known(caller: Caller) -> dict[str, dict[str, Any]]:
        """By name: those that can always be named, and those that workers tell of."""
        items = (await metadata.get("/v1/models", caller))["items"]
        told = {item.pop("name"): item for item in items if _may_see(item, caller)}
        default = told.get(settings.model, ABSENT)
        translator = {settings.translation_model: ABSENT} if settings.translation_model else {}
        return {settings.model: default, ALIAS: default, **translator, **told}

    async def ask(method: str, model: str, caller: Caller) -> tuple[int, dict[str, Any]]:
        real = settings.model if model == ALIAS else model
        status, answer = await metadata.ask(method, f"/v1/models/{quote(real, safe='')}", caller)
        if status >= FIRST_ERROR:
            raise _refused(status, answer)
        return status, answer

    @router.get(
        "", summary="The models that can be named, and those in memory or on their way", response_model=ModelList
    )
    async def list_models(caller: Annotated[Caller, reader]) -> JSONResponse:
        return JSONResponse({"object": "list", "data": [_model(*item) for item in (await known(caller)).items()]})

    @router.get("/{model:path}", summary="One of them", response_model=OpenAIModel)
    async def get_model(caller: Annotated[Caller, reader], model: str) -> JSONResponse:
        models = await known(caller)
        if model not in models:
            raise OpenAIRefused(404, f"There is no model {model!r} here.", code="model_not_found", param="model")
        return JSONResponse(_model(model, models[model]))

    @router.post(
        "/{model:path}",
        summary="Have every worker load it: 200 when it is there, 202 when it comes",
        response_model=OpenAIModel,
        responses={202: {"model": OpenAIModel, "description": "It comes"}},
    )
    async def load_model(caller: Annotated[Caller, writer], model: str) -> JSONResponse:
        status, answer = await ask("POST", model, caller)
        state = {"state": "ready"} if answer["loaded"] else {"state": "loading"}
        return JSONResponse(_model(model, state), status)

    @router.delete("", summary="Have every worker unload all its models", response_model=AllUnloaded)
    async def unload_all(caller: Annotated[Caller, writer]) -> JSONResponse:
        _, answer = await metadata.ask("DELETE", "/v1/models", caller)
        return JSONResponse({"object": "list", "deleted": True, "workers": answer["workers"]})

    @router.delete(
        "/{model:path}", summary="Have every worker unload it when its last user is done", response_model=Unloaded
    )
    async def unload_model(caller: Annotated[Caller, writer], model: str) -> JSONResponse:
        _, answer = await ask("DELETE", model, caller)
        return JSONResponse({"id": model, "object": "model", "deleted": True, "workers": answer["workers"]})

    return router


def _may_see(item: dict[str, Any], caller: Caller) -> bool:
    """Why a model failed tells of the inside, and of what other tenants asked for."""
    return item["state"] != "failed" or Scope.MODELS_WRITE in caller.scopes


def _model(name: str, told: dict[str, Any]) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "ai2text", **told}


def _refused(status: int, answer: dict[str, Any]) -> OpenAIRefused:
    unknown = answer["code"] in UNKNOWN_CODES
    code = "model_not_found" if unknown else str(answer["code"])
    return OpenAIRefused(NOT_FOUND if unknown else status, str(answer["detail"]), code=code, param="model")
