"""When a window's first hypothesis is not good enough, and which of several is taken. No I/O here."""

from collections.abc import Sequence

from ai2text.asr.window import Hypothesis

COMPRESSION_RATIO_MAX = 2.4
AVG_LOGPROB_MIN = -1.0
NO_SPEECH_MIN = 0.6
"""Whisper's own thresholds."""


def silent(heard: Hypothesis) -> bool:
    """Nothing was said, and what the model made up it does not believe itself."""
    return heard.no_speech_prob > NO_SPEECH_MIN and heard.avg_logprob < AVG_LOGPROB_MIN


def good_enough(heard: Hypothesis) -> bool:
    """Otherwise the window is decoded again at the next temperature."""
    if silent(heard):
        return True
    return heard.compression_ratio <= COMPRESSION_RATIO_MAX and heard.avg_logprob >= AVG_LOGPROB_MIN


def best(heard: Sequence[Hypothesis]) -> Hypothesis:
    """The last if it is good enough; otherwise the likeliest, of those that do not repeat themselves if any."""
    if good_enough(heard[-1]):
        return heard[-1]
    concise = [one for one in heard if one.compression_ratio <= COMPRESSION_RATIO_MAX]
    return max(concise or heard, key=lambda one: one.avg_logprob)
