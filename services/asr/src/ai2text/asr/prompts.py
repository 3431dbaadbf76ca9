"""The text that a model is shown before a window, as tokens."""

from collections.abc import Sequence

from faster_whisper.tokenizer import Tokenizer

from ai2text.common.contracts.transcription import TranscriptionOptions
from ai2text.common.errors import Refused


def asked_prompt(
    tokenizer: Tokenizer, options: TranscriptionOptions, most: int
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Hotwords and initial prompt. Raises Refused for one of more than `most` tokens: cutting it would hide that."""
    return _tokens(tokenizer, "hotwords", options.hotwords, most), _tokens(
        tokenizer, "prompt", options.initial_prompt, most
    )


def prompt(tokenizer: Tokenizer, hotwords: Sequence[int], before: Sequence[int], most: int) -> tuple[int, ...]:
    """`before` is cut to its last `most` tokens; empty when there is nothing to say."""
    if not hotwords and not before:
        return ()
    return (tokenizer.sot_prev, *hotwords, *before[-max(1, most - len(hotwords)) :])


def _tokens(tokenizer: Tokenizer, name: str, text: str | None, most: int) -> tuple[int, ...]:
    if text is None or not text.strip():
        return ()
    tokens = tokenizer.encode(" " + text.strip())
    if len(tokens) > most:
        raise Refused(
            f"{name}_too_long", f"The {name} has {len(tokens)} tokens for this model, which takes {most}: shorten it."
        )
    return tuple(tokens)
