"""A worker with much and long work: in bounded memory, live from the beginning, and gone on with when it dies."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ai2text.asr.draft import KEEP_SECONDS
from ai2text.common.contracts.outcome import Failure, Transcript
from tests.fixtures.asr_service import AsrService
from tests.fixtures.memory import Peaks
from tests.fixtures.service_process import Servers
from tests.fixtures.speech import clips, talk
from tests.fixtures.word_errors import words_of

MEGABYTE = 1 << 20
BATCH_SECONDS = 5.0
"""Of the device here, generously."""


def memory_of(service: AsrService) -> Peaks:
    assert service.process is not None
    peaks = Peaks({"asr": service.process.pid})
    peaks.start()
    return peaks


@pytest.mark.slow
@pytest.mark.lesson("L05")
@pytest.mark.timeout(2400)
def test_l05_three_hours_cost_little_more_memory_than_three_minutes_and_are_told_from_the_beginning(
    tmp_path: Path, servers: Servers
) -> None:
    with AsrService(tmp_path, servers) as service:
        short = talk(tmp_path / "short.wav", 180, 1)
        peaks = memory_of(service)
        service.request([service.job_for(short.path.read_bytes(), short.seconds)])
        service.until_ended(1, 120)
        peaks.growth()
        of_short = peaks.most["asr"]

        long = talk(tmp_path / "long.wav", 3 * 3600, 2)
        job = service.job_for(long.path.read_bytes(), long.seconds)
        peaks = memory_of(service)
        told_before = len(service.segments_told())
        service.request([job])
        service.until(lambda: len(service.segments_told()) > told_before, 10)
        service.until_ended(2, 1800)
        peaks.growth()
        outcome = service.outcome(job)
    assert isinstance(outcome, Transcript)
    more = (peaks.most["asr"] - of_short) / MEGABYTE
    print(f"3 hours in {outcome.processing_seconds:.0f} s, {more:.0f} MiB more than 3 minutes")  # noqa: T201 - a figure
    assert more < 150
    assert outcome.duration_seconds == pytest.approx(long.seconds, abs=0.1)
    assert len(words_of(outcome.text)) == pytest.approx(len(words_of(long.text)), rel=0.05)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_hours_go_on_from_their_draft_when_their_worker_is_killed(tmp_path: Path, servers: Servers) -> None:
    said = talk(tmp_path / "talk.wav", 7200, 3)
    soon = {"AI2TEXT_NATS_ACK_WAIT_SECONDS": "5", "AI2TEXT_NATS_HEARTBEAT_SECONDS": "1"}
    with AsrService(tmp_path, servers, env=soon) as service:
        job = service.job_for(said.path.read_bytes(), said.seconds)
        service.request([job])
        service.until(lambda: service.logged("draft_kept") != [], 300)
        kept = service.logged("draft_kept")[-1]["audio_seconds"]
        service.until(lambda: service.segments_told()[-1].reached_seconds > kept + 60, 120)
        reached = service.segments_told()[-1].reached_seconds
        service.kill()
        service.start()
        service.until_ended(1, 600)
        (resumed,) = service.logged("draft_resumed")
        outcome = service.outcome(job)
        assert list(service.store.list("default/drafts/")) == []
    assert isinstance(outcome, Transcript)
    assert resumed["audio_seconds"] >= kept
    work = service.moments("draft_kept")[0] - service.moments("transcription_started")[0]
    again = (reached - resumed["audio_seconds"]) / (kept / work)
    print(f"heard twice: {reached - resumed['audio_seconds']:.0f} s of audio, {again:.1f} s of work")  # noqa: T201 - a figure
    assert again <= 2 * KEEP_SECONDS + BATCH_SECONDS
    starts = [segment.start for segment in outcome.segments]
    assert starts == sorted(starts)
    assert len(words_of(outcome.text)) == pytest.approx(len(words_of(said.text)), rel=0.05)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_worker_that_is_stopped_hands_its_long_job_back_as_far_as_it_got(tmp_path: Path, servers: Servers) -> None:
    said = talk(tmp_path / "talk.wav", 3600, 4)
    with AsrService(tmp_path, servers, env={"AI2TEXT_INSIDE_DRAIN_SECONDS": "1"}) as service:
        job = service.job_for(said.path.read_bytes(), said.seconds)
        service.request([job])
        service.until(lambda: any(one.reached_seconds > 300 for one in service.segments_told()), 60)
        began = time.monotonic()
        service.stop()
        stopped = time.monotonic() - began
        reached = service.segments_told()[-1].reached_seconds
        service.start()
        service.until_ended(1, 200)
        (resumed,) = service.logged("draft_resumed")
        outcome = service.outcome(job)
        assert service.logged("transcription_started")[-1]["attempt"] == 2
        assert list(service.store.list("default/drafts/")) == []
    assert isinstance(outcome, Transcript)
    assert stopped < 10
    assert resumed["audio_seconds"] >= reached
    starts = [segment.start for segment in outcome.segments]
    assert starts == sorted(starts)
    assert len(words_of(outcome.text)) == pytest.approx(len(words_of(said.text)), rel=0.05)


def broken(content: bytes, number: int) -> bytes:
    """Of three kinds: no audio at all, cut off in its header, and noise where packets should be."""
    match number % 3:
        case 0:
            return b"This is no audio. " * 100 + bytes([number % 256])
        case 1:
            return content[: 40 + number % 7]
        case _:
            noise = np.random.default_rng(number).bytes(len(content))
            return content[:60] + noise[60:]


@pytest.mark.lesson("L15")
def test_l15_jobs_that_fail_leave_no_file_behind(tmp_path: Path, servers: Servers) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    clip = clips()[0]
    content = clip.path.read_bytes()
    with AsrService(tmp_path, servers, env={"TMPDIR": str(temporary)}) as service:
        jobs = [service.job_for(broken(content, number), clip.seconds) for number in range(6)]
        good = service.job_for(content, clip.seconds)
        jobs += [
            replace(good, job_id="unknown-model", outcome_key="default/outcomes/a.json", model="/no/such/model"),
            replace(
                good,
                job_id="long-prompt",
                outcome_key="default/outcomes/b.json",
                options=replace(good.options, initial_prompt="word " * 500),
            ),
        ]
        service.request([*jobs, good])
        service.until_ended(len(jobs) + 1, 60)
        assert isinstance(service.outcome(good), Transcript)
        kinds = [service.outcome(job).kind for job in jobs]
        assert kinds.count("failure") >= len(jobs) - 2, kinds  # noise may still be sound
        assert list(temporary.rglob("*")) == []
    assert list(temporary.rglob("*")) == []


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_five_hundred_jobs_of_which_every_third_is_broken_all_end_in_flat_memory(
    tmp_path: Path, servers: Servers
) -> None:
    whole = clips()
    with AsrService(tmp_path, servers) as service:
        good, bad = [], []
        for number in range(500):
            clip = whole[number % len(whole)]
            content = clip.path.read_bytes()
            if number % 3 == 2:
                bad.append(service.job_for(broken(content, number), clip.seconds))
            else:
                good.append(service.job_for(content, clip.seconds))
        jobs = [job for pair in zip(good, bad, strict=False) for job in pair] + good[len(bad) :]
        service.request(jobs[:100])
        service.until_ended(100, 300)
        warm = memory_of(service)
        service.request(jobs[100:])
        service.until_ended(len(jobs), 600)
        growth = warm.growth()["asr"]
        heard, failed = [service.outcome(job) for job in good], [service.outcome(job) for job in bad]
        assert service.count() == 0
    assert all(isinstance(outcome, Transcript) and outcome.text for outcome in heard)
    for failure in failed:
        assert isinstance(failure, Failure | Transcript)
        if isinstance(failure, Failure):
            assert failure.reason.code in {"not_audio", "truncated", "decode_failed", "no_audio_track", "empty"}
            assert failure.reason.detail
    print(f"{sum(isinstance(one, Failure) for one in failed)} failures, {growth / MEGABYTE:.0f} MiB more")  # noqa: T201
    assert sum(isinstance(one, Failure) for one in failed) >= len(failed) * 2 // 3
    assert growth < 64 * MEGABYTE
