"""The Jobs of one namespace, over the API of Kubernetes."""

import asyncio
import random
import ssl
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import httpx

from ai2text.common.errors import Misconfigured, Refused, Unavailable
from ai2text.training_orchestrator.settings import TrainingSettings

CONNECT_SECONDS, READ_SECONDS = 5.0, 15.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 60.0
FIRST_ERROR = 400
LATER = frozenset({401, 403, 408, 425, 429})
"""Refusals that somebody may lift: a role, a token, a limit."""


class ClusterUnavailable(Unavailable):
    """The API server did not answer, or not now; whether it did what was asked nobody knows."""


class KubernetesJobs:
    """After a failure the API server is left alone for a while, which doubles from failure to failure."""

    def __init__(
        self, client: httpx.AsyncClient, settings: TrainingSettings, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._settings = settings
        self._monotonic = monotonic
        self._pause_seconds = FIRST_PAUSE_SECONDS
        self._left_alone_until = 0.0
        self._path = f"/apis/batch/v1/namespaces/{settings.kubernetes_namespace}/jobs"

    async def create(self, job: dict[str, Any]) -> None:
        """Returns when there is one of this name, whoever made it. Raises Refused, ClusterUnavailable."""
        answer = await self._ask("POST", self._path, job)
        if answer.status_code == HTTPStatus.NOT_FOUND:
            raise self._unavailable(answer)  # there is no such namespace, yet
        if answer.status_code >= FIRST_ERROR and answer.status_code != HTTPStatus.CONFLICT:
            raise Refused("job_refused", f"The cluster has refused the Job: {_message(answer)}")

    async def find(self, name: str) -> dict[str, Any] | None:
        """Raises ClusterUnavailable."""
        answer = await self._ask("GET", f"{self._path}/{name}")
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return None
        if answer.status_code >= FIRST_ERROR:
            raise self._unavailable(answer)
        found: dict[str, Any] = answer.json()
        return found

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        if self._settings.kubernetes_url is None:
            raise ClusterUnavailable("There is a Job to look at, but AI2TEXT_TRAINING_KUBERNETES_URL is not set.")
        if (left := self._left_alone_until - self._monotonic()) > 0:
            raise ClusterUnavailable(f"The API server is left alone for {left:.1f} s more.")
        headers = await asyncio.to_thread(self._headers)
        try:
            answer = await self._client.request(method, path, json=body, headers=headers)
        except httpx.TransportError as exc:
            self._leave_alone(0)
            raise ClusterUnavailable(f"The API server does not answer: {exc!r}") from exc
        if answer.status_code in LATER or answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise self._unavailable(answer)
        self._pause_seconds = FIRST_PAUSE_SECONDS
        return answer

    def _headers(self) -> dict[str, str]:
        """Blocking. The token is read each time: the cluster replaces it."""
        file = self._settings.kubernetes_token_file
        if file is None:
            return {}
        try:
            token = file.read_text()
        except OSError as exc:
            raise ClusterUnavailable(f"The token {file} cannot be read: {exc.strerror}.") from exc
        return {"Authorization": f"Bearer {token.strip()}"}

    def _unavailable(self, answer: httpx.Response) -> ClusterUnavailable:
        wanted = answer.headers.get("retry-after", "")
        self._leave_alone(float(wanted) if wanted.isdecimal() else 0)
        return ClusterUnavailable(f"The API server answered {answer.status_code}: {_message(answer)}")

    def _leave_alone(self, at_least_seconds: float) -> None:
        pause = max(self._pause_seconds * random.uniform(0.5, 1), at_least_seconds)  # noqa: S311 - jitter, not a secret
        self._left_alone_until = self._monotonic() + pause
        self._pause_seconds = min(self._pause_seconds * 2, LONGEST_PAUSE_SECONDS)


def kubernetes_client(settings: TrainingSettings) -> httpx.AsyncClient:
    """Raises Misconfigured for a file of certificates that is none."""
    file = settings.kubernetes_ca_file
    try:
        trusted = ssl.create_default_context(cafile=file)
    except OSError as exc:
        raise Misconfigured(f"AI2TEXT_TRAINING_KUBERNETES_CA_FILE: {file} cannot be used: {exc}.") from exc
    return httpx.AsyncClient(
        base_url=settings.kubernetes_url or "",
        timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
        verify=trusted,
        trust_env=False,
        follow_redirects=False,
    )


def _message(answer: httpx.Response) -> str:
    """Of a Status of Kubernetes, or whatever it says, in short."""
    try:
        told = answer.json()
    except ValueError:
        told = None
    message = told.get("message") if isinstance(told, dict) else None
    return str(message or answer.text)[:1000]
