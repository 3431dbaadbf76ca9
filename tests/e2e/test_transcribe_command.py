"""`ai2text transcribe`, as people and scripts run it."""

import subprocess
import sys
from pathlib import Path

from tests.fixtures.stack import SAMPLES, Stack

NAMES = ["01-the-weather-is-here.wav", "06-lets-hope-its-nothing.wav", "12-especially-if-youre-a.wav"]
BENCH = Path(__file__).parents[1] / "fixtures/bench"


def transcribe(stack: Stack, *args: str, token: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ai2text.cli", "transcribe", *args, "--data", str(stack.data)]
    env = {**stack.env, **({"AI2TEXT_TOKEN": token} if token else {})}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env)


def test_one_file_is_printed_as_it_is(stack: Stack) -> None:
    done = transcribe(stack, str(SAMPLES / NAMES[0]))
    assert (done.returncode, done.stdout) == (0, "The weather is here I wish you were beautiful.\n")


def test_many_files_are_written_under_their_names_and_a_broken_one_does_not_stop_the_rest(
    stack: Stack, tmp_path: Path
) -> None:
    clips = [str(path) for path in sorted(BENCH.glob("*.opus"))[:20]]
    broken = tmp_path / "broken.wav"
    broken.write_text("no sound")
    missing = tmp_path / "missing.wav"
    out = tmp_path / "out"
    done = transcribe(
        stack, *clips[:10], str(broken), str(missing), *clips[10:], "--format", "srt", "--output", str(out)
    )
    assert done.returncode == 1
    assert "22/22" in done.stderr
    told = " ".join(done.stderr.split())
    assert "broken.wav: answered 422: Whatever its name says" in told
    assert "missing.wav: cannot be read: No such file" in told
    assert sorted(path.name for path in out.iterdir()) == sorted(f"{Path(clip).stem}.srt" for clip in clips)


def test_another_gateway_is_asked_with_the_token_given(stack: Stack) -> None:
    asked = transcribe(stack, str(SAMPLES / NAMES[1]), "--url", stack.url, token=stack.token("--tenant", "guest"))
    assert (asked.returncode, asked.stdout) == (0, "Let's hope it's nothing trivial.\n")
    without = transcribe(stack, str(SAMPLES / NAMES[1]), "--url", stack.url)
    assert without.returncode == 1
    assert "AI2TEXT_TOKEN" in without.stderr
