"""A training run as a Job of Kubernetes, and what such a Job says of itself. No I/O here."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from ai2text.common.contracts.states import TrainingStatus
from ai2text.common.contracts.training import KubernetesTraining, Resources
from ai2text.training_orchestrator.settings import TrainingSettings
from ai2text.training_orchestrator.training_run import Run, ended, failed, running

CONTAINER = "training"
NOT_RUNNABLE = (126, 127)
"""Exit statuses of a command that is not there or may not be run: trying again does not help."""


def job_name(run: Run) -> str:
    """Of this run alone, in whatever cluster, and the same each time it is asked for."""
    return f"ai2text-training-{run.run_id}"


def job_of(
    run: Run, training: KubernetesTraining, settings: TrainingSettings, env: Mapping[str, str]
) -> dict[str, Any]:
    """`env` are our variables, which come before all others."""
    labels = {"app.kubernetes.io/part-of": "ai2text", "app.kubernetes.io/component": "training"}
    place = run.place
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": job_name(run),
            "labels": labels,
            "annotations": {"ai2text/run": f"{place.tenant}/{place.name}/{place.version}/{place.run}"},
        },
        "spec": {
            "backoffLimit": training.retries,
            "activeDeadlineSeconds": max(round(training.timeout_hours * 3600), 1),
            "ttlSecondsAfterFinished": round(settings.kept_hours * 3600),
            "podFailurePolicy": {"rules": _failure_rules()},
            "template": {"metadata": {"labels": labels}, "spec": _pod(training, settings, env)},
        },
    }


def _failure_rules() -> list[dict[str, Any]]:
    """A node that is drained costs no retry, a command that cannot be run all of them."""
    return [
        {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
        {
            "action": "FailJob",
            "onExitCodes": {"containerName": CONTAINER, "operator": "In", "values": list(NOT_RUNNABLE)},
        },
    ]


def _pod(training: KubernetesTraining, settings: TrainingSettings, env: Mapping[str, str]) -> dict[str, Any]:
    """What restricted pod security wants, over what the installation lays under it."""
    security = {**settings.pod.get("securityContext", {}), "runAsNonRoot": True}
    return {
        **settings.pod,
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {**security, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [_container(training, settings, env)],
    }


def _container(training: KubernetesTraining, settings: TrainingSettings, env: Mapping[str, str]) -> dict[str, Any]:
    resources = _resources(training.resources, settings.gpu_resource)
    return {
        "name": CONTAINER,
        "image": training.image,
        **({"command": list(training.command)} if training.command else {}),
        **({"args": list(training.args)} if training.args else {}),
        "env": [{"name": name, "value": value} for name, value in {**training.env, **env}.items()],
        "envFrom": [{"secretRef": {"name": name}} for name in training.secrets],
        "resources": {"requests": resources, "limits": resources},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }


def _resources(wanted: Resources, gpu: str) -> dict[str, str]:
    return {"cpu": wanted.cpu, "memory": wanted.memory, **({gpu: str(wanted.gpus)} if wanted.gpus else {})}


def state_of(run: Run, job: Mapping[str, Any], now: datetime) -> Run:
    """The run as its Job says; `started_at` is when the cluster took it up."""
    status = job.get("status", {})
    begun = status.get("startTime")
    seen = replace(run, started_at=datetime.fromisoformat(begun)) if begun and run.started_at is None else run
    conditions = {one["type"]: one for one in status.get("conditions", ()) if one["status"] == "True"}
    if "Complete" in conditions:
        return ended(seen, TrainingStatus.SUCCEEDED, now)
    if why := conditions.get("Failed"):
        return failed(seen, now, _code(why.get("reason", "failed")), why.get("message") or "The Job failed.")
    return running(seen, now) if status.get("ready") else run


def _code(reason: str) -> str:
    """`BackoffLimitExceeded` as backoff_limit_exceeded."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", reason).lower()
