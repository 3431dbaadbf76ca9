"""What was transcribed and nobody has looked at waits for a review, the most doubtful first."""

from tests.fixtures.stack import SAMPLES, Stack


def test_uploads_wait_for_a_review_with_the_places_to_listen_to(stack: Stack) -> None:
    reviewer = stack.token("--tenant", "reviewing")
    for name in ("01-the-weather-is-here.wav", "telephone-8khz.wav", "silence.wav"):
        with (SAMPLES / name).open("rb") as file:
            received = stack.post("/v1/recordings", token=reviewer, files={"file": file}).json()
        stack.get(f"/v1/jobs/{received['job_id']}", token=reviewer, wait="60")
    whole = stack.get("/v1/review/queue", token=reviewer).json()
    gains = [item["expected_gain"] for item in whole["items"]]
    assert (len(gains), whole["recordings_left"], whole["next"]) == (3, 3, None)
    assert gains == sorted(gains, reverse=True)
    assert gains[0] > 0
    assert whole["items"][-1]["sources"][0]["name"] == "silence.wav"
    seconds = sum(item["duration_seconds"] for item in whole["items"])
    assert abs(whole["minutes_left"] - seconds / 60) < 0.001
    worst = whole["items"][0]
    transcript = stack.get(f"/v1/recordings/{worst['recording_id']}/transcript", token=reviewer).json()
    assert {place["segment"] for place in worst["places"]} <= {None, *(one["id"] for one in transcript["segments"])}
    first = stack.get("/v1/review/queue", token=reviewer, limit="1").json()
    second = stack.get("/v1/review/queue", token=reviewer, limit="2", after_id=first["next"]).json()
    assert first["items"] + second["items"] == whole["items"]
