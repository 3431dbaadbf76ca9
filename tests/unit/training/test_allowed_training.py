"""Nothing may be trained with but what somebody has allowed."""

from dataclasses import replace

import pytest

from ai2text.common.contracts.training import CommandTraining, EventTraining, KubernetesTraining, Training
from ai2text.common.errors import Refused
from ai2text.training_orchestrator.allowed_training import check_allowed
from ai2text.training_orchestrator.settings import TrainingSettings

SETTINGS = TrainingSettings(
    kubernetes_url="https://cluster",
    images=("registry.example/team/*",),
    variables=("EPOCHS", "NEMO_*"),
    secrets=("acme/wandb",),
    commands=("/usr/bin/train",),
)
JOB = KubernetesTraining(
    image="registry.example/team/nemo:1", env={"EPOCHS": "1", "NEMO_LR": "0.1"}, secrets=("wandb",)
)
COMMAND = CommandTraining(command=("/usr/bin/train", "--fast"))


@pytest.mark.parametrize("training", [JOB, COMMAND, EventTraining()])
def test_what_is_allowed_may_be_trained_with(training: Training) -> None:
    check_allowed(training, "acme", SETTINGS)


@pytest.mark.parametrize(
    ("training", "tenant", "setting"),
    [
        (replace(JOB, image="registry.example/other/nemo:1"), "acme", "IMAGES"),
        (replace(JOB, env={"PATH": "/x"}), "acme", "VARIABLES"),
        (replace(JOB, secrets=("wandb", "s3")), "acme", "SECRETS"),
        (JOB, "other", "SECRETS"),
        (replace(JOB, env={"AI2TEXT_DATASET": "x"}), "acme", "AI2TEXT_"),
        (replace(COMMAND, command=("/usr/bin/python",)), "acme", "COMMANDS"),
        (replace(COMMAND, env={"LD_PRELOAD": "/x"}), "acme", "VARIABLES"),
    ],
)
def test_anything_else_is_refused_with_the_setting_that_would_allow_it(
    training: Training, tenant: str, setting: str
) -> None:
    with pytest.raises(Refused, match=setting):
        check_allowed(training, tenant, SETTINGS)


@pytest.mark.parametrize("training", [JOB, COMMAND])
def test_by_itself_an_installation_allows_events_alone(training: Training) -> None:
    check_allowed(EventTraining(), "acme", TrainingSettings())
    with pytest.raises(Refused):
        check_allowed(training, "acme", TrainingSettings())
