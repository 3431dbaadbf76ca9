"""The files of a version that hold no audio, from all of its rows: those of each format, and its card. Blocking."""

from collections.abc import Callable, Iterable, Iterator

from ai2text.common.contracts.definition import Definition, Format
from ai2text.training_orchestrator import card
from ai2text.training_orchestrator.formats import (
    common_voice,
    hf_parquet,
    hugging_face,
    kaldi,
    lhotse,
    nemo,
    nemo_tarred,
)
from ai2text.training_orchestrator.plan import Plan
from ai2text.training_orchestrator.row_file import RowFile

Files = Iterator[tuple[str, Iterable[bytes]]]
"""Paths, and what is in each, which is read before the next one is asked for."""


def text_files(definition: Definition, plan: Plan, rows: RowFile) -> Files:
    for wanted in definition.formats:
        if wanted in TEXTS:
            yield from TEXTS[wanted](plan, rows)
    yield from card.files(definition, plan.report, rows.rows())


def _nemo(plan: Plan, rows: RowFile) -> Files:
    for one in plan.splits:
        yield nemo.manifest(one.split), nemo.lines(rows.of(one.split)())


def _nemo_tarred(plan: Plan, rows: RowFile) -> Files:
    for one in plan.splits:
        shards = [(shard.number, rows.of_stretch(shard.rows)) for shard in plan.shards if shard.split == one.split]
        yield from nemo_tarred.files(one.split, shards)


def _kaldi(plan: Plan, rows: RowFile) -> Files:
    for one in plan.splits:
        yield from kaldi.files(one.split, rows.of(one.split), rows.by_voice(one.split))


def _lhotse(plan: Plan, rows: RowFile) -> Files:
    for one in plan.splits:
        yield from lhotse.files(one.split, rows.of(one.split))


def _hugging_face(plan: Plan, rows: RowFile) -> Files:
    yield f"{hugging_face.FOLDER}/README.md", [hugging_face.readme(_filled(plan))]
    for one in plan.splits:
        yield from hugging_face.files(one.split, rows.of(one.split))


def _hf_parquet(plan: Plan, _: RowFile) -> Files:
    yield f"{hf_parquet.FOLDER}/README.md", [hf_parquet.readme(_filled(plan))]


def _common_voice(plan: Plan, rows: RowFile) -> Files:
    return common_voice.files({one.split: rows.of(one.split) for one in plan.splits})


def _filled(plan: Plan) -> list[str]:
    """`datasets` refuses to load a split that is named and has no rows."""
    return [one.split for one in plan.splits if one.rows.bytes]


TEXTS: dict[Format, Callable[[Plan, RowFile], Files]] = {
    Format.NEMO: _nemo,
    Format.NEMO_TARRED: _nemo_tarred,
    Format.KALDI: _kaldi,
    Format.LHOTSE: _lhotse,
    Format.HUGGING_FACE: _hugging_face,
    Format.HF_PARQUET: _hf_parquet,
    Format.COMMON_VOICE: _common_voice,
}
