"""Against a gateway that answers from a script."""

import hashlib
import json
from pathlib import Path

import httpx
import pytest

from ai2text.cli.client import AnsweredWithError
from ai2text.cli.patience import Patience
from ai2text.cli.upload_in_parts import UploadInParts
from tests.unit.cli.test_transcribe_files import ACCEPTED, Script, at_once, refused

BEGUN = httpx.Response(201, json={"upload_id": "u", "part_bytes_max": 4})
TAKEN = httpx.Response(200, json={})
CONTENT = b"RIFFWAVEx"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "talk.wav"
    path.write_bytes(CONTENT)
    return path


async def uploaded(script: Script, file: Path, sent: list[int] | None = None) -> httpx.Response:
    told = [] if sent is None else sent
    clock = iter(range(1000))
    async with httpx.AsyncClient(transport=httpx.MockTransport(script.answer), base_url="http://gateway") as client:
        work = UploadInParts(
            client, lambda _, size: told.append(size), Patience(sleep=at_once), lambda: next(clock) / 10
        )
        return await work.upload_in_parts(file, {"name": "talk.wav"})


async def test_a_file_is_sent_part_by_part_and_completed_with_its_hash(file: Path) -> None:
    sent: list[int] = []
    script = Script(BEGUN, TAKEN, TAKEN, TAKEN, ACCEPTED)
    assert await uploaded(script, file, sent) is ACCEPTED
    assert script.asked == [
        "POST /v1/uploads",
        *(f"PUT /v1/uploads/u/parts/{number}" for number in (1, 2, 3)),
        "POST /v1/uploads/u/complete",
    ]
    assert json.loads(script.bodies[0]) == {"name": "talk.wav", "size_bytes": len(CONTENT)}
    assert script.bodies[1:4] == [b"RIFF", b"WAVE", b"x"]
    assert json.loads(script.bodies[4]) == {"sha256": hashlib.sha256(CONTENT).hexdigest()}
    assert sent == [4, 4, 1]


async def test_a_broken_connection_costs_the_part_that_was_under_way(file: Path) -> None:
    broken = httpx.WriteError("reset")
    script = Script(BEGUN, TAKEN, broken, httpx.Response(503), TAKEN, TAKEN, ACCEPTED)
    assert await uploaded(script, file) is ACCEPTED
    assert script.bodies[1:6] == [b"RIFF", b"WAVE", b"WAVE", b"WAVE", b"x"]


async def test_a_server_that_is_still_at_it_is_asked_again(file: Path) -> None:
    script = Script(BEGUN, TAKEN, TAKEN, TAKEN, httpx.Response(503), httpx.Response(503), ACCEPTED)
    assert await uploaded(script, file) is ACCEPTED


async def test_a_refusal_of_the_whole_is_the_answer(file: Path) -> None:
    too_large = refused(413, "send less")
    assert await uploaded(Script(too_large), file) is too_large


async def test_a_part_that_is_not_taken_ends_it(file: Path) -> None:
    with pytest.raises(AnsweredWithError, match="gone"):
        await uploaded(Script(BEGUN, refused(404, "gone")), file)
