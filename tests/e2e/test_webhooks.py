"""Somebody's server is told of a recording that was dropped into the folder, as the operations book says."""

from pathlib import Path

import pytest

from tests.fixtures.receiver import receiver
from tests.fixtures.stack import running

KINDS = ["recording.ingested", "recording.transcribed"]
SAMPLE = "01-the-weather-is-here.wav"


@pytest.mark.slow
def test_a_dropped_file_is_told_of_twice_signed_and_stands_in_the_log(tmp_path: Path) -> None:
    env = {"AI2TEXT_WEBHOOK_ALLOWED_NETWORKS": '["127.0.0.0/8"]'}
    with receiver() as theirs, running(tmp_path, env=env) as stack:
        answer = stack.post("/v1/webhooks", json={"url": theirs.url, "events": KINDS})
        assert answer.status_code == 201, answer.text
        webhook = answer.json()
        stack.drop(SAMPLE)
        (recording,) = stack.wait_until_settled([SAMPLE]).values()
        stack.until(lambda: len(theirs.received) == 2)
        assert sorted(one.document["type"] for one in theirs.received) == KINDS
        assert all(one.is_signed_with(webhook["secret"]) for one in theirs.received)
        assert {one.document["data"]["recording_id"] for one in theirs.received} == {recording["recording_id"]}
        path = f"/v1/webhooks/{webhook['webhook_id']}"
        stack.until(lambda: {one["status"] for one in stack.get(f"{path}/deliveries").json()["items"]} == {"delivered"})
        log = stack.get(f"{path}/deliveries").json()["items"]
        told = {one.headers["webhook-id"]: one.document for one in theirs.received}
        assert {one["event_id"]: one["document"] for one in log} == told
        refused = stack.post("/v1/webhooks", json={"url": "https://192.168.1.1/", "events": KINDS})
        assert (refused.status_code, refused.json()["code"]) == (422, "target_refused")
        assert stack.delete(path).status_code == 204
        assert stack.get(path).status_code == 404
        assert stack.messages("DEAD") == 0
