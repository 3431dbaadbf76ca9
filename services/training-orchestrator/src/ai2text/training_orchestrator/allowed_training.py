"""What the installation lets a definition train with."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from ai2text.common.contracts.training import CommandTraining, KubernetesTraining, Training
from ai2text.common.errors import Refused
from ai2text.training_orchestrator.settings import TrainingSettings

OWN_VARIABLES = "AI2TEXT_"


def check_allowed(training: Training, tenant: str, settings: TrainingSettings) -> None:
    """Raises Refused. Asked when a definition is posted and again when a run begins: settings may change between."""
    match training:
        case KubernetesTraining():
            if settings.kubernetes_url is None:
                raise _refused("Jobs are not offered here: AI2TEXT_TRAINING_KUBERNETES_URL is not set.")
            _check("image", [training.image], settings.images, "IMAGES")
            _check("secret", [f"{tenant}/{name}" for name in training.secrets], settings.secrets, "SECRETS")
            _check_variables(training.env, settings)
        case CommandTraining():
            _check("program", training.command[:1], settings.commands, "COMMANDS")
            _check_variables(training.env, settings)


def _check_variables(env: Iterable[str], settings: TrainingSettings) -> None:
    if own := [name for name in env if name.startswith(OWN_VARIABLES)]:
        raise _refused(f"The variable {own[0]} is ours: choose a name that does not begin with {OWN_VARIABLES}.")
    _check("variable", env, settings.variables, "VARIABLES")


def _check(what: str, wanted: Iterable[str], allowed: Iterable[str], setting: str) -> None:
    """Those that are allowed may have `*` in them."""
    patterns = list(allowed)
    for one in wanted:
        if not any(fnmatchcase(one, pattern) for pattern in patterns):
            raise _refused(f"The {what} {one} is not among those that AI2TEXT_TRAINING_{setting} allows.")


def _refused(detail: str) -> Refused:
    return Refused("training_not_allowed", detail)
