"""What the gateway is compared with: FastAPI and httpx, and nothing between them.

`python -m tests.bench.minimal_proxy PORT BEHIND SIGNED`: the address behind, and what it wants to have signed.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import uvicorn
from fastapi import FastAPI, Request, Response


def main(port: int, behind: str, signed: str) -> None:
    client: httpx.AsyncClient

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        nonlocal client
        async with httpx.AsyncClient(base_url=behind) as client:
            yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/{path:path}")
    async def proxied(path: str, request: Request) -> Response:
        answer = await client.get(f"/{path}", params=request.query_params, headers={"AI2Text-Caller": signed})
        return Response(answer.content, answer.status_code, media_type=answer.headers["content-type"])

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
