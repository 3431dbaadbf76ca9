"""`ai2text transcribe`, as people and scripts run it."""

import hashlib
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.stack import SAMPLES, Stack
from tests.fixtures.wide_wave import wide_wave

NAMES = ["01-the-weather-is-here.wav", "06-lets-hope-its-nothing.wav", "12-especially-if-youre-a.wav"]
BENCH = Path(__file__).parents[1] / "fixtures/bench"
CLIPS = [str(path) for path in sorted(BENCH.glob("*.opus"))]
ENDS = {"transcribed", "failed", "cancelled", "rejected"}


def command(stack: Stack, *args: str) -> list[str]:
    return [sys.executable, "-m", "ai2text.cli", "transcribe", *args, "--data", str(stack.data)]


def transcribe(stack: Stack, *args: str, token: str = "") -> subprocess.CompletedProcess[str]:
    env = {**stack.env, "AI2TEXT_TOKEN": token}
    where = ["--url", stack.url] if token else []
    return subprocess.run(
        command(stack, *args, *where), capture_output=True, text=True, check=False, env=env, cwd=SAMPLES
    )


def sentences(text: str) -> str:
    return " ".join(text.split())


def test_one_file_is_printed_as_it_is(stack: Stack) -> None:
    done = transcribe(stack, str(SAMPLES / NAMES[0]))
    assert (done.returncode, done.stdout) == (0, "The weather is here I wish you were beautiful.\n")


def test_many_files_are_written_under_their_names_and_a_broken_one_does_not_stop_the_rest(
    stack: Stack, tmp_path: Path
) -> None:
    for name, content in {"broken.wav": "no sound", "empty.wav": ""}.items():
        (tmp_path / name).write_text(content)
    bad = [str(tmp_path / name) for name in ("broken.wav", "empty.wav", "missing.wav", ".")]
    out = tmp_path / "out"
    done = transcribe(stack, *CLIPS[:10], *bad, *CLIPS[10:20], "--format", "srt", "--output", str(out))
    assert done.returncode == 1
    assert "24/24" in done.stderr
    assert "transcribed 20 of 24, 4 failed" in done.stderr
    told = sentences(done.stderr)
    assert "broken.wav: refused: Whatever its name says" in told
    assert "empty.wav: refused: " in told
    assert "missing.wav: cannot be read: No such file" in told
    assert f"{tmp_path}: is a folder: name the files in it, such as {tmp_path}/*.wav" in told
    assert sorted(path.name for path in out.iterdir()) == sorted(f"{Path(clip).stem}.srt" for clip in CLIPS[:20])


def test_another_gateway_is_asked_with_the_token_given(stack: Stack) -> None:
    asked = transcribe(stack, str(SAMPLES / NAMES[1]), token=stack.token("--tenant", "guest"))
    assert (asked.returncode, asked.stdout) == (0, "Let's hope it's nothing trivial.\n")
    without = transcribe(stack, str(SAMPLES / NAMES[1]), "--url", stack.url)
    assert without.returncode == 1
    assert "AI2TEXT_TOKEN" in without.stderr


def test_a_token_that_is_not_enough_is_told_once_and_nothing_is_sent(stack: Stack) -> None:
    for token, told in {
        "nonsense": "does not take the token",
        stack.token("--scope", "admin"): "recordings:read",
    }.items():
        done = transcribe(stack, *CLIPS[:3], token=token)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.count("\n") == 1
        assert told in done.stderr


def test_scripts_get_an_object_for_each_file_and_nothing_else(stack: Stack, uploader: str, tmp_path: Path) -> None:
    (tmp_path / "broken.wav").write_text("no sound")
    wav = str(SAMPLES / NAMES[0])
    done = transcribe(stack, wav, str(tmp_path / "broken.wav"), wav, f"./{NAMES[0]}", "--json", token=uploader)
    assert done.returncode == 1
    (heard, broken) = json.loads(done.stdout)
    (recording,) = stack.get("/v1/recordings", token=uploader).json()["items"]
    assert heard == {
        "file": wav,
        "recording_id": recording["recording_id"],
        "job_id": recording["job_id"],
        "status": "completed",
        "text": "The weather is here I wish you were beautiful.\n",
        "error": None,
    }
    assert (broken["recording_id"], broken["status"], broken["text"]) == (None, None, None)
    assert broken["error"].startswith("refused: Whatever its name says")
    out = tmp_path / "out"
    (written,) = json.loads(transcribe(stack, wav, "--json", "--output", str(out), token=uploader).stdout)
    assert written["output"] == str(out / f"{Path(wav).stem}.txt")
    assert Path(written["output"]).read_text() == heard["text"]


