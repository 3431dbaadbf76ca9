"""What a folder can be told, seen at the service from outside."""

import asyncio
import json
import time
from pathlib import Path

import pytest

from ai2text.common import subjects
from ai2text.common.contracts.states import Lane
from ai2text.common.jetstream import connect
from tests.fixtures.ingestion_service import QUICK, WAV, IngestionService, sha256, variant
from tests.fixtures.service_process import Servers

REASON = ".reason.json"


def folder(text: str) -> str:
    return f'[[folder]]\nname = "inbox"\npath = "inbox"\n{QUICK}{text}\n'


async def readers_of(service: IngestionService) -> list[str]:
    async with connect(service.servers.nats, "test") as broker:
        return sorted(reader.name for reader in await broker.jetstream.consumers_info(subjects.EVENTS))


def test_two_folders_have_each_their_tenant_model_lane_tags_and_sidecars(tmp_path: Path, servers: Servers) -> None:
    text = folder('model = "tiny"\ntags = ["mail"]') + (
        f'[[folder]]\nname = "calls"\npath = "calls"\ntenant = "acme"\nlanguage = "de"\nlane = "interactive"\n'
        f'tags = ["phone"]\ntags_from_folders = true\nsidecars = ["vtt", "json"]\n{QUICK}'
    )
    calls = tmp_path / "calls"
    with IngestionService(tmp_path, servers, text) as service:
        assert asyncio.run(readers_of(service)) == [
            *("erasures", "ingestion-calls", "ingestion-inbox", "metadata", "withdrawals")
        ]
        service.drop("a.wav")
        (calls / "2024" / "phone").mkdir(parents=True)
        (calls / "2024" / "phone" / "b.wav").write_bytes(WAV.read_bytes())
        service.until_ingested(2)
        events = {event.source.place: event for event in service.ingested()}
        inbox, other = events["inbox"], events["calls"]
        assert (inbox.tenant, inbox.first_job.model, inbox.first_job.lane) == ("default", "tiny", Lane.BULK)
        assert (other.tenant, other.first_job.options.language, other.first_job.lane) == (
            "acme",
            "de",
            Lane.INTERACTIVE,
        )
        assert (inbox.tags, other.tags) == (("mail",), ("phone", "2024"))
        for job in service.requested():
            service.transcribe(job)
        beside = calls / "2024/phone/b.json"
        service.until(lambda: beside.exists() and (service.inbox / "a.srt").exists())
        assert json.loads(beside.read_text())["recording_id"] == other.recording_id
        assert sorted(path.name for path in beside.parent.iterdir()) == ["b.json", "b.vtt", "b.wav"]
        assert sorted(path.name for path in service.inbox.iterdir()) == ["a.srt", "a.txt", "a.wav"]


@pytest.mark.slow
def test_the_set_up_step_takes_away_the_readers_of_former_folders(tmp_path: Path, servers: Servers) -> None:
    with IngestionService(tmp_path, servers, folder("").replace('"inbox"\npath', '"former"\npath')) as service:
        assert asyncio.run(readers_of(service)) == ["erasures", "ingestion-former", "metadata", "withdrawals"]
        service.stop()
        service.sources.write_text(folder(""))
        service.run_set_up_step()
        assert asyncio.run(readers_of(service)) == ["erasures", "ingestion-inbox", "metadata", "withdrawals"]
        service.start()


def test_a_mistake_in_the_file_stops_the_service_and_the_set_up_step_with_one_sentence(
    tmp_path: Path, servers: Servers
) -> None:
    service = IngestionService(tmp_path, servers, folder("recursiv = false"))
    service.start(ready=False)
    assert service.process is not None
    assert service.process.wait(30) == 2
    said = f"{service.sources}: folder 'inbox': recursiv is not a field. Did you mean recursive?"
    assert service.logged("misconfigured")[0]["detail"] == said
    assert service.run_set_up_step(check=False).endswith(f"ai2text topology: {said}\n")


@pytest.mark.slow
def test_only_what_is_included_and_not_excluded_is_taken(tmp_path: Path, servers: Servers) -> None:
    text = folder('include = ["calls/**"]\nexclude = ["*.mp3", "old/"]')
    with IngestionService(tmp_path, servers, text) as service:
        for number, name in enumerate(["calls/x.wav", "calls/old/x.wav", "calls/x.mp3", "x.wav", "calls/.part/x.wav"]):
            service.drop(name, variant(number))
        service.until_ingested(1)
        time.sleep(3)
        service.check({"calls/x.wav": variant(0)})


def test_a_polled_folder_finds_what_no_event_tells(tmp_path: Path, servers: Servers) -> None:
    with IngestionService(tmp_path, servers, folder('watch = "polling"\npoll_seconds = 0.5')) as service:
        service.drop("a/x.wav")
        service.until_ingested(1)
        service.check({"a/x.wav": WAV.read_bytes()})


