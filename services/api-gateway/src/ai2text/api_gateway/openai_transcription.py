"""A transcript in each of the forms of OpenAI's `POST /v1/audio/transcriptions` and `translations`. No I/O here."""

import math
from collections.abc import Collection
from enum import StrEnum
from string import ascii_uppercase
from typing import Any

from iso639 import Lang
from iso639.exceptions import InvalidLanguageValue

from ai2text.api_gateway.openai_errors import OpenAIRefused
from ai2text.common.captions import to_srt, to_vtt
from ai2text.common.contracts.outcome import Transcript
from ai2text.common.contracts.states import Task


class Form(StrEnum):
    JSON = "json"
    TEXT = "text"
    SRT = "srt"
    VTT = "vtt"
    VERBOSE_JSON = "verbose_json"
    DIARIZED_JSON = "diarized_json"


class Granularity(StrEnum):
    WORD = "word"
    SEGMENT = "segment"


WHISPERS_NAMES = {
    "el": "greek",
    "ht": "haitian creole",
    "jw": "javanese",
    "my": "myanmar",
    "nn": "nynorsk",
    "pa": "punjabi",
    "ps": "pashto",
    "yue": "cantonese",
}
"""Where they are not ISO 639's."""


def as_text(transcript: Transcript, form: Form) -> str:
    """The body of the forms that are no JSON."""
    match form:
        case Form.SRT:
            return to_srt(transcript.segments)
        case Form.VTT:
            return to_vtt(transcript.segments)
    return f"{transcript.text}\n"


def as_json(transcript: Transcript) -> dict[str, Any]:
    return {"text": transcript.text, **_usage(transcript)}


def as_verbose_json(transcript: Transcript, granularities: Collection[Granularity]) -> dict[str, Any]:
    """Segments unless only words are asked for; times in seconds."""
    body: dict[str, Any] = {
        "task": transcript.task.value,
        "language": "english" if transcript.task is Task.TRANSLATE else language_name(transcript.language),
        "duration": transcript.duration_seconds,
        "text": transcript.text,
    }
    if Granularity.SEGMENT in granularities:
        body["segments"] = [
            {
                "id": number,
                "seek": segment.seek,
                "start": segment.start,
                "end": segment.end,
                "text": segment.text,
                "tokens": segment.tokens,
                "temperature": segment.temperature,
                "avg_logprob": segment.avg_logprob,
                "compression_ratio": segment.compression_ratio,
                "no_speech_prob": segment.no_speech_prob,
            }
            for number, segment in enumerate(transcript.segments)
        ]
    if Granularity.WORD in granularities:
        body["words"] = [
            {"word": word.text.strip(), "start": word.start, "end": word.end}
            for segment in transcript.segments
            for word in segment.words
        ]
    return {**body, **_usage(transcript)}


def as_diarized_json(transcript: Transcript) -> dict[str, Any]:
    """Only of one whose channels were heard separately. Raises OpenAIRefused."""
    return {
        "task": transcript.task.value,
        "duration": transcript.duration_seconds,
        "text": transcript.text,
        "segments": [
            {
                "type": "transcript.text.segment",
                "id": f"seg_{number:03}",
                "start": segment.start,
                "end": segment.end,
                "text": segment.text,
                "speaker": _letter(segment.speaker),
            }
            for number, segment in enumerate(transcript.segments, start=1)
        ],
    }


def _letter(speaker: str | None) -> str:
    """`channel 1` is A, whether or not anything is said in it."""
    number = (speaker or "").removeprefix("channel ")
    if not number.isdecimal():
        raise OpenAIRefused(400, "Who speaks is not known.", code="speakers_unknown", param="response_format")
    return ascii_uppercase[int(number) - 1]


def language_name(code: str) -> str:
    """The full English name in lower case, as OpenAI gives it; the code itself where there is none."""
    if code in WHISPERS_NAMES:
        return WHISPERS_NAMES[code]
    try:
        name: str = Lang(code).name
    except InvalidLanguageValue:
        return code
    return name.lower().partition(" (")[0]


def _usage(transcript: Transcript) -> dict[str, Any]:
    """Of translations OpenAI tells none."""
    if transcript.task is Task.TRANSLATE:
        return {}
    return {"usage": {"type": "duration", "seconds": math.ceil(transcript.duration_seconds)}}
