from itertools import pairwise

import numpy as np
import pytest
from faster_whisper.audio import decode_audio
from faster_whisper.vad import VadOptions, get_speech_timestamps, get_vad_model
from hypothesis import given, settings
from hypothesis import strategies as st

from ai2text.asr.voice_activity import FRAME, SAMPLE_RATE_HZ, Speech, VoiceActivity, VoiceRules
from ai2text.asr.voice_detector import Samples, VoiceDetector
from tests.fixtures.stack import SAMPLES


@pytest.fixture(scope="module")
def two_minutes() -> Samples:
    return np.asarray(decode_audio(str(SAMPLES / "long-two-minutes.flac")), np.float32)


def blocks(samples: Samples, seed: int) -> list[Samples]:
    drawn = np.random.default_rng(seed).integers(1, 60_000, 400).cumsum()
    return [block for block in np.split(samples, drawn[drawn < len(samples)]) if len(block)]


def regions(probabilities: list[float], rules: VoiceRules) -> list[Speech]:
    activity = VoiceActivity(rules)
    return [*activity.push(probabilities), *activity.finish(len(probabilities) * FRAME)]


@pytest.mark.parametrize("seed", [1, 2])
def test_blocks_of_any_length_are_heard_as_the_whole(two_minutes: Samples, seed: int) -> None:
    whole = get_vad_model()(np.pad(two_minutes, (0, FRAME - len(two_minutes) % FRAME))).reshape(-1)
    detector = VoiceDetector()
    heard = np.concatenate([*(detector.push(block) for block in blocks(two_minutes, seed)), detector.finish()])
    assert heard[:-1] == pytest.approx(whole[: len(heard) - 1], abs=1e-3)


def test_stretches_are_those_of_faster_whisper(two_minutes: Samples) -> None:
    wanted = get_speech_timestamps(two_minutes, VadOptions(min_silence_duration_ms=160, max_speech_duration_s=30))
    detector, activity = VoiceDetector(), VoiceActivity(VoiceRules())
    found = [speech for block in blocks(two_minutes, 3) for speech in activity.push(detector.push(block).tolist())]
    found += [*activity.push(detector.finish().tolist()), *activity.finish(len(two_minutes))]
    assert [(speech.start, speech.end) for speech in found] == [(one["start"], one["end"]) for one in wanted]


@settings(max_examples=200)
@given(st.lists(st.sampled_from([0.0, 0.1, 0.4, 0.6, 0.9]), max_size=400), st.sampled_from([2.0, 5.0, 30.0]))
def test_stretches_are_in_order_bounded_and_leave_no_loud_frame_out(heard: list[float], longest: float) -> None:
    found = regions(heard, VoiceRules(longest_seconds=longest))
    assert all(speech.start < speech.end for speech in found)
    assert all(speech.samples <= longest * SAMPLE_RATE_HZ for speech in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
    loud = [frame * FRAME for frame, probability in enumerate(heard) if probability >= 0.5]
    assert all(any(speech.start <= at < speech.end for speech in found) for at in loud)


def test_a_stretch_without_a_pause_is_cut_where_it_is_quietest() -> None:
    heard = [0.9] * 80
    heard[60] = 0.6
    first, second = regions(heard, VoiceRules(longest_seconds=3.0, margin_seconds=0.4))[:2]
    assert first.end == second.start == 60 * FRAME
    assert second.pause_seconds == 0


def test_what_is_heard_from_the_middle_on_has_the_times_of_the_recording() -> None:
    activity = VoiceActivity(VoiceRules(), first_sample=100_000)
    heard = [*activity.push([0.0] * 50 + [0.9] * 50 + [0.0] * 50), *activity.finish(100_000 + 150 * FRAME)]
    assert [speech.start for speech in heard] == [100_000 + 50 * FRAME - 6400]