def test_a_moving_folder_empties_itself_into_done_with_the_sidecars_beside(tmp_path: Path, servers: Servers) -> None:
    with IngestionService(tmp_path, servers, folder('disposition = "move"')) as service:
        (service.inbox / "done/calls").mkdir(parents=True)
        (service.inbox / "done/calls/talk.wav").write_text("of somebody else")
        service.drop("calls/talk.wav", variant(1))
        service.drop("bad.wav", b"no sound at all")
        moved = service.inbox / "done/calls/talk-1.wav"
        service.until(moved.exists)
        assert moved.read_bytes() == variant(1)
        assert (moved.parent / "talk.wav").read_text() == "of somebody else"
        (job,) = service.requested()
        service.transcribe(job)
        service.until((moved.parent / "talk-1.srt").exists)
        service.until((service.inbox / "rejected/bad.wav").exists)
        reason = json.loads((service.inbox / f"rejected/bad.wav{REASON}").read_text())
        assert (reason["file"], reason["code"]) == ("bad.wav", "not_audio")
        assert [path.name for path in service.inbox.iterdir() if path.is_file()] == []
        time.sleep(3)
        service.check({"calls/talk.wav": variant(1)})


@pytest.mark.slow
def test_a_deleting_folder_deletes_what_is_stored_and_keeps_what_was_refused(tmp_path: Path, servers: Servers) -> None:
    with IngestionService(tmp_path, servers, folder('disposition = "delete"')) as service:
        path = service.drop("talk.wav", variant(1))
        bad = service.drop("bad.wav", b"no sound at all")
        service.until(lambda: not path.exists())
        service.check({"talk.wav": variant(1)})
        (job,) = service.requested()
        service.transcribe(job)
        service.until((service.inbox / "talk.txt").exists)
        service.until((service.inbox / f"bad.wav{REASON}").exists)
        assert bad.exists()


@pytest.mark.slow
def test_the_same_name_again_after_it_was_moved_is_another_recording_and_replaces_nothing(
    tmp_path: Path, servers: Servers
) -> None:
    with IngestionService(tmp_path, servers, folder('disposition = "move"')) as service:
        for number in (1, 2):
            service.drop("rec.wav", variant(number))
            service.until_ingested_as({("rec.wav", sha256(variant(number)))})
            service.until(lambda: not (service.inbox / "rec.wav").exists())
        assert {path.name: path.read_bytes() for path in (service.inbox / "done").iterdir()} == {
            "rec.wav": variant(1),
            "rec-1.wav": variant(2),
        }
        assert [event.replaces_recording_id for event in service.ingested()] == [None, None]


def test_other_bytes_under_the_same_name_say_which_recording_they_replace(service: IngestionService) -> None:
    """There and back, with a refused content in between."""
    path = service.drop("talk.wav", variant(1))
    service.until_ingested_as({("talk.wav", sha256(variant(1)))})
    path.write_bytes(b"no sound")
    service.until(lambda: len(service.rejected()) == 1)
    path.write_bytes(variant(2))
    service.until_ingested_as({("talk.wav", sha256(variant(2)))})
    path.write_bytes(variant(1))
    service.until(lambda: len(service.ingested()) == 3)
    first, second, third = service.ingested()
    assert first.replaces_recording_id is None
    assert second.replaces_recording_id == first.recording_id
    assert (third.recording_id, third.replaces_recording_id) == (first.recording_id, second.recording_id)


@pytest.mark.slow
def test_touching_moving_or_removing_a_file_replaces_nothing(service: IngestionService) -> None:
    path = service.drop("talk.wav", variant(1))
    service.until_ingested(1)
    path.touch()
    service.until(lambda: len(service.logged("recording_stored")) == 2)
    path = path.rename(service.inbox / "other.wav")
    service.until_ingested(2)
    path.unlink()
    time.sleep(3)
    service.drop("other.wav", variant(2))
    service.until(lambda: len({event.sha256 for event in service.ingested()}) == 2)
    assert {event.replaces_recording_id for event in service.ingested()} == {None}


def test_a_copy_of_what_was_transcribed_before_has_its_sidecars_without_a_new_event(service: IngestionService) -> None:
    service.drop("talk.wav")
    service.until_ingested(1)
    (job,) = service.requested()
    service.transcribe(job)
    service.until((service.inbox / "talk.txt").exists)
    service.drop("copy/again.wav")
    service.until((service.inbox / "copy/again.srt").exists)
    assert len(service.requested()) == 1


@pytest.mark.slow
@pytest.mark.parametrize("killed_upload", ["facts", "audio"])
def test_what_a_killed_upload_left_in_the_store_is_made_whole(service: IngestionService, killed_upload: str) -> None:
    """SeaweedFS keeps the beginning of an upload whose sender died."""
    content = variant(7)
    service.drop("first.wav", content)
    service.until_ingested(1)
    (event,) = service.ingested()
    service.stop()
    (service.state / "inbox.sqlite3").unlink()
    service.store.put(event.facts_key if killed_upload == "facts" else event.audio_key, b"")
    service.start()
    service.until(lambda: len(service.logged("transcription_requested")) == 2)
    service.check({"first.wav": content})
    assert service.store.get(event.facts_key)
