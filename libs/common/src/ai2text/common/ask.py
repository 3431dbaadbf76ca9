"""What may be asked over REST about how to transcribe: the defaults, and the bounds."""

import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, fields, replace

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_settings import BaseSettings

from ai2text.common.contracts.transcription import TranscriptionOptions
from ai2text.common.errors import Refused
from ai2text.common.settings import group

WHISPERS = (
    "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he hi hr ht hu hy id "
    "is it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt ro ru sa sd "
    "si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo yue zh"
)
LANGUAGES = frozenset(WHISPERS.split())
"""Those of Whisper's largest models; a smaller model may know fewer, and then the job fails and says so."""
PROMPT_MOST_CHARACTERS = 1000
"""Whisper reads 224 tokens of it, about 900 characters of English."""
BEAMS_MOST, TEMPERATURES_MOST = 20, 10
_options = TypeAdapter(TranscriptionOptions)


class UploadSettings(BaseSettings):
    """Recordings that come over REST, and jobs that are asked for there."""

    model_config = group("AI2TEXT_UPLOAD_")

    model: str = Field("small", description="The model, unless the upload, or whoever asks for a job, names another.")
    max_bytes: int = Field(5 << 30, gt=0, description="Larger uploads are refused with 413, while they are sent.")
    options: TranscriptionOptions = Field(
        TranscriptionOptions(),
        description="JSON: how to decode, unless the upload, or whoever asks for a job, says otherwise.",
    )
    part_bytes_max: int = Field(
        64 << 20, ge=5 << 20, description="The most of one part of an upload in parts, likewise."
    )
    abandoned_hours: float = Field(
        24,
        gt=0,
        description="An upload in parts that has stood still for so long is gone; it is swept a quarter of that later.",
    )


def checked_language(asked: str) -> str:
    if asked not in LANGUAGES:
        raise Refused("invalid_language", f"language: {asked[:80]!r} is none that Whisper knows; write en or de.")
    return asked


def asked_options(defaults: TranscriptionOptions, asked: Mapping[str, object]) -> TranscriptionOptions:
    """The defaults where nothing else is asked. Raises Refused, naming the field."""
    known = [field.name for field in fields(TranscriptionOptions)]
    if strangers := sorted(asked.keys() - set(known)):
        raise Refused("unknown_option", f"options.{strangers[0][:80]} is unknown; known are {', '.join(known)}.")
    try:
        options = _options.validate_python({**asdict(defaults), **asked})
    except ValidationError as exc:
        fault = exc.errors()[0]
        raise Refused("invalid_options", f"options.{'.'.join(map(str, fault['loc']))}: {fault['msg']}.") from exc
    return _within_bounds(options)


def _within_bounds(options: TranscriptionOptions) -> TranscriptionOptions:
    if not 1 <= options.beam_size <= BEAMS_MOST:
        raise Refused("invalid_options", f"options.beam_size is from 1 to {BEAMS_MOST}, not {options.beam_size}.")
    if not 1 <= len(options.temperature) <= TEMPERATURES_MOST or not all(0 <= t <= 1 for t in options.temperature):
        raise Refused("invalid_options", f"options.temperature is 1 to {TEMPERATURES_MOST} numbers between 0 and 1.")
    if not 0 <= options.vad_threshold <= 1:
        raise Refused("invalid_options", f"options.vad_threshold is from 0 to 1, not {options.vad_threshold}.")
    return replace(
        options,
        language=None if options.language is None else checked_language(options.language),
        initial_prompt=_checked_text("initial_prompt", options.initial_prompt),
        hotwords=_checked_text("hotwords", options.hotwords),
    )


def _checked_text(name: str, text: str | None) -> str | None:
    """In one line; None for nothing."""
    line = " ".join((text or "").split())
    if len(line) > PROMPT_MOST_CHARACTERS:
        raise Refused(
            "hotwords_too_long" if name == "hotwords" else "prompt_too_long",
            f"options.{name} has {len(line)} characters, {PROMPT_MOST_CHARACTERS} are allowed.",
        )
    if any(unicodedata.category(c) in {"Cc", "Cs"} for c in line):
        raise Refused("invalid_options", f"options.{name} holds a control character: leave it out.")
    return line or None
