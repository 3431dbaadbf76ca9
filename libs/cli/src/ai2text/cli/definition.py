"""What a dataset is to be made of, as people write it: a file with the fields of `POST /v1/datasets`."""

import json
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from ai2text.common.errors import Misconfigured


def read_definition(path: Path) -> dict[str, Any]:
    """Raises Misconfigured, with the line that is at fault."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as exc:
        raise Misconfigured(f"The definition {path} cannot be read: {exc.strerror}.") from exc
    except UnicodeDecodeError as exc:
        line = exc.object.count(b"\n", 0, exc.start) + 1
        raise Misconfigured(f"{path}, line {line}: this is no UTF-8 text.") from exc
    match path.suffix.lower():
        case ".json":
            return _object(path, _json(path, text))
        case ".toml":
            return _toml(path, text)
        case ".yaml" | ".yml":
            return _yaml(path, text)
    raise Misconfigured(f"The definition {path} must be a .json, a .toml or a .yaml file.")


def _json(path: Path, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as exc:
        raise Misconfigured(f"{path}, line {exc.lineno}, column {exc.colno}: {exc.msg}.") from exc


def _toml(path: Path, text: str) -> dict[str, Any]:
    """With dates as JSON has them."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise Misconfigured(f"{path}: {exc}.") from exc  # its own words name line and column
    return _object(path, json.loads(json.dumps(found, default=_told)))


def _yaml(path: Path, text: str) -> dict[str, Any]:
    """With dates as JSON has them; what its `no` and `on` become is refused where a text is wanted."""
    try:
        found = yaml.safe_load(text)
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else 1
        raise Misconfigured(f"{path}, line {line}: {exc.problem}.") from exc
    except yaml.YAMLError as exc:
        raise Misconfigured(f"{path}: {exc}.") from exc
    return _object(path, json.loads(json.dumps(found, default=_told)))


def _told(value: object) -> str:
    """Dates and times are the only ones that JSON has not and a definition may have."""
    return value.isoformat() if isinstance(value, date) else str(value)


def _object(path: Path, found: Any) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise Misconfigured(f"{path}, line 1: a definition is an object with fields such as selection and splits.")
    return found
