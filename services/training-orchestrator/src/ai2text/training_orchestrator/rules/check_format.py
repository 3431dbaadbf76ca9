"""One format of a version by the rules of its readers."""

import tarfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

from ai2text.common.contracts.definition import Format
from ai2text.common.errors import ObjectNotFound
from ai2text.training_orchestrator.rules import (
    common_voice,
    hf_parquet,
    hugging_face,
    kaldi,
    lhotse,
    nemo,
    nemo_tarred,
    webdataset,
)
from ai2text.training_orchestrator.rules.content import Content
from ai2text.training_orchestrator.rules.violation import Say, Violation

TOLD = 100
DAMAGES = (ArithmeticError, EOFError, KeyError, OSError, TypeError, ValueError, tarfile.TarError, zlib.error)
RULES: dict[Format, Callable[[Content, Say], int]] = {
    Format.NEMO: nemo.check,
    Format.NEMO_TARRED: nemo_tarred.check,
    Format.KALDI: kaldi.check,
    Format.LHOTSE: lhotse.check,
    Format.HUGGING_FACE: hugging_face.check,
    Format.HF_PARQUET: hf_parquet.check,
    Format.WEBDATASET: webdataset.check,
    Format.COMMON_VOICE: common_voice.check,
}
"""Each says what breaks a rule, and returns how many rows there are."""


@dataclass(slots=True)
class Found:
    """What was said; all of it is counted, and the first of it kept."""

    rows: int = 0
    violations: int = 0
    first: list[Violation] = field(default_factory=list)

    def say(self, violation: Violation) -> None:
        self.violations += 1
        if len(self.first) < TOLD:
            self.first.append(violation)


def check_format(content: Content, form: Format, expected_rows: int) -> Found:
    """What is damaged beyond reading is a violation too. Blocking."""
    found = Found()
    try:
        found.rows = RULES[form](content, found.say)
    except ObjectNotFound as exc:
        found.say(Violation(path=form, why=f"a file is missing: {exc}"))
    except DAMAGES as exc:
        found.say(Violation(path=form, why=f"it is so damaged that no rule can be applied: {exc!r}."))
    else:
        if found.rows != expected_rows:
            found.say(Violation(path=form, why=f"there are {found.rows} rows, and the version has {expected_rows}."))
    return found
