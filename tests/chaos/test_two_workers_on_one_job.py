"""A worker that freezes is overtaken; when it wakes it finds the outcome and believes it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures.stack import running

pytestmark = pytest.mark.timeout(300)

ACK_WAIT_SECONDS = 3
SAMPLE = "long-two-minutes.flac"


@pytest.mark.slow
def test_a_worker_frozen_past_the_ack_wait_is_overtaken_and_there_is_one_transcript(tmp_path: Path) -> None:
    env = {"AI2TEXT_NATS_ACK_WAIT_SECONDS": str(ACK_WAIT_SECONDS), "AI2TEXT_NATS_HEARTBEAT_SECONDS": "0.5"}
    second_log = tmp_path / "second-worker.log"
    with running(tmp_path, env=env) as stack:
        frozen = stack.pid_of(r"ai2text\.asr")
        stack.drop(SAMPLE)
        stack.until_logged("asr", "transcription_started")
        os.kill(frozen, signal.SIGSTOP)
        with second_log.open("wb") as log:
            same = {**stack.environment_of(r"ai2text\.asr"), "AI2TEXT_INSIDE_PORT": "0"}
            second = subprocess.Popen([sys.executable, "-m", "ai2text.asr"], env=same, stdout=log, stderr=log)
        try:
            stack.until(lambda: '"outcome_written"' in second_log.read_text())
            os.kill(frozen, signal.SIGCONT)
            stack.until_logged("asr", "outcome_stood_already")
            found = stack.wait_until_settled([SAMPLE])
        finally:
            second.terminate()
            assert second.wait(40) == 0
        assert found[SAMPLE]["status"] == "transcribed"
        assert len(stack.objects("default/outcomes/")) == 1
        assert stack.query("SELECT count(*) AS n FROM transcripts") == [{"n": 1}]
        assert stack.query("SELECT attempts FROM jobs") == [{"attempts": 2}]
        assert stack.messages("DEAD") == 0
