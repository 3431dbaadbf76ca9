"""Against a gateway that answers from a script; each file is one path of it."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from ai2text.cli.patience import Patience
from ai2text.cli.transcribe_files import TranscribeFiles, Transcription

ACCEPTED = httpx.Response(202, json={"recording_id": "r", "job_id": "j", "status": "queued"})
COMPLETED = httpx.Response(200, json={"status": "completed", "error": None})


def running() -> httpx.Response:
    return httpx.Response(200, json={"status": "running", "error": None})


def refused(status: int, detail: str) -> httpx.Response:
    return httpx.Response(status, json={"detail": detail})


async def at_once(_: float) -> None:
    pass


class Script:
    """Plays its answers in turn, and keeps what was asked."""

    def __init__(self, *answers: httpx.Response | httpx.TransportError) -> None:
        self._answers: Iterator[httpx.Response | httpx.TransportError] = iter(answers)
        self.asked: list[str] = []
        self.bodies: list[bytes] = []

    async def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url.path}")
        self.bodies.append(await request.aread())
        answer = next(self._answers)
        if isinstance(answer, httpx.TransportError):
            raise answer
        return answer


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "talk.wav"
    path.write_bytes(b"RIFF")
    return path


async def transcribed(script: Script, *files: Path) -> list[Transcription]:
    """In the order in which they ended."""
    ended: list[Transcription] = []
    async with httpx.AsyncClient(transport=httpx.MockTransport(script.answer), base_url="http://gateway") as client:
        work = TranscribeFiles(client, "txt", ended.append, lambda *_: None, Patience(sleep=at_once))
        await work.transcribe_files([Transcription(file=path) for path in files])
    return ended


async def test_a_file_is_sent_waited_for_and_read(file: Path) -> None:
    script = Script(ACCEPTED, running(), COMPLETED, httpx.Response(200, text="Hello.\n"))
    (done,) = await transcribed(script, file)
    assert (done.recording_id, done.job_id, done.status, done.text, done.error) == (
        *("r", "j", "completed", "Hello.\n"),
        None,
    )
    assert script.bodies[0] == b"RIFF"


async def test_an_upload_that_found_nobody_or_a_crowd_is_sent_again_whole(file: Path) -> None:
    away, crowd = httpx.ConnectError("refused"), httpx.Response(429, headers={"Retry-After": "3"})
    script = Script(away, crowd, ACCEPTED, COMPLETED, httpx.Response(200, text="Hello."))
    (done,) = await transcribed(script, file)
    assert done.error is None
    assert script.bodies[:3] == [b"RIFF"] * 3


async def test_a_job_is_waited_for_while_the_gateway_restarts_or_the_catalogue_is_behind(file: Path) -> None:
    gone: list[httpx.Response | httpx.TransportError] = [
        httpx.ReadError("broken"),
        httpx.ConnectError("refused"),
        httpx.Response(503),
        refused(404, "No job."),
    ]
    script = Script(ACCEPTED, *gone, COMPLETED, httpx.Response(200, text="Hello."))
    (done,) = await transcribed(script, file)
    assert done.text == "Hello."
    assert script.asked.count("POST /v1/recordings") == 1


async def test_a_job_that_fails_is_told_with_its_reason(file: Path) -> None:
    failed = httpx.Response(200, json={"status": "failed", "error": {"code": "bad", "detail": "No such model."}})
    (done,) = await transcribed(Script(ACCEPTED, failed), file)
    assert (done.status, done.error, done.text) == ("failed", "bad: No such model.", None)


async def test_what_cannot_be_sent_stops_no_other(file: Path, tmp_path: Path) -> None:
    script = Script(refused(422, "Send audio."), ACCEPTED, COMPLETED, httpx.Response(200, text="Hello."))
    good = tmp_path / "good.wav"
    good.write_bytes(b"RIFF")
    ended = await transcribed(script, tmp_path / "missing.wav", tmp_path, file)
    assert {done.file: done.error for done in ended} == {
        tmp_path / "missing.wav": "cannot be read: No such file or directory",
        tmp_path: f"is a folder: name the files in it, such as {tmp_path}/*.wav",
        file: "refused: Send audio.",
    }
    (done,) = await transcribed(script, good)
    assert done.text == "Hello."
