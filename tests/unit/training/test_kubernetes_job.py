"""The Job of a run, and what is read from one."""

from dataclasses import replace
from typing import Any

import kubernetes_validate
import pytest

from ai2text.common.contracts.states import TrainingStatus
from ai2text.common.contracts.training import KubernetesTraining, Resources
from ai2text.training_orchestrator.kubernetes_job import job_name, job_of, state_of
from ai2text.training_orchestrator.run_environment import run_environment
from ai2text.training_orchestrator.settings import TrainingSettings
from ai2text.training_orchestrator.training_run import Place, Run
from tests.fixtures.examples import NOW

RUN = Run(
    place=Place(tenant="acme", name="speech", version=3),
    run_id="5a4f3b2e-8e3b-4e8a-b08f-a02d8b7e6f06",
    requested_at=NOW,
)
TRAINING = KubernetesTraining(
    image="registry.example/nemo:1",
    command=("python", "train.py"),
    args=("--fast",),
    env={"EPOCHS": "3"},
    secrets=("wandb",),
    resources=Resources(cpu="4", memory="32Gi", gpus=1),
    retries=2,
    timeout_hours=0.5,
)
POD = {"nodeSelector": {"gpu": "a100"}, "restartPolicy": "Always", "securityContext": {"runAsUser": 1000}}


def job(training: KubernetesTraining = TRAINING, **settings: Any) -> dict[str, Any]:
    told = TrainingSettings(**settings)
    return job_of(RUN, training, told, run_environment(RUN, "https://speech.example/", "bucket"))


@pytest.mark.parametrize("version", ["1.29", "1.31", "1.37"])
@pytest.mark.parametrize("training", [TRAINING, KubernetesTraining(image="x")])
def test_it_is_one_that_kubernetes_takes(training: KubernetesTraining, version: str) -> None:
    kubernetes_validate.validate(job(training), version, strict=True)
    kubernetes_validate.validate(job(training, pod=POD), version, strict=True)


def test_it_ends_by_itself_and_goes_by_itself() -> None:
    spec = job(kept_hours=1)["spec"]
    assert (spec["backoffLimit"], spec["activeDeadlineSeconds"], spec["ttlSecondsAfterFinished"]) == (2, 1800, 3600)
    assert [rule["action"] for rule in spec["podFailurePolicy"]["rules"]] == ["Ignore", "FailJob"]


def test_its_pod_holds_with_restricted_security_whatever_the_installation_lays_under_it() -> None:
    pod = job(pod=POD)["spec"]["template"]["spec"]
    assert pod["nodeSelector"] == {"gpu": "a100"}
    assert (pod["restartPolicy"], pod["automountServiceAccountToken"]) == ("Never", False)
    assert pod["securityContext"] == {
        "runAsUser": 1000,
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    (container,) = pod["containers"]
    assert container["securityContext"] == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    assert container["resources"]["limits"] == {"cpu": "4", "memory": "32Gi", "nvidia.com/gpu": "1"}
    assert container["resources"]["requests"] == container["resources"]["limits"]


def test_it_is_told_where_the_version_is_and_its_secrets_by_their_names_alone() -> None:
    (container,) = job()["spec"]["template"]["spec"]["containers"]
    env = {one["name"]: one["value"] for one in container["env"]}
    assert env == {
        "EPOCHS": "3",
        "AI2TEXT_TENANT": "acme",
        "AI2TEXT_DATASET": "speech",
        "AI2TEXT_DATASET_VERSION": "3",
        "AI2TEXT_DATASET_URL": "https://speech.example/v1/datasets/speech/versions/3",
        "AI2TEXT_RUN": "1",
        "AI2TEXT_OUTPUTS": "s3://bucket/acme/dataset-runs/speech/000003/000001/outputs/",
    }
    assert container["envFrom"] == [{"secretRef": {"name": "wandb"}}]


def test_its_name_is_that_of_the_run_and_short_enough_for_its_pods() -> None:
    assert job_name(RUN) == "ai2text-training-5a4f3b2e-8e3b-4e8a-b08f-a02d8b7e6f06"
    assert len(job_name(RUN)) <= 63
    assert job_name(replace(RUN, run_id="another")) != job_name(RUN)


STARTED = {"startTime": "2026-11-20T13:00:00Z"}


@pytest.mark.parametrize(
    ("status", "expected", "code"),
    [
        ({}, TrainingStatus.REQUESTED, None),
        ({**STARTED, "active": 1, "ready": 0}, TrainingStatus.REQUESTED, None),
        ({**STARTED, "active": 1, "ready": 1}, TrainingStatus.RUNNING, None),
        ({**STARTED, "conditions": [{"type": "Complete", "status": "True"}]}, TrainingStatus.SUCCEEDED, None),
        ({**STARTED, "conditions": [{"type": "Complete", "status": "False"}]}, TrainingStatus.REQUESTED, None),
        ({**STARTED, "conditions": [{"type": "FailureTarget", "status": "True"}]}, TrainingStatus.REQUESTED, None),
        (
            {"conditions": [{"type": "Failed", "status": "True", "reason": "DeadlineExceeded", "message": "Long."}]},
            TrainingStatus.FAILED,
            "deadline_exceeded",
        ),
        ({"conditions": [{"type": "Failed", "status": "True"}]}, TrainingStatus.FAILED, "failed"),
    ],
)
def test_a_run_is_what_its_job_says(status: dict[str, Any], expected: TrainingStatus, code: str | None) -> None:
    found = state_of(RUN, {"status": status}, NOW)
    assert (found.status, found.error.code if found.error else None) == (expected, code)
    assert found.ended == (expected in {TrainingStatus.SUCCEEDED, TrainingStatus.FAILED})
