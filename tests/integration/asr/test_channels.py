"""The two sides of a call, each by itself."""

from dataclasses import replace

import numpy as np
from faster_whisper.audio import decode_audio

from ai2text.common.contracts.outcome import Failure, Transcript
from tests.fixtures.speech import RATE_HZ, Spoken, clips, wav
from tests.fixtures.word_errors import word_errors
from tests.integration.asr.worker import GREEDY, Worker

CALLER, CALLED = clips()[11], clips()[12]
SEPARATE = replace(GREEDY, separate_channels=True)


def samples_of(spoken: Spoken) -> np.ndarray:
    return np.asarray(decode_audio(str(spoken.path)))


def call(channels: list[np.ndarray]) -> bytes:
    longest = max(map(len, channels))
    return wav([np.pad(channel, (0, longest - len(channel))) for channel in channels])


async def test_each_channel_is_a_speaker_and_the_segments_are_in_order(worker: Worker) -> None:
    caller, called = samples_of(CALLER), samples_of(CALLED)
    later = np.concatenate((np.zeros(int(1.5 * RATE_HZ), np.float32), called))
    job = replace(worker.job_for(call([caller, later])), options=SEPARATE, channels=2)
    heard = await worker.transcribe(job)
    assert isinstance(heard, Transcript)
    for speaker, said in (("channel 1", CALLER), ("channel 2", CALLED)):
        text = " ".join(segment.text for segment in heard.segments if segment.speaker == speaker)
        assert word_errors(said.text, text).count <= 2, (said.text, text)
    starts = [segment.start for segment in heard.segments]
    assert starts == sorted(starts)
    assert min(segment.start for segment in heard.segments if segment.speaker == "channel 2") > 1.2


async def test_a_channel_in_which_nobody_speaks_has_no_segments(worker: Worker) -> None:
    job = worker.job_for(call([np.zeros(RATE_HZ), samples_of(CALLED), np.zeros(RATE_HZ)]))
    heard = await worker.transcribe(replace(job, options=SEPARATE, channels=3))
    assert isinstance(heard, Transcript)
    assert {segment.speaker for segment in heard.segments} == {"channel 2"}


async def test_too_many_channels_are_refused_with_their_number(worker: Worker) -> None:
    job = worker.job_for(call([np.zeros(RATE_HZ)] * 9))
    failed = await worker.transcribe(replace(job, options=SEPARATE, channels=9))
    assert isinstance(failed, Failure)
    assert failed.reason.code == "too_many_channels"
    assert "9 channels" in failed.reason.detail
