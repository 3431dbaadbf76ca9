"""Why something was refused or failed, for machines and for people."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """`code` is snake_case and stable; `detail` is a sentence that says what to do."""

    code: str
    detail: str
