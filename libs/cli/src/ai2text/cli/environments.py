"""What each service of the embedded stack is told; nothing else of the user's environment reaches it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ai2text.cli.credentials import Credentials
from ai2text.cli.ports import Ports
from ai2text.cli.servers import POSTGRES_USER
from ai2text.common.errors import Misconfigured

LOOPBACK = "127.0.0.1"
FOLDER, TENANT, BUCKET, DATABASE = "inbox", "default", "ai2text", "ai2text"
JWT_ISSUER, JWT_AUDIENCE = "ai2text-embedded", "ai2text"
EAR_NAME, EAR = "ear", Path(__file__).parent / "ear"
"""The packaged demonstration model, and its samples."""

PASSED_ON = {"PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH"}
PASSED_ON_PREFIXES = ("XDG_", "HF_", "CUDA", "NVIDIA", "SSL_CERT_", "OMP_", "MKL_", "OPENBLAS_", "CT2_")
"""Places, proxies, devices, and how the libraries compute: these change threads, speed and last digits."""
OWN_PREFIX = "AI2TEXT_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The facts of one embedded stack."""

    data: Path
    inbox: Path
    gateway_port: int
    credentials: Credentials
    ports: Ports
    environ: Mapping[str, str]
    """The user's."""

    @property
    def gateway_url(self) -> str:
        return f"http://{LOOPBACK}:{self.gateway_port}"


def environments(installation: Installation, model: str) -> dict[str, dict[str, str]]:
    """By service: what may pass from the user's environment, and what the stack decides."""
    decided = _decided(installation, model)
    ours = {name for variables in decided.values() for name in variables}
    passed = {name: value for name, value in installation.environ.items() if _passes(name) and name not in ours}
    return {service: {**passed, **variables} for service, variables in decided.items()}


def _passes(name: str) -> bool:
    return name in PASSED_ON or name.startswith((OWN_PREFIX, *PASSED_ON_PREFIXES)) or name.upper().endswith("_PROXY")


def _decided(installation: Installation, model: str) -> dict[str, dict[str, str]]:
    credentials, ports = installation.credentials, installation.ports
    queue = {
        "AI2TEXT_NATS_URL": f"nats://{LOOPBACK}:{ports.of('nats')}",
        "AI2TEXT_NATS_USER": credentials.nats_user,
        "AI2TEXT_NATS_PASSWORD": credentials.nats_password,
    }
    store = {
        "AI2TEXT_S3_ENDPOINT": f"{LOOPBACK}:{ports.of('s3')}",
        "AI2TEXT_S3_SECURE": "false",
        "AI2TEXT_S3_BUCKET": BUCKET,
        "AI2TEXT_S3_ACCESS_KEY": credentials.s3_access_key,
        "AI2TEXT_S3_SECRET_KEY": credentials.s3_secret_key,
    }
    callers = {"AI2TEXT_CALLER_KEY": credentials.caller_key}
    own = {
        "metadata": {**queue, **store, **callers, **_catalogue(installation, model)},
        "ingestion": {**queue, **store, **callers, **_api("INGESTION", ports), **_intake(installation, model)},
        "asr": {**queue, **store, **_models(installation.environ, model)},
        "orchestrator": {**queue, **store, **callers, **_orchestrator(installation)},
        "gateway": {**queue, **callers, **_gateway(installation, model)},
    }
    inside = {"AI2TEXT_INSIDE_HOST": LOOPBACK, "AI2TEXT_LOG_FORMAT": "json"}
    return {
        service: {**inside, "AI2TEXT_INSIDE_PORT": str(ports.of(f"{service}_inside")), **variables}
        for service, variables in own.items()
    }


def dsn(installation: Installation) -> str:
    login = f"{POSTGRES_USER}:{installation.credentials.postgres_password}"
    return f"postgresql://{login}@{LOOPBACK}:{installation.ports.of('postgres')}/{DATABASE}"


def _api(group: str, ports: Ports) -> dict[str, str]:
    return {f"AI2TEXT_{group}_HOST": LOOPBACK, f"AI2TEXT_{group}_PORT": str(ports.of(group.lower()))}


def _catalogue(installation: Installation, model: str) -> dict[str, str]:
    own = {"AI2TEXT_POSTGRES_DSN": dsn(installation), "AI2TEXT_UPLOAD_MODEL": model}
    return {**_api("METADATA", installation.ports), **own}


def _intake(installation: Installation, model: str) -> dict[str, str]:
    return {
        "AI2TEXT_INGESTION_METADATA_URL": _metadata_url(installation.ports),
        "AI2TEXT_INGESTION_STATE_DIR": str(installation.data / "ingestion"),
        "AI2TEXT_FOLDER_PATH": str(installation.inbox),
        "AI2TEXT_FOLDER_NAME": FOLDER,
        "AI2TEXT_FOLDER_TENANT": TENANT,
        "AI2TEXT_FOLDER_MODEL": model,
        "AI2TEXT_UPLOAD_MODEL": model,
    }


def _orchestrator(installation: Installation) -> dict[str, str]:
    return {
        **_api("ORCHESTRATOR", installation.ports),
        "AI2TEXT_ORCHESTRATOR_METADATA_URL": _metadata_url(installation.ports),
        "AI2TEXT_TRAINING_GATEWAY_URL": installation.gateway_url,
        "AI2TEXT_TRAINING_COMMAND_DIR": str(installation.data / "training"),
    }


def _metadata_url(ports: Ports) -> str:
    return f"http://{LOOPBACK}:{ports.of('metadata')}"


def _models(environ: Mapping[str, str], model: str) -> dict[str, str]:
    """The demonstration model beside those that the user names."""
    name = "AI2TEXT_ASR_MODEL_PATHS"
    try:
        paths = json.loads(environ.get(name, "{}"))
    except ValueError as exc:
        raise Misconfigured(f"{name} is no JSON: {exc}") from exc
    return {"AI2TEXT_ASR_MODEL": model, name: json.dumps({EAR_NAME: str(EAR / "model"), **paths})}


def _gateway(installation: Installation, model: str) -> dict[str, str]:
    ports = installation.ports
    return {
        "AI2TEXT_GATEWAY_HOST": LOOPBACK,
        "AI2TEXT_GATEWAY_PORT": str(installation.gateway_port),
        "AI2TEXT_GATEWAY_METADATA_URL": _metadata_url(ports),
        "AI2TEXT_GATEWAY_INGESTION_URL": f"http://{LOOPBACK}:{ports.of('ingestion')}",
        "AI2TEXT_GATEWAY_ORCHESTRATOR_URL": f"http://{LOOPBACK}:{ports.of('orchestrator')}",
        "AI2TEXT_GATEWAY_MODEL": model,
        "AI2TEXT_JWT_KEY": installation.credentials.jwt_key,
        "AI2TEXT_JWT_ISSUER": JWT_ISSUER,
        "AI2TEXT_JWT_AUDIENCE": JWT_AUDIENCE,
    }
