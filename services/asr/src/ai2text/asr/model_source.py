"""What a model's name stands for: a repository of the hub, a folder, or a prefix in the object store."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from faster_whisper.utils import _MODELS as SIZES  # the one table of the short names
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils._validators import validate_repo_id

from ai2text.asr.settings import AsrSettings
from ai2text.common.errors import Refused

COMMIT = re.compile(r"[0-9a-f]{40}")
REVISION = re.compile(r"\w[\w./-]{0,99}", re.ASCII)


@dataclass(frozen=True, slots=True)
class HubModel:
    repo: str
    revision: str = "main"
    """A branch, a tag or a commit."""


@dataclass(frozen=True, slots=True)
class LocalModel:
    folder: Path


@dataclass(frozen=True, slots=True)
class StoredModel:
    bucket: str
    prefix: str
    """Ends with a slash."""


Source = HubModel | LocalModel | StoredModel


def source_of(name: str, settings: AsrSettings) -> Source:
    """Asks nobody. Raises Refused for what can be no model.

    Folders and buckets are taken only as the operator named them: a job comes from outside, and must not be able to
    ask what lies on this machine or in another tenant's keys.
    """
    address = settings.model_paths.get(name, name)
    ours = {settings.model, *settings.model_paths.values()}
    if _is_a_place(address) and address not in ours:
        raise Refused(
            "unknown_model",
            f"{name!r} is a place: name it in AI2TEXT_ASR_MODEL_PATHS, and ask for it by its name there.",
        )
    if address.startswith("s3://"):
        return _stored(address)
    return LocalModel(Path(address)) if _is_a_place(address) else _of_the_hub(address)


def _is_a_place(address: str) -> bool:
    return "://" in address or Path(address).is_absolute()


def _stored(address: str) -> StoredModel:
    parts = urlsplit(address)
    if not parts.netloc or not parts.path.strip("/"):
        raise Refused("unknown_model", f"{address!r} names no bucket and prefix: write s3://bucket/prefix.")
    return StoredModel(parts.netloc, parts.path.strip("/") + "/")


def _of_the_hub(address: str) -> HubModel:
    name, _, revision = address.partition("@")
    repo, revision = SIZES.get(name, name), revision or "main"
    try:
        validate_repo_id(repo)
    except HFValidationError as exc:
        raise Refused("unknown_model", f"The model {name!r} is not known: {exc}") from exc
    if "/" not in repo or not repo.isascii():
        raise Refused(
            "unknown_model", f"The model {name!r} is not known: write org/repo, or one of {', '.join(SIZES)}."
        )
    if not REVISION.fullmatch(revision) or ".." in revision:
        raise Refused("unknown_model", f"{revision!r} is no branch, tag or commit.")
    return HubModel(repo, revision)
