"""A transcription that takes longer than its caller may wait."""

from pathlib import Path

import openai
import pytest

from tests.fixtures.stack import SAMPLES, Stack


@pytest.mark.slow
@pytest.mark.lesson("L45")
def test_a_long_transcription_is_answered_with_its_job_and_fetched_later(tmp_path: Path) -> None:
    impatient = {"AI2TEXT_GATEWAY_WAIT_BASE_SECONDS": "0.2", "AI2TEXT_GATEWAY_WAIT_FACTOR": "0"}
    stack = Stack(tmp_path, env=impatient).start()
    try:
        with openai.OpenAI(api_key=stack.token(), base_url=f"{stack.url}/v1") as client:
            with pytest.raises(openai.InternalServerError) as caught:
                client.audio.transcriptions.create(file=SAMPLES / "long-two-minutes.flac", model="whisper-1")
            assert (caught.value.status_code, caught.value.code) == (504, "transcription_pending")
            job_id = caught.value.response.headers["ai2text-job-id"]
            assert job_id in caught.value.message
            assert stack.query("SELECT count(*) AS n FROM jobs") == [{"n": 1}], "the client did not try again by itself"
            assert stack.get(f"/v1/jobs/{job_id}", wait="60").json()["status"] == "completed"
            answer = client.audio.transcriptions.create(file=SAMPLES / "long-two-minutes.flac", model="whisper-1")
            assert len(answer.text) > 1000
            assert stack.query("SELECT count(*) AS n FROM jobs") == [{"n": 1}]
    finally:
        stack.stop()
