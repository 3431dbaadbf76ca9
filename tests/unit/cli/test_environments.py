import json
from pathlib import Path

import pytest

from ai2text.cli.credentials import Credentials
from ai2text.cli.environments import Installation, environments
from ai2text.cli.ports import Ports
from ai2text.common.errors import Misconfigured

SECRETS = Credentials()
SERVER_PORTS = ("nats", "postgres", "s3", "metadata", "ingestion", "orchestrator")
SERVICES = ("metadata", "ingestion", "asr", "orchestrator", "gateway")


def told(tmp_path: Path, **environ: str) -> dict[str, dict[str, str]]:
    ports = Ports(tmp_path / "ports.json", lambda _: True)
    for name in (*SERVER_PORTS, *(f"{service}_inside" for service in SERVICES)):
        ports.take(name)
    installation = Installation(
        data=tmp_path, inbox=tmp_path / "inbox", gateway_port=8080, credentials=SECRETS, ports=ports, environ=environ
    )
    return environments(installation, "small")


def holders(environments: dict[str, dict[str, str]], secret: str) -> set[str]:
    return {service for service, env in environments.items() if any(secret in value for value in env.values())}


def test_each_secret_reaches_only_the_services_that_need_it(tmp_path: Path) -> None:
    known = told(tmp_path)
    assert holders(known, SECRETS.postgres_password) == {"metadata"}
    assert holders(known, SECRETS.jwt_key) == {"gateway"}
    assert holders(known, SECRETS.caller_key) == {"metadata", "ingestion", "orchestrator", "gateway"}
    assert holders(known, SECRETS.nats_password) == {"metadata", "ingestion", "asr", "orchestrator", "gateway"}
    assert holders(known, SECRETS.s3_secret_key) == {"metadata", "ingestion", "asr", "orchestrator"}


def test_of_the_users_environment_only_what_is_needed_passes(tmp_path: Path) -> None:
    passed = {
        "PATH": "/bin",
        "HF_HOME": "/hf",
        "https_proxy": "http://p",
        "CUDA_VISIBLE_DEVICES": "0",
        "OMP_NUM_THREADS": "2",
    }
    kept = {"AI2TEXT_FOLDER_QUIET_SECONDS": "1"}
    known = told(tmp_path, **passed, **kept, AWS_SECRET_ACCESS_KEY="x", GITHUB_TOKEN="y", PYTHONPATH="/z")
    for env in known.values():
        assert {**passed, **kept}.items() <= env.items()
        assert not {"AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "PYTHONPATH"} & env.keys()


def test_what_the_stack_decides_is_not_overridden_and_does_not_spread(tmp_path: Path) -> None:
    known = told(tmp_path, AI2TEXT_POSTGRES_DSN="postgresql://theirs", AI2TEXT_FOLDER_MODEL="tiny")
    assert holders(known, "theirs") == set()
    assert known["ingestion"]["AI2TEXT_FOLDER_MODEL"] == "small"
    assert "AI2TEXT_FOLDER_MODEL" not in known["asr"]


def test_whoever_asks_the_catalogue_knows_where_it_is(tmp_path: Path) -> None:
    known = told(tmp_path)
    for service in ("ingestion", "orchestrator", "gateway"):
        url = known[service][f"AI2TEXT_{service.upper()}_METADATA_URL"]
        assert url == f"http://127.0.0.1:{known['metadata']['AI2TEXT_METADATA_PORT']}"


def test_the_packaged_model_stands_beside_those_of_the_user(tmp_path: Path) -> None:
    known = told(tmp_path, AI2TEXT_ASR_MODEL_PATHS='{"own": "/models/own"}')
    paths = json.loads(known["asr"]["AI2TEXT_ASR_MODEL_PATHS"])
    assert paths["own"] == "/models/own"
    assert (Path(paths["ear"]) / "model.bin").is_file()


def test_model_paths_that_are_no_json_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="AI2TEXT_ASR_MODEL_PATHS is no JSON"):
        told(tmp_path, AI2TEXT_ASR_MODEL_PATHS="own=/models/own")
