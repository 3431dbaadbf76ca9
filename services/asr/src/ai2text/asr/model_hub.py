"""Models of the Hugging Face hub, or of a mirror that speaks like it (HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE).

huggingface_hub knows addresses, tokens and its own cache. Its downloads were read and not taken: a partial file belongs
to one process and is removed or left behind, so a killed download begins anew; no hash is compared; nothing is synced.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from huggingface_hub import constants, get_token, snapshot_download
from huggingface_hub.errors import LocalEntryNotFoundError

from ai2text.asr.model_files import NEEDED, TAKEN, Body, ModelUnavailable, Snapshot, complete_or_refuse
from ai2text.asr.model_source import HubModel
from ai2text.common.errors import Refused

TIMEOUT = httpx.Timeout(10, read=15)
FORBIDDEN = (401, 403)
UNKNOWN, UNKNOWN_CODES = (401, 404), ("RepoNotFound", "RevisionNotFound")
"""The hub answers 401 also for what does not exist, so that nobody learns what is private."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubFile:
    name: str
    url: str
    """Of one commit: its bytes never change."""
    size_bytes: int
    sha256: str | None
    """Of large files only; of the others Git's own hash is known."""
    blob_id: str | None

    def check(self, path: Path) -> None:
        """Raises ModelUnavailable when these are not its bytes."""
        with path.open("rb") as file:
            if self.sha256 is not None:
                same = hashlib.file_digest(file, "sha256").hexdigest() == self.sha256
            else:
                same = self.blob_id is None or _blob_id(file.read()) == self.blob_id
        if not same:
            raise ModelUnavailable(f"{self.url} came with other bytes than its hash says.")

    @contextmanager
    def open(self, offset: int) -> Iterator[Body]:
        headers = {**_bearer(), "Accept-Encoding": "identity"}
        headers |= {"Range": f"bytes={offset}-"} if offset else {}
        try:
            with httpx.stream("GET", self.url, headers=headers, follow_redirects=True, timeout=TIMEOUT) as answer:
                self._refuse_errors(answer)
                yield Body(offset if answer.status_code == httpx.codes.PARTIAL_CONTENT else 0, answer.iter_raw())
        except httpx.HTTPError as exc:
            raise ModelUnavailable(f"{self.url} broke off: {exc!r}") from exc

    def _refuse_errors(self, answer: httpx.Response) -> None:
        if answer.status_code in FORBIDDEN and not answer.history:
            raise Refused(
                "unknown_model", f"The hub does not let us read {self.url}: set HF_TOKEN to a token that may."
            )
        if answer.is_error:
            raise ModelUnavailable(f"{self.url} answered {answer.status_code}.")


def _bearer() -> dict[str, str]:
    token = get_token()
    return {"Authorization": f"Bearer {token}"} if token else {}


def _blob_id(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def hub_snapshot(model: HubModel) -> Snapshot:
    """Asks the hub. Raises Refused for what it does not have, ModelUnavailable when it does not say."""
    if constants.HF_HUB_OFFLINE:
        raise Refused(
            "model_not_cached", f"The model {model.repo} is not in the cache, and HF_HUB_OFFLINE forbids to fetch it."
        )
    info = _ask(model, f"{constants.ENDPOINT}/api/models/{model.repo}/revision/{quote(model.revision, safe='')}")
    listed = [one for one in info["siblings"] if one["rfilename"] in TAKEN]
    complete_or_refuse({one["rfilename"] for one in listed}, model.repo)
    revision = str(info["sha"])
    return Snapshot(revision=revision, files=tuple(_file(model.repo, revision, one) for one in listed))


def _ask(model: HubModel, url: str) -> dict[str, Any]:
    try:
        answer = httpx.get(url, params={"blobs": "true"}, headers=_bearer(), follow_redirects=True, timeout=TIMEOUT)
    except httpx.HTTPError as exc:
        raise ModelUnavailable(f"The hub {constants.ENDPOINT} does not answer: {exc!r}") from exc
    code = answer.headers.get("X-Error-Code", "")
    if code == "GatedRepo":
        raise Refused("unknown_model", f"{model.repo} is gated: accept its terms on the hub and set HF_TOKEN.")
    if code in UNKNOWN_CODES or answer.status_code in UNKNOWN:
        raise Refused("unknown_model", f"The hub has no model {model.repo} at {model.revision}, or not for us.")
    if answer.is_error:
        raise ModelUnavailable(f"{url} answered {answer.status_code}.")
    return _json(answer)


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        parsed: dict[str, Any] = answer.json()
    except ValueError as exc:  # a portal or proxy on the way
        raise ModelUnavailable(f"{answer.url} answered with something that is no JSON.") from exc
    return parsed


def _file(repo: str, revision: str, listed: dict[str, Any]) -> HubFile:
    large = listed.get("lfs")
    return HubFile(
        name=listed["rfilename"],
        url=f"{constants.ENDPOINT}/{repo}/resolve/{revision}/{listed['rfilename']}",
        size_bytes=int(large["size"] if large else listed["size"]),
        sha256=large["sha256"] if large else None,
        blob_id=listed.get("blobId"),
    )


def in_the_hubs_own_cache(model: HubModel) -> Path | None:
    """What huggingface_hub has downloaded before, for another program perhaps."""
    try:
        found = snapshot_download(
            model.repo, revision=model.revision, local_files_only=True, allow_patterns=list(TAKEN)
        )
    except LocalEntryNotFoundError:
        return None
    folder = Path(found)
    return folder if all((folder / name).is_file() for name in NEEDED) else None
