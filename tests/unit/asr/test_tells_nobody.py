import os
import subprocess
import sys
from pathlib import Path

HEAR = "from ai2text.asr.voice_detector import *; VoiceDetector().push(np.zeros(2048, np.float32))"


def test_the_voice_detectors_runtime_does_not_prepare_to_tell_its_makers_anything(tmp_path: Path) -> None:
    """Its telemetry begins with an identity of the machine in files; see `ai2text.asr`."""
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-B", "-c", HEAR], env=env, cwd=tmp_path, check=True, timeout=60)
    assert list(tmp_path.rglob("*")) == []
