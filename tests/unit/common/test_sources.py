from pathlib import Path

import pytest

from ai2text.common.contracts.states import Lane
from ai2text.common.contracts.transcription import TranscriptionOptions
from ai2text.common.errors import Misconfigured
from ai2text.common.sources import Disposition, Folder, Watch, filed_folders, load_folders

WHOLE = """
[[folder]]
name = "calls"
path = "calls"
tenant = "acme"
language = "de"
model = "large-v3"
lane = "interactive"
tags = ["phone"]
tags_from_folders = true
extensions = [".WAV", "mp3"]
include = ["*.wav"]
exclude = ["tests/"]
recursive = false
disposition = "move"
sidecars = ["vtt", "json"]
quiet_seconds = 5
rescan_seconds = 60
watch = "polling"
poll_seconds = 10
options = { beam_size = 1, temperature = [0.0] }

[[folder]]
name = "inbox"
path = "/srv/inbox"
"""


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "sources.toml"
    monkeypatch.setenv("AI2TEXT_SOURCES_FILE", str(path))
    return path


def refusal(file: Path, text: str) -> str:
    file.write_text(text)
    with pytest.raises(Misconfigured) as refused:
        load_folders()
    return str(refused.value)


def test_every_field_of_a_folder_is_read_and_paths_are_relative_to_the_file(file: Path) -> None:
    file.write_text(WHOLE)
    calls, inbox = load_folders()
    assert calls == Folder(
        name="calls",
        path=file.parent / "calls",
        tenant="acme",
        language="de",
        model="large-v3",
        lane=Lane.INTERACTIVE,
        tags=("phone",),
        tags_from_folders=True,
        extensions=frozenset({"wav", "mp3"}),
        include=("*.wav",),
        exclude=("tests/",),
        recursive=False,
        disposition=Disposition.MOVE,
        sidecars=("vtt", "json"),
        quiet_seconds=5,
        rescan_seconds=60,
        watch=Watch.POLLING,
        poll_seconds=10,
        options=TranscriptionOptions(beam_size=1, temperature=(0.0,)),
    )
    assert inbox.path == Path("/srv/inbox")
    assert inbox.disposition is Disposition.KEEP


def test_one_folder_by_variables_needs_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AI2TEXT_FOLDER_PATH", "/srv/in")
    monkeypatch.setenv("AI2TEXT_FOLDER_SIDECARS", "[]")
    (folder,) = load_folders()
    assert (folder.name, folder.path, folder.sidecars) == ("inbox", Path("/srv/in"), ())


def test_the_folder_by_variables_stands_beside_those_of_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('[[folder]]\nname = "calls"\npath = "/srv/calls"\n')
    assert [folder.name for folder in load_folders()] == ["calls"]
    monkeypatch.setenv("AI2TEXT_FOLDER_PATH", "/srv/in")
    monkeypatch.setenv("AI2TEXT_FOLDER_TENANT", "acme")
    assert [(folder.name, folder.tenant) for folder in load_folders()] == [("inbox", "acme"), ("calls", "default")]
    assert [folder.name for folder in filed_folders()] == ["calls"]


def test_a_file_without_folders_is_an_installation_without_folders(file: Path) -> None:
    file.write_text("# uploads only\n")
    assert load_folders() == ()


def test_without_file_and_variables_the_missing_path_is_named() -> None:
    with pytest.raises(Misconfigured, match="AI2TEXT_FOLDER_PATH"):
        load_folders()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("quiet_secs = 1", "quiet_secs is not a field. Did you mean quiet_seconds?"),
        ("colour = 1", "colour is not a field. Known are: name, tenant, language"),
        ("quiet_seconds = 0", "quiet_seconds: Input should be greater than 0"),
        ('tenant = "No Tenant"', "tenant: 'No Tenant' is no tenant name"),
        ('lane = "fast"', "lane: Input should be "),
        ('disposition = "burn"', "disposition: Input should be 'keep', 'move' or 'delete'"),
        ('sidecars = ["doc"]', "sidecars.0: Input should be 'txt', 'srt', 'vtt' or 'json'"),
        ('watch = "never"', "watch: Input should be"),
        ('language = "German"', "language: String should match"),
        ("options = { beams = 1 }", "options: beams is not a field. Did you mean beam_size?"),
        ('tags = [" "]', "tags: A tag is not empty."),
    ],
)
def test_a_mistake_is_one_sentence_with_the_file_the_folder_and_the_field(file: Path, line: str, said: str) -> None:
    told = refusal(file, f'[[folder]]\nname = "calls"\npath = "calls"\n{line}\n')
    assert told.startswith(f"{file}: folder 'calls': {said}")
    assert "\n" not in told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[folder]]\npath = "x"\n', "folder number 1: name: It has none."),
        ('[[folder]]\nname = "x"\n', "folder 'x': path: Field required"),
        ('[[folder]]\nname = "X/y"\npath = "x"\n', "folder 'X/y': name: String should match"),
        ('[[folders]]\nname = "x"\n', "folders is not a field. Did you mean folder?"),
        ('[folder]\nname = "x"\n', "write [[folder]] with two brackets"),
        ("[[folder]\n", "is no TOML"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_with_why(file: Path, text: str, said: str) -> None:
    told = refusal(file, text)
    assert str(file) in told
    assert said in told


def test_a_file_that_is_missing_is_named(file: Path) -> None:
    with pytest.raises(Misconfigured, match=f"AI2TEXT_SOURCES_FILE: {file} cannot be read"):
        load_folders()


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (("a", "x"), ("a", "y"), "Two folders have the name 'a'"),
        (("a", "x"), ("b", "x"), "The folders 'a' and 'b' have the same path"),
        (("a", "x"), ("b", "y/../x"), "The folders 'a' and 'b' have the same path"),
        (("a", "x"), ("b", "x/deep/er"), "The folder 'b' .* lies inside the folder 'a'"),
        (("a", "x/deep"), ("b", "x"), "The folder 'a' .* lies inside the folder 'b'"),
    ],
)
def test_folders_that_share_files_or_a_name_are_refused(
    file: Path, first: tuple[str, str], second: tuple[str, str], said: str
) -> None:
    file.write_text("".join(f'[[folder]]\nname = "{name}"\npath = "{path}"\n' for name, path in (first, second)))
    with pytest.raises(Misconfigured, match=said):
        load_folders()


def test_neighbours_that_only_begin_alike_are_apart(file: Path) -> None:
    file.write_text("".join(f'[[folder]]\nname = "{name}"\npath = "{name}"\n' for name in ("in", "in2")))
    assert len(load_folders()) == 2