def test_no_two_transcripts_and_nobody_elses_file_are_written_over(stack: Stack, uploader: str, tmp_path: Path) -> None:
    for target, source in {"a/talk.wav": NAMES[0], "b/talk.wav": NAMES[1], "b/talk.mp3": NAMES[2]}.items():
        (tmp_path / target).parent.mkdir(exist_ok=True)
        shutil.copyfile(SAMPLES / source, tmp_path / target)
    files = [str(tmp_path / name) for name in ("a/talk.wav", "b/talk.wav", "b/talk.mp3")]
    out = tmp_path / "out"
    for _ in range(2):
        assert transcribe(stack, *files, "--output", str(out), token=uploader).returncode == 0
        written = {str(path.relative_to(out)): path.read_text() for path in out.rglob("*") if path.is_file()}
        assert written == {
            "a/talk.txt": "The weather is here I wish you were beautiful.\n",
            "b/talk.wav.txt": "Let's hope it's nothing trivial.\n",
            "b/talk.mp3.txt": "Especially if you're a man.\n",
        }
    (out / "talk.txt").write_text("my notes")
    refused = transcribe(stack, files[0], "--output", str(out), token=uploader)
    assert refused.returncode == 1
    assert "talk.txt stands there already with other content" in refused.stderr
    assert (out / "talk.txt").read_text() == "my notes"
    assert transcribe(stack, files[0], "--output", str(out), "--force", token=uploader).returncode == 0
    assert (out / "talk.txt").read_text() == "The weather is here I wish you were beautiful.\n"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_hundred_clips_are_transcribed_and_a_broken_one_among_them_is_told(
    stack: Stack, uploader: str, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_text("no sound")
    out = tmp_path / "out"
    files = [*CLIPS[:100], str(broken), *CLIPS[100:]]
    done = transcribe(stack, *files, "--output", str(out), "--json", token=uploader)
    assert done.returncode == 1
    assert "201/201" in done.stderr
    assert "transcribed 200 of 201, 1 failed" in done.stderr
    assert [line for line in done.stderr.splitlines() if line.startswith("✗")] == [
        line for line in done.stderr.splitlines() if "broken.wav" in line
    ]
    told = json.loads(done.stdout)
    assert [each["file"] for each in told] == files
    assert [each["file"] for each in told if each["error"]] == [str(broken)]
    assert len({each["recording_id"] for each in told if not each["error"]}) == 200
    assert len(list(out.iterdir())) == 200


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ctrl_c_stops_at_once_and_what_was_accepted_goes_on(stack: Stack, uploader: str) -> None:
    clips = CLIPS
    env = {**stack.env, "AI2TEXT_TOKEN": uploader}
    words = command(stack, *clips, "--json", "--url", stack.url)
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env) as process:
        stack.until(lambda: len(listed(stack, uploader)) >= 8)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert out == ""
    assert "Traceback" not in err
    assert "more were accepted and go on on the server." in err.splitlines()[-1]

    stack.until(lambda: all(item["status"] in ENDS for item in listed(stack, uploader)))
    first = listed(stack, uploader)
    assert 8 <= len(first) < len(clips)
    for recording in first:
        job = stack.get(f"/v1/jobs/{recording['job_id']}", token=uploader).json()
        assert (recording["status"], job["status"]) == ("transcribed", "completed")
    state = [path.name for path in (stack.data / "ingestion").iterdir()]
    assert [name for name in state if not name.startswith("inbox.")] == []

    again = transcribe(stack, *clips, "--json", token=uploader)
    assert again.returncode == 0, again.stderr
    ids = {each["recording_id"] for each in json.loads(again.stdout)}
    assert len(ids) == len(clips)
    assert {recording["recording_id"] for recording in first} < ids
    assert {recording["recording_id"] for recording in listed(stack, uploader)} == ids


def listed(stack: Stack, token: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = stack.get("/v1/recordings", token=token, limit="1000").json()["items"]
    return items


@pytest.mark.slow
@pytest.mark.lesson("L05")
def test_a_large_file_is_sent_in_parts_with_its_megabytes_shown(stack: Stack, tmp_path: Path, tenant: str) -> None:
    """Much larger than what this stack takes in one piece."""
    large = tmp_path / "large.wav"
    with large.open("wb") as file:
        file.writelines(wide_wave(257 << 20))
    done = transcribe(stack, str(large), token=stack.token("--tenant", tenant))
    assert done.returncode == 0, done.stderr
    assert "sending large.wav, megabytes" in done.stderr
    (recording,) = stack.get("/v1/recordings", token=stack.token("--tenant", tenant)).json()["items"]
    assert recording["sha256"] == hashlib.sha256(large.read_bytes()).hexdigest()
    assert not [key for key in stack.objects(f"{tenant}/staging/") if "/part-" in key]
