"""Patterns as in a .gitignore, by `pathspec`: of paths below a folder, and of keys below a prefix."""

from functools import cache

from pathspec import GitIgnoreSpec

from ai2text.common.errors import Misconfigured
from ai2text.common.sources import SourceOptions


@cache
def compiled(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    """Raises ValueError for what is no pattern."""
    return GitIgnoreSpec.from_lines(patterns)


def lets(path: str, include: tuple[str, ...], exclude: tuple[str, ...]) -> bool:
    """Whether `path` is matched by one of `include`, if there are any, and by none of `exclude`."""
    wanted = not include or compiled(include).match_file(path)
    return wanted and not compiled(exclude).match_file(path)


def check_patterns(called: str, place: SourceOptions) -> None:
    """Before anything is watched. Raises Misconfigured, with the field."""
    for field, patterns in {"include": place.include, "exclude": place.exclude}.items():
        try:
            compiled(patterns)
        except ValueError as exc:
            raise Misconfigured(f"{called} {place.name!r}: {field}: {exc}") from exc
