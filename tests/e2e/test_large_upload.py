"""A gigabyte through the door: no service holds it."""

import hashlib
from pathlib import Path

import pytest

from tests.fixtures.memory import Peaks
from tests.fixtures.stack import SAMPLES, Stack
from tests.fixtures.wide_wave import BYTES_PER_SECOND, wide_wave

GIGABYTE = 1 << 30
MOST_BYTES = 64 << 20
PART_BYTES = 32 << 20
SERVICES = {"ingestion": r"ai2text\.ingestion", "metadata": r"ai2text\.metadata", "gateway": r"ai2text\.api_gateway"}
WARMING = SAMPLES / "01-the-weather-is-here.wav"


@pytest.mark.slow
@pytest.mark.lesson("L05")
@pytest.mark.timeout(600)
def test_l05_a_gigabyte_costs_no_service_more_than_64_megabytes(tmp_path: Path) -> None:
    stack = Stack(tmp_path).start()
    try:
        stack.post("/v1/recordings", content=WARMING.read_bytes())  # what is loaded once is loaded
        peaks = Peaks({name: stack.pid_of(pattern) for name, pattern in SERVICES.items()})
        peaks.start()
        answer = stack.post("/v1/recordings", params={"name": "wide.wav"}, content=wide_wave(GIGABYTE), seconds=300)
        growth = peaks.growth()
        assert answer.status_code == 202, answer.text
        assert all(size < MOST_BYTES for size in growth.values()), growth
        item = stack.get(f"/v1/recordings/{answer.json()['recording_id']}").json()
        assert item["duration_seconds"] == pytest.approx(GIGABYTE / BYTES_PER_SECOND, abs=0.01)
    finally:
        stack.stop()


@pytest.mark.slow
@pytest.mark.lesson("L05")
@pytest.mark.timeout(600)
def test_l05_300_megabytes_in_parts_cost_no_service_more_than_64_megabytes(tmp_path: Path) -> None:
    content = b"".join(wide_wave(300 << 20))
    stack = Stack(tmp_path).start()
    try:
        stack.post("/v1/recordings", content=WARMING.read_bytes())  # what is loaded once is loaded
        peaks = Peaks({name: stack.pid_of(pattern) for name, pattern in SERVICES.items()})
        peaks.start()
        upload = f"/v1/uploads/{stack.post('/v1/uploads', json={'name': 'wide.wav'}).json()['upload_id']}"
        for number, begins in enumerate(range(0, len(content), PART_BYTES), start=1):
            part = stack.put(f"{upload}/parts/{number}", content=content[begins : begins + PART_BYTES])
            assert part.status_code == 200, part.text
        answer = stack.post(f"{upload}/complete", seconds=300)
        growth = peaks.growth()
        assert answer.status_code == 202, answer.text
        assert all(size < MOST_BYTES for size in growth.values()), growth
        item = stack.get(f"/v1/recordings/{answer.json()['recording_id']}").json()
        assert item["sha256"] == hashlib.sha256(content).hexdigest()
        assert not [key for key in stack.objects("default/staging/") if "/part-" in key]
    finally:
        stack.stop()
