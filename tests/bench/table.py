"""Figures as a Markdown table, with the facts of the machine they were taken on."""

import os
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Figure:
    name: str
    value: str


@dataclass(frozen=True)
class Row:
    name: str
    figures: list[Figure]


def table(rows: list[Row]) -> str:
    heads = [figure.name for figure in rows[0].figures]
    lines = [f"| | {' | '.join(heads)} |", f"|---|{'---|' * len(heads)}"]
    lines += [f"| {row.name} | {' | '.join(figure.value for figure in row.figures)} |" for row in rows]
    return "\n".join(lines)


def machine(device: str = "no GPU used", model: str = "the ear") -> str:
    cpu = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.processor(),
    )
    packages = ", ".join(f"{name} {version(name)}" for name in ("faster-whisper", "ctranslate2"))
    return (
        f"{os.cpu_count()} cores of {cpu}, {psutil.virtual_memory().total >> 30} GiB, {device}; "
        f"Python {platform.python_version()}, {packages}; model: {model}"
    )
