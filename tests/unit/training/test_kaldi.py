"""A data directory that Kaldi's own validation would take."""

from hypothesis import given
from hypothesis import strategies as st

from ai2text.common.contracts.definition import Segmentation
from ai2text.training_orchestrator.formats import kaldi
from tests.fixtures.made_files import made
from tests.fixtures.transcribed import transcribed

NAMES = st.sampled_from([None, "a", "a-b", "B", "Ä", "channel 1", "Zoë"])
texts = st.text(min_size=1, max_size=30)
recordings = st.lists(
    st.tuples(st.sampled_from("qwertz"), st.lists(st.tuples(texts, NAMES), min_size=1, max_size=4)),
    max_size=6,
    unique_by=lambda drawn: drawn[0],
)


@given(recordings)
def test_whatever_is_said_by_whomever_the_directory_holds_together(
    drawn: list[tuple[str, list[tuple[str, str | None]]]],
) -> None:
    found = made(
        lambda table: kaldi.files("train", table.of("train"), table.by_voice("train")),
        [transcribed(name, [(n, n + 1, text, who) for n, (text, who) in enumerate(said)]) for name, said in drawn],
        segmentation=Segmentation.SEGMENTS,
    )
    lines = {path.rpartition("/")[2]: content.decode().split("\n") for path, content in found.items()}
    assert all(last == "" for *_, last in lines.values()), "each ends with a line feed"
    split = {name: [line.split(" ") for line in told[:-1]] for name, told in lines.items()}
    for name, told in split.items():
        keys = [first.encode() for first, *_ in told]
        assert keys == sorted(set(keys)), f"{name} is sorted by bytes and has nothing twice"
    utterances = [key for key, *_ in split["text"]]
    for name in ("segments", "utt2spk", "utt2dur", "utt2lang"):
        assert [key for key, *_ in split[name]] == utterances
    assert {recording for _, recording, *_ in split["segments"]} == {key for key, *_ in split["wav.scp"]}
    assert [key for key, *_ in split["reco2dur"]] == [key for key, *_ in split["wav.scp"]]
    voices = [voice for _, voice in split["utt2spk"]]
    assert voices == sorted(voices), "speakers are in the order of their utterances"
    assert all(utterance.startswith(f"{voice}-") for utterance, voice in split["utt2spk"])
    assert [(u, voice) for voice, *own in split["spk2utt"] for u in own] == [(u, v) for u, v in split["utt2spk"]]
    for _, *words in split["text"]:
        assert words
        assert all(word and word.isprintable() and word not in kaldi.FORBIDDEN for word in words)


def test_a_text_is_on_one_line_without_what_kaldi_means_something_by() -> None:
    assert kaldi.plain_text(" Zwei\u2028Zeilen,\t<s> und #0 \x07mehr.\u200b\n") == "Zwei Zeilen, und mehr."


def test_times_are_seconds_and_audio_is_decoded_whatever_it_is() -> None:
    recording = transcribed("a", [(0.25, 1.5, "Hm.")], duration_seconds=3.07612, container="mp3", channels=2)
    found = made(
        lambda table: kaldi.files("train", table.of("train"), table.by_voice("train")),
        [recording],
        segmentation=Segmentation.SEGMENTS,
    )
    (utterance, *span) = found["kaldi/train/segments"].decode().split()
    assert span == [recording.recording_id, "0.250", "1.500"]
    assert found["kaldi/train/reco2dur"].decode() == f"{recording.recording_id} 3.076\n"
    assert found["kaldi/train/utt2dur"].decode() == f"{utterance} 1.250\n"
    assert f" -i audio/{recording.sha256}.mp3 " in found["kaldi/train/wav.scp"].decode()
    assert found["kaldi/train/wav.scp"].decode().endswith(" -ac 1 - |\n")
